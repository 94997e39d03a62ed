/** What the injector costs: `framecue stamp` over a file, beside ffmpeg putting SEI into the same file. */
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { STAMP_UUID_TEXT } from '../../cues/wire/index.ts';
import { ensureStream } from '../../test-streams/catalogue.ts';
import { ffmpegPath, ROOT } from '../lib/tools.ts';
import { type Cost, costOf } from './cpu-of.ts';
import { medianOf, print } from './figures.ts';

const USAGE = `usage: npm run bench -- injector [--minutes N] [--rounds N] [--json FILE]

  --minutes N   length of the 1080p file (default 10)
  --rounds N    every command runs so many times, in turn (default 5)
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Encoded once, and looped: what is measured depends on sizes and numbers of NAL units, not on the pictures. */
const LOOP = {
  fps: '25',
  bFrames: 2,
  seconds: 20,
  gopSeconds: 2,
  width: 1920,
  height: 1080,
  bitrateKbps: 5000,
} as const;
const TIMEOUT_MS = 600_000;
/** As long as a clock stamp's text is; without the characters that ffmpeg's own syntax takes. */
const USER_DATA = `${STAMP_UUID_TEXT}+${'0123456789'.repeat(9).slice(0, 80)}`;

const minutes = Number(values.minutes);
const rounds = Number(values.rounds);
if (values.help) process.stdout.write(USAGE);
else if (!(minutes > 0 && minutes <= 120 && Number.isInteger(rounds) && rounds >= 1)) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else await bench();

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'framecue-bench-'));
  try {
    const source = await makeSource(folder);
    const out = join(folder, 'out.flv');
    const framecue = [process.execPath, join(ROOT, 'scripts', 'framecue.ts'), 'stamp', source, out];
    const ffmpeg = [ffmpegPath(), '-v', 'error', '-nostdin', '-y', '-i', source, '-map', '0', '-c', 'copy'];
    const commands: Readonly<Record<string, readonly string[]>> = {
      stamp_every_frame: [...framecue, '--every-frame'],
      stamp_keyframes: framecue,
      ffmpeg_h264_metadata: [...ffmpeg, '-bsf:v', `h264_metadata=sei_user_data=${USER_DATA}`, out],
      ffmpeg_copy: [...ffmpeg, out],
    };
    const costs = new Map<string, Cost[]>(Object.keys(commands).map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, command] of Object.entries(commands)) {
        await rm(out, { force: true });
        const cost = await costOf(command, TIMEOUT_MS);
        costs.get(name)!.push(cost);
        process.stderr.write(
          `round ${round + 1} of ${rounds}, ${name}: ${cost.cpuS.toFixed(2)} s CPU, ${cost.wallS.toFixed(2)} s\n`,
        );
      }
    }
    report(costs, minutes * 60 * Number(LOOP.fps), statSync(source).size);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeSource(folder: string): Promise<string> {
  const source = join(folder, 'source.flv');
  process.stderr.write(`making ${minutes} minutes of 1080p\n`);
  const loop = await ensureStream('bench-1080p', LOOP, {
    onProgress: (percent) => process.stderr.write(`encoding ${percent.toFixed(0)} %\r`),
  });
  const loops = Math.ceil((minutes * 60) / LOOP.seconds) - 1;
  await costOf(
    [
      ...[ffmpegPath(), '-v', 'error', '-nostdin', '-stream_loop', String(loops), '-i', loop.file],
      ...['-c', 'copy', '-t', String(minutes * 60), '-flvflags', 'no_duration_filesize', source],
    ],
    TIMEOUT_MS,
  );
  return source;
}

function report(costs: ReadonlyMap<string, readonly Cost[]>, frames: number, bytes: number): void {
  const figures: [name: string, value: number, unit: string][] = [
    ['file', bytes / 1e6, 'MB'],
    ['frames', frames, 'frames'],
  ];
  for (const [name, all] of costs) {
    const cpuS = medianOf(all.map((cost) => cost.cpuS));
    figures.push([`${name}_cpu`, cpuS, 's'], [`${name}_cpu_per_frame`, (cpuS / frames) * 1e6, 'us']);
  }
  // By round, so that both sides of a ratio ran one after the other.
  const ratio = (name: string, peer: string) =>
    medianOf(costs.get(name)!.map(({ cpuS }, round) => cpuS / costs.get(peer)![round]!.cpuS));
  figures.push(
    ['ratio_every_frame', ratio('stamp_every_frame', 'ffmpeg_h264_metadata'), 'x ffmpeg h264_metadata'],
    ['ratio_keyframes', ratio('stamp_keyframes', 'ffmpeg_h264_metadata'), 'x ffmpeg h264_metadata'],
    ['ratio_every_frame_to_copy', ratio('stamp_every_frame', 'ffmpeg_copy'), 'x ffmpeg -c copy'],
  );
  print(figures);
  if (values.json !== undefined) {
    const json = Object.fromEntries(figures.map(([name, value]) => [name, value]));
    writeFileSync(values.json, `${JSON.stringify({ ...json, runs: Object.fromEntries(costs) }, null, 2)}\n`);
  }
}
