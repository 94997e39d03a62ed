/** Cues on a live stream: what acceptance takes, whether a picture slips past it, and on which picture players fire. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { type Figure, print, quantileOf, shareBound } from '../../scripts/benches/figures.ts';
import { TEST_STREAMS, type TestStreamName } from '../../test-streams/catalogue.ts';
import { shapeOf } from '../../test-streams/parameters.ts';
import { StampedUnits } from '../lib/access-units.ts';
import { forgetFires, openBrowser, openViewer, untilAllPlay } from '../lib/browser.ts';
import { type FireVerdict, judge, PLAYERS, summarise } from '../lib/fires.ts';
import { startLoad } from '../lib/load.ts';
import { NumbersByPts } from '../lib/numbers-by-pts.ts';
import { startSystem } from '../lib/system.ts';
import { type MarkedCue, markTimed, type Passed, passedBy } from './acceptance.ts';
import { type Control, startControl, type Took } from './control.ts';

const USAGE = `usage: npm run bench -- cue [--fires N] [--every MS] [--stream NAME] [--announce LIST] [--load LIST] [--json FILE]

  --fires N        fires in all, over three players and all parts (default 3000)
  --every MS       one cue each so many milliseconds (default 240)
  --stream NAME    bframes-25 (default), plain-25, bframes-2997, plain-2997
  --announce LIST  a part each: 0 for the next picture, else a moment that far ahead, announced (default 0,2000)
  --load LIST      a part each: programs beside it that use all of a core each (default 0,${availableParallelism()}: none, and one a core)
`;

const { values } = parseArgs({
  options: {
    fires: { type: 'string', default: '3000' },
    every: { type: 'string', default: '240' },
    stream: { type: 'string', default: 'bframes-25' },
    announce: { type: 'string', default: '0,2000' },
    load: { type: 'string', default: `0,${availableParallelism()}` },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const MEASURE_CPU = new URL('./measure-cpu.ts', import.meta.url).href;
/** HLS is some 6 s behind, more on a loaded machine. */
const BEHIND_MS = 40_000;
/** Marked and judged together: the page keeps its last 500 fires of each player. */
const BATCH = 100;
/** After the load has changed, before anything is measured. */
const SETTLE_MS = 5_000;

interface Part {
  readonly name: string;
  readonly announceMs: number;
  readonly load: number;
  readonly verdicts: FireVerdict[];
  readonly marked: MarkedCue[];
  readonly passed: Passed[];
  /** The machine alone, meanwhile. */
  readonly control: Took[];
}

const numbersOf = (list: string): number[] => list.split(',').map(Number);
const parts: readonly Part[] = numbersOf(values.load).flatMap((load) =>
  numbersOf(values.announce).map((announceMs) => ({
    name: `announce_${announceMs}_${load === 0 ? 'unloaded' : `loaded_${load}`}`,
    ...{ announceMs, load, verdicts: [], marked: [], passed: [], control: [] },
  })),
);

if (values.help) process.stdout.write(USAGE);
else if (
  !Object.hasOwn(TEST_STREAMS, values.stream) ||
  parts.some((p) => !(p.announceMs >= 0 && p.load >= 0))
) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else await bench(values.stream as TestStreamName);

