import { deedWords, detailWords } from './deeds.ts';
import type { Deed } from './report.ts';
import { formatMoment } from './words.ts';

/** Who has done what, the newest first. */
export function People({ people, now }: { readonly people: readonly Deed[] | null; readonly now: number }) {
  return (
    <section class="prizes-section panel" aria-labelledby="people-title">
      <header class="panel-head">
        <h2 id="people-title" class="panel-title">
          What people did
        </h2>
      </header>
      <div class="panel-body">
        {people === null && <p class="soft">This token may not read the log, or the server keeps none.</p>}
        {people?.length === 0 && <p class="soft">Nobody has changed anything yet.</p>}
        {people !== null && people.length > 0 && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          <section class="table-box people-box" tabIndex={0} aria-label="The log">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">What</th>
                  <th scope="col">Of what</th>
                  <th scope="col">How</th>
                </tr>
              </thead>
              <tbody>
                {people.map(({ seq, at, by, what, target, details }) => (
                  <tr key={seq}>
                    <td>
                      <time dateTime={new Date(at).toISOString()}>{formatMoment(at, now)}</time>
                    </td>
                    <td>{by}</td>
                    <td>{deedWords(what)}</td>
                    <td>{target}</td>
                    <td class="people-details">{detailWords({ what, details })}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </div>
    </section>
  );
}
