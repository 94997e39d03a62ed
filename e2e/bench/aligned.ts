/** Aligned start: how far apart three players open a cue, on pages whose clocks are wrong and whose way is long. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import type { Cue } from '../../cues/cue.ts';
import { print, quantileOf } from '../../scripts/benches/figures.ts';
import {
  type AlignedVerdict,
  judgeAligned,
  ofCuesInTime,
  openSkewed,
  type Skew,
  spreadNow,
  spreadsOf,
  untilPlaying,
  untilSpreadKnown,
} from '../lib/aligned.ts';
import { openBrowser } from '../lib/browser.ts';
import { PLAYERS, type PlayerName } from '../lib/fires.ts';
import { startLoad } from '../lib/load.ts';
import { startSlowLink } from '../lib/slow-link.ts';
import { type System, startSystem } from '../lib/system.ts';

const USAGE = `usage: npm run bench -- aligned [--cues N] [--every MS] [--rtt MS] [--load N] [--json FILE]

  --cues N    aligned cues in all, over three rounds of other clock errors (default 300)
  --every MS  one cue each so many milliseconds (default 700)
  --rtt MS    round trip of the pages' clock exchange (default 100)
  --load N    programs beside it that use all of a core each (default 0)
`;

const { values } = parseArgs({
  options: {
    cues: { type: 'string', default: '300' },
    every: { type: 'string', default: '700' },
    rtt: { type: 'string', default: '100' },
    load: { type: 'string', default: '0' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Each player has each kind of clock once. */
const ROUNDS: readonly Readonly<Record<PlayerName, Skew>>[] = [
  { flv: { offsetMs: 2_000, ppm: 50 }, ws: { offsetMs: -2_000, ppm: -50 }, hls: { offsetMs: 700, ppm: 50 } },
  {
    flv: { offsetMs: -1_300, ppm: -50 },
    ws: { offsetMs: 1_100, ppm: 50 },
    hls: { offsetMs: -2_000, ppm: 50 },
  },
  { flv: { offsetMs: 400, ppm: 50 }, ws: { offsetMs: 2_000, ppm: -50 }, hls: { offsetMs: 2_000, ppm: -50 } },
];
const JOIN_MS = 60_000;
/** Above what the director is offered: HLS moves by parts of a segment. */
const MORE_MS = 1_500;
/** The director looks at the preview again: a player that stalls is behind from then on. */
const LOOK_MS = 2_000;

interface Round {
  readonly verdicts: readonly AlignedVerdict[];
  readonly contentApartMs: number;
  /** As it was looked at before each cue. */
  readonly holdsMs: readonly number[];
}

if (values.help) process.stdout.write(USAGE);
else await bench();

async function bench(): Promise<void> {
  const browser = await openBrowser();
  const system = await startSystem();
  const load = startLoad(Number(values.load));
  try {
    await system.publish('plain-25');
    const rounds: Round[] = [];
    for (const skews of ROUNDS) {
      rounds.push(await round(browser, system, skews, Math.ceil(Number(values.cues) / ROUNDS.length)));
      process.stderr.write(`${rounds.length} of ${ROUNDS.length} rounds\n`);
    }
    report(rounds);
  } finally {
    load.stop();
    await browser.close();
    await system.stop();
  }
}

