import { useNow } from '../design/hooks.ts';
import { Icon } from '../design/icons.tsx';
import { PATHS, type PlayPath } from '../players/player.ts';
import { Axis, LaneLine } from './lane.tsx';
import { axisMsOf, type Lane, type Opening, spreadOf } from './opening.ts';
import { Shot } from './shot.tsx';
import type { Phones } from './use-phones.ts';
import { noPicture, spreadWords } from './words.ts';
import './spread.css';

export interface SpreadProps {
  readonly opening: Opening | null;
  readonly phones: Phones;
}

const TICK_MS = 250;
const WAITING: Lane = { kind: 'waiting' };

/**
 * One line of time from the stamp on, a lane for each player: where its picture is expected, where it opened, how
 * far apart they are, and the picture that each of them showed.
 */
export function Spread({ opening, phones }: SpreadProps) {
  useNow(TICK_MS);
  const spread = opening === null ? null : spreadOf(opening);
  const opened = spread?.opened ?? [];
  const lanes = PATHS.map((path) => {
    return { path, lane: opening?.lanes[path] ?? WAITING, delayMs: delayOf(phones, path) };
  });
  const moments = [...lanes.map(({ delayMs }) => delayMs ?? 0), ...opened.map(({ afterMs }) => afterMs)];
  const axisMs = axisMsOf(moments);
  const sinceMs = opening === null ? null : Math.max(0, phones.serverNow() - opening.fireAtMs);
  const expected = lanes.filter(({ lane }) => lane.kind === 'waiting').map(({ delayMs }) => delayMs ?? 0);
  const { title, text } = spreadWords(spread, Math.max(0, ...expected) - (sinceMs ?? 0));
  const complete = spread !== null && spread.waiting.length === 0;
  const good = complete && spread.worst !== null && spread.worst <= 1;
  return (
    <section class="panel spread" aria-label="When each app opens">
      <div class="spread-time">
        <p class={good ? 'spread-head spread-good' : 'spread-head'}>
          <Icon name={good ? 'check' : complete ? 'warning' : 'clock'} size={20} />
          <strong>{title}</strong> <span class="soft">{text}</span>
        </p>
        {/* Not the line above: it counts seconds. */}
        <p class="only-read" role="status">
          {complete ? `${title}, ${text}.` : ''}
        </p>
        <ol class="lanes">
          {lanes.map(({ path, lane, delayMs }) => (
            <LaneLine
              key={path}
              path={path}
              lane={lane}
              delayMs={delayMs}
              sinceMs={sinceMs}
              axisMs={axisMs}
              trouble={noPicture(phones.links[path])}
            />
          ))}
        </ol>
        <Axis
          axisMs={axisMs}
          apart={complete && opened.length > 1 ? [opened[0]!.afterMs, opened.at(-1)!.afterMs] : null}
        />
      </div>
      <ol class="shots" aria-label="The picture that each app opened on">
        {lanes.map(({ path, lane }) => (
          <Shot key={path} path={path} lane={lane} />
        ))}
      </ol>
    </section>
  );
}

const delayOf = (phones: Phones, path: PlayPath): number | null =>
  phones.links[path].kind === 'playing' ? (phones.session(path)?.delayMs() ?? null) : null;
