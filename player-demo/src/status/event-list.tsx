import { useState } from 'preact/hooks';
import { Chip } from '../design/parts.tsx';
import type { MediaReport, PublisherEvent } from './report.ts';
import { eventWord, formatAge, formatMoment, NOT_KNOWN } from './words.ts';

const SHOWN_FIRST = 6;

/** Publishers that were refused, cut off, or ended. */
export function EventList({ report }: { readonly report: MediaReport }) {
  const [all, setAll] = useState(false);
  const { events, at } = report;
  const shown = all ? events : events.slice(0, SHOWN_FIRST);
  return (
    <section class="panel events" aria-labelledby="events-title">
      <header class="panel-head">
        <h2 class="panel-title" id="events-title">
          Publishers that were refused or have ended
        </h2>
      </header>
      {events.length === 0 ? (
        <p class="events-none faint">None since the server started.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What</th>
              <th scope="col">Stream</th>
              <th scope="col">Why</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((event) => (
              <Row key={`${event.at} ${event.remote}`} event={event} at={at} />
            ))}
          </tbody>
        </table>
      )}
      {events.length > SHOWN_FIRST && (
        <button type="button" class="button button-quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? `Show the newest ${SHOWN_FIRST}` : `Show all ${events.length}`}
        </button>
      )}
    </section>
  );
}

function Row({ event, at }: { readonly event: PublisherEvent; readonly at: number }) {
  const plain = event.kind === 'ended' && event.code === null;
  return (
    <tr>
      <td class="events-when">
        {formatMoment(event.at, at)} <span class="faint">{formatAge(at - event.at)} ago</span>
      </td>
      <td>
        <Chip tone={plain ? 'plain' : 'bad'} icon={plain ? 'clock' : 'cross'}>
          {eventWord(event)}
          {event.times > 1 && `, ${event.times} times`}
        </Chip>
      </td>
      <td>{event.stream ?? <span class="faint">none named</span>}</td>
      <td>
        {event.text} {event.code !== null && <span class="events-code faint">{event.code}</span>}
      </td>
      <td class="soft">{event.remote ?? NOT_KNOWN}</td>
    </tr>
  );
}