async function round(
  browser: Browser,
  system: System,
  skews: Readonly<Record<PlayerName, Skew>>,
  count: number,
): Promise<Round> {
  const run = await system.run();
  const link = await startSlowLink(run.events, Number(values.rtt) / 2);
  const pages = await Promise.all(
    PLAYERS.map((player) =>
      openSkewed(browser, run.pages.viewer, { player, skew: skews[player], eventsUrl: link.url }),
    ),
  );
  try {
    for (const page of pages) await untilPlaying(page, JOIN_MS);
    const spread = await untilSpreadKnown(system, JOIN_MS);
    let hold99Ms = spread.hold99Ms!;
    const holdsMs: number[] = [];
    const cues: Cue[] = [];
    let due = performance.now();
    let lookedAt = due;
    for (let n = 0; n < count; n++) {
      const waitMs = due - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      // never the same distance twice in a row
      due += Number(values.every) + (n % 37);
      if (performance.now() - lookedAt >= LOOK_MS) {
        lookedAt = performance.now();
        // While nobody has reported lately, the last that was seen holds.
        hold99Ms = (await spreadNow(system)).hold99Ms ?? hold99Ms;
      }
      const alignInMs = hold99Ms + MORE_MS;
      holdsMs.push(alignInMs);
      cues.push(await system.api.mark({ type: 'custom.bench', data: { n }, alignInMs }));
    }
    const verdicts = await judgeAligned(pages, cues, Math.max(...holdsMs) + JOIN_MS);
    return { verdicts, contentApartMs: spread.apart!.p99.content, holdsMs };
  } finally {
    for (const { page } of pages) await page.context().close();
    await link.close();
  }
}

function report(rounds: readonly Round[]): void {
  const verdicts = rounds.flatMap((round) => round.verdicts);
  const spreads = spreadsOf(verdicts);
  const inTime = spreadsOf(ofCuesInTime(verdicts));
  const holds = rounds.flatMap(({ holdsMs }) => holdsMs);
  const opened = verdicts.filter((verdict) => verdict.openedMs !== null);
  const off = opened.map(({ openedMs, alignAt }) => openedMs! - alignAt);
  const early = opened.filter(
    ({ openedMs, alignAt, outcome }) => openedMs! < alignAt - (outcome?.alignErrorMs ?? 0) - 2,
  );
  const figures: [string, number, string][] = [
    ['cues', spreads.length, 'cues'],
    ['never_opened', verdicts.length - opened.length, 'openings'],
    ['opened_twice', verdicts.filter(({ openings }) => openings > 1).length, 'openings'],
    ['early_beyond_clock_error', early.length, 'openings'],
    ['counted_late', opened.filter(({ outcome }) => outcome?.outcome === 'late').length, 'openings'],
    ...[...Map.groupBy(opened, ({ outcome }) => outcome?.reason ?? null)].flatMap(
      ([reason, own]): [string, number, string][] =>
        reason === null ? [] : [[`reason_${reason}`, own.length, 'openings']],
    ),
    ['spread_median', quantileOf(spreads, 0.5), 'ms'],
    ['spread_p99', quantileOf(spreads, 0.99), 'ms'],
    ['spread_worst', quantileOf(spreads, 1), 'ms'],
    ['cues_in_time', inTime.length, 'cues (every player had shown the picture before alignAt)'],
    ['spread_in_time_median', quantileOf(inTime, 0.5), 'ms'],
    ['spread_in_time_p99', quantileOf(inTime, 0.99), 'ms'],
    ['spread_in_time_worst', quantileOf(inTime, 1), 'ms'],
    ['off_align_median', quantileOf(off, 0.5), 'ms'],
    ['off_align_p1', quantileOf(off, 0.01), 'ms'],
    ['off_align_p99', quantileOf(off, 0.99), 'ms'],
    ...PLAYERS.map((player): [string, number, string] => {
      const own = opened.filter((verdict) => verdict.player === player);
      return [
        `${player}_off_align_p99`,
        quantileOf(
          own.map((v) => v.openedMs! - v.alignAt),
          0.99,
        ),
        'ms',
      ];
    }),
    [
      'clock_error_bound_p99',
      quantileOf(
        opened.map((v) => v.outcome?.alignErrorMs ?? Number.NaN),
        0.99,
      ),
      'ms',
    ],
    ['hold_least', Math.min(...holds), 'ms'],
    ['hold_most', Math.max(...holds), 'ms'],
    ['content_synchronous_apart_p99', Math.max(...rounds.map(({ contentApartMs }) => contentApartMs)), 'ms'],
  ];
  print(figures);
  if (values.json === undefined) return;
  writeFileSync(values.json, `${JSON.stringify(Object.fromEntries(figures), null, 2)}\n`);
}
