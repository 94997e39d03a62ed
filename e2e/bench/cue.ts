/** Fire accuracy: cues on a live stream, the picture on screen read from its pixels at every fire. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { TEST_STREAMS, type TestStreamName } from '../../test-streams/catalogue.ts';
import { shapeOf } from '../../test-streams/parameters.ts';
import { openBrowser, openViewer, untilAllPlay } from '../lib/browser.ts';
import { type FireVerdict, judge, markCues, NumbersByPts, PLAYERS, summarise } from '../lib/fires.ts';
import { startSystem } from '../lib/system.ts';

const USAGE = `usage: npm run bench -- cue [--fires N] [--every MS] [--stream NAME] [--announce MS] [--json FILE]

  --fires N      fires in all, over three players (default 3000)
  --every MS     one cue each so many milliseconds (default 240)
  --stream NAME  bframes-25 (default), plain-25, bframes-2997, plain-2997
  --announce MS  cues with a moment this far ahead, announced (default 0: for the next picture)
`;

const { values } = parseArgs({
  options: {
    fires: { type: 'string', default: '3000' },
    every: { type: 'string', default: '240' },
    stream: { type: 'string', default: 'bframes-25' },
    announce: { type: 'string', default: '0' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** HLS is some 6 s behind. */
const BEHIND_MS = 40_000;
/** Marked and judged together: the page keeps its last 500 fires of each player. */
const BATCH = 100;

if (values.help) process.stdout.write(USAGE);
else if (!Object.hasOwn(TEST_STREAMS, values.stream)) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else await bench(values.stream as TestStreamName);

async function bench(stream: TestStreamName): Promise<void> {
  const cues = Math.ceil(Number(values.fires) / PLAYERS.length);
  const announceMs = Number(values.announce);
  const browser = await openBrowser();
  const system = await startSystem();
  let numbers: NumbersByPts | null = null;
  try {
    await system.publish(stream);
    const { pages, outputs } = await system.run();
    const { page } = await openViewer(browser, `${pages.viewer}?test`);
    numbers = new NumbersByPts(outputs.flv, shapeOf(TEST_STREAMS[stream]).frames);
    await untilAllPlay(page, BEHIND_MS);
    const verdicts: FireVerdict[] = [];
    for (let done = 0; done < cues; done += BATCH) {
      const ids = await markCues(system, {
        count: Math.min(BATCH, cues - done),
        // never the same distance twice in a row: cues fall on every kind of picture
        everyMs: Number(values.every) + (done % 7),
        cue: (n) => ({
          type: 'custom.bench',
          data: { n },
          ...(announceMs > 0 ? { delayMs: announceMs + (n % 40), announceMs } : {}),
        }),
      });
      verdicts.push(...(await judge(system, page, ids, numbers, { timeoutMs: BEHIND_MS })));
      process.stderr.write(`${verdicts.length} of ${cues * PLAYERS.length} fires\n`);
    }
    report(verdicts);
  } finally {
    await browser.close();
    await numbers?.stop();
    await system.stop();
  }
}

function report(verdicts: readonly FireVerdict[]): void {
  const figures: Record<string, number> = {};
  for (const player of [...PLAYERS, 'all'] as const) {
    const own = verdicts.filter((v) => player === 'all' || v.player === player);
    const { behind, ...summary } = summarise(own);
    for (const [name, value] of Object.entries(summary)) figures[`${player}_${name}`] = value;
    for (const [frames, count] of Object.entries(behind))
      figures[`${player}_frames_behind_${frames}`] = count;
  }
  const judged = figures.all_cues! - figures.all_unread! - figures.all_never!;
  const off = verdicts.filter(
    (v) => v.fires === 0 || (v.mediaFrames ?? 0) < 0 || (v.mediaFrames ?? 0) > 1,
  ).length;
  // Rule of three where none was off; else the normal bound.
  const share = off / Math.max(1, judged);
  figures.off_share_95_percent_bound =
    off === 0 ? 3 / judged : share + 1.645 * Math.sqrt((share * (1 - share)) / judged);
  for (const [name, value] of Object.entries(figures)) {
    const text = Number.isInteger(value) ? String(value) : value.toExponential(2);
    process.stdout.write(
      `${name}: ${text} ${name.includes('share') ? 'of all' : name.endsWith('worst') ? 'frames' : 'fires'}\n`,
    );
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}