async function bench(stream: TestStreamName): Promise<void> {
  const cues = Math.ceil(Number(values.fires) / PLAYERS.length / parts.length);
  const browser = await openBrowser();
  // Every access unit says when it passed: none can slip past unseen.
  const system = await startSystem({
    FRAMECUE_CLOCK_STAMPS: 'frame',
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import ${MEASURE_CPU}`,
  });
  const control = startControl(Number(values.every));
  let numbers: NumbersByPts | null = null;
  let units: StampedUnits | null = null;
  try {
    await system.publish(stream);
    const { pages, outputs } = await system.run();
    const { page } = await openViewer(browser, `${pages.viewer}?test`);
    numbers = new NumbersByPts(outputs.flv, shapeOf(TEST_STREAMS[stream]).frames);
    units = new StampedUnits(outputs.flv);
    await untilAllPlay(page, BEHIND_MS);
    for (const part of parts) await run(part, cues, { system, page, numbers, units, control });
    report();
  } finally {
    control.stop();
    await browser.close();
    await numbers?.stop();
    await units?.stop();
    await system.stop();
  }
}

interface Bench {
  readonly system: Awaited<ReturnType<typeof startSystem>>;
  readonly page: Page;
  readonly numbers: NumbersByPts;
  readonly units: StampedUnits;
  readonly control: Control;
}

async function run(
  part: Part,
  cues: number,
  { system, page, numbers, units, control }: Bench,
): Promise<void> {
  const { announceMs, verdicts, marked, passed } = part;
  const load = startLoad(part.load);
  try {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    control.taken();
    for (let done = 0; done < cues; done += BATCH) {
      const batch = await markTimed(system, {
        count: Math.min(BATCH, cues - done),
        // never the same distance twice in a row: cues fall on every kind of picture
        everyMs: Number(values.every) + (done % 7),
        cue: (n) => ({
          type: 'custom.bench',
          data: { n },
          ...(announceMs > 0 ? { delayMs: announceMs + (n % 40), announceMs } : {}),
        }),
      });
      // Only what was done while cues were accepted.
      part.control.push(...control.taken());
      const ids = batch.map(({ id }) => id);
      verdicts.push(...(await judge(system, page, ids, numbers, { timeoutMs: BEHIND_MS })));
      for (const cue of batch) passed.push(passedBy(cue, await system.api.cue(cue.id), units.all));
      marked.push(...batch);
      units.forget();
      await forgetFires(page);
      control.taken();
      process.stderr.write(`${part.name}: ${verdicts.length} of ${cues * PLAYERS.length} fires\n`);
    }
  } finally {
    load.stop();
  }
}

function figuresOf(name: string, part: Pick<Part, 'verdicts' | 'marked' | 'passed' | 'control'>): Figure[] {
  const { verdicts, marked, passed, control } = part;
  const { behind, ...summary } = summarise(verdicts);
  const sum = (pick: (p: Passed) => number): number => passed.reduce((total, p) => total + pick(p), 0);
  // Fires that the library got wrong: none of them can be put down to what the browser did not tell it.
  const wrong = summary.never + summary.twice + summary.early + summary.late;
  const announced = passed.flatMap(({ announcedMs }) => announcedMs ?? []);
  const seen = verdicts.filter((v) => v.pixelFrames !== null);
  const offByPixels = seen.filter((v) => v.pixelFrames! < 0 || v.pixelFrames! > 1).length;
  const times = (pick: (cue: MarkedCue) => number): number[] => marked.map(pick);
  const figures: Figure[] = [
    ['cues', marked.length, 'cues'],
    ['passed_after_acceptance', sum(({ after }) => after), 'access units'],
    ['unstamped', passed.filter(({ stampedAfterMs }) => stampedAfterMs === null).length, 'cues'],
    ...timesOf(
      'own_processing',
      times(({ ownMs }) => ownMs),
      "ms (the log's commit not included)",
    ),
    ...timesOf(
      'own_cpu',
      times(({ cpuMs }) => cpuMs),
      'ms (what the thread computed of it)',
    ),
    ...timesOf(
      'control',
      control.map(({ wallMs }) => wallMs),
      'ms (fixed work in a process that does nothing else)',
    ),
    ...timesOf(
      'control_cpu',
      control.map(({ cpuMs }) => cpuMs),
      'ms (what its thread computed)',
    ),
    ...[0.5, 0.99].flatMap((q): Figure[] => [
      [
        `own_to_control_p${q * 100}`,
        ratio(
          times((m) => m.ownMs),
          control.map((c) => c.wallMs),
          q,
        ),
        'x (wall time)',
      ],
      [
        `own_to_control_cpu_p${q * 100}`,
        ratio(
          times((m) => m.cpuMs),
          control.map((c) => c.cpuMs),
          q,
        ),
        'x (CPU time)',
      ],
    ]),
    ...timesOf(
      'commit',
      times(({ commitMs }) => commitMs),
      'ms (fsync of the cue log)',
    ),
    [
      'processing_and_commit_p99',
      quantileOf(
        times((m) => m.ownMs + m.commitMs),
        0.99,
      ),
      'ms',
    ],
    [
      'http_round_trip_p99',
      quantileOf(
        times(({ tookMs }) => tookMs),
        0.99,
      ),
      'ms',
    ],
    [
      'injector_to_stamp_p50',
      quantileOf(
        passed.flatMap((p) => p.stampedAfterMs ?? []),
        0.5,
      ),
      'ms',
    ],
    [
      'injector_to_stamp_p99',
      quantileOf(
        passed.flatMap((p) => p.stampedAfterMs ?? []),
        0.99,
      ),
      'ms',
    ],
    ...(announced.length === 0 ? [] : [['announced_ahead_least', Math.min(...announced), 'ms'] as const]),
    ['fires', verdicts.length, 'fires'],
    ['never', summary.never, 'fires'],
    ['twice', summary.twice, 'fires'],
    ['early', summary.early, 'fires'],
    [
      'early_without_frames',
      summary.earlyWithoutFrames,
      'fires (of these; the player had shown nothing for seconds)',
    ],
    ['late_by_the_library', summary.late, 'fires'],
    ['passed_over_by_the_browser', summary.passedOver, 'fires'],
    ['unnumbered', summary.unnumbered, 'fires (the reader beside was given no such picture)'],
    ['unread', summary.unread, 'fires'],
    ['canvas_ahead', summary.pixelsAhead, 'fires'],
    ['pixels_and_player_disagree', summary.disagree, 'fires'],
    ...Object.entries(behind).map(([frames, n]): Figure => [`frames_behind_${frames}`, n, 'fires']),
    ['worst', summary.worst, 'frames'],
    ['pixels_off', offByPixels, 'fires (by pixels, not on the picture or the next)'],
    ['pixels_off_share_95_percent_bound', shareBound(offByPixels, seen.length), 'of all'],
    ['library_wrong_share_95_percent_bound', shareBound(wrong, verdicts.length), 'of all'],
  ];
  return figures.map(([figure, value, unit]) => [`${name}_${figure}`, value, unit]);
}

function timesOf(name: string, all: readonly number[], unit: string): Figure[] {
  return [
    [`${name}_p50`, quantileOf(all, 0.5), unit],
    [`${name}_p99`, quantileOf(all, 0.99), unit],
  ];
}

function ratio(all: readonly number[], to: readonly number[], q: number): number {
  return quantileOf(all, q) / quantileOf(to, q);
}

function report(): void {
  const all = {
    verdicts: parts.flatMap((part) => part.verdicts),
    marked: parts.flatMap((part) => part.marked),
    passed: parts.flatMap((part) => part.passed),
    control: parts.flatMap((part) => part.control),
  };
  const figures = [
    ...parts.flatMap((part) => figuresOf(part.name, part)),
    ...PLAYERS.flatMap((player): Figure[] => {
      const { behind, ...summary } = summarise(all.verdicts.filter((v) => v.player === player));
      return Object.entries(summary).map(([name, value]) => [
        `${player}_${name}`,
        value,
        name === 'worst' ? 'frames' : 'fires',
      ]);
    }),
    ...figuresOf('all', all),
  ];
  print(figures);
  if (values.json === undefined) return;
  writeFileSync(values.json, `${JSON.stringify(Object.fromEntries(figures), null, 2)}\n`);
}
