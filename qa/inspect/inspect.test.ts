import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userDataMessage, uuidFromText, writeAvcc, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import { ffmpegPath, ROOT } from '../../scripts/lib/tools.ts';
import type { AccessUnitItem } from '../sources/items.ts';
import { PROBLEMS } from '../sources/problem-codes.ts';
import { Inspector } from './inspector.ts';
import { OWN_FINDINGS } from './lint-codes.ts';

const run = promisify(execFile);
const LIMIT_MS = 60_000;
let folder: string;
const path = (name: string): string => join(folder, name);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as people start it. */
async function framecue(...args: readonly string[]): Promise<Ended> {
  try {
    const entry = join(ROOT, 'scripts/framecue.ts');
    const { stdout, stderr } = await run(process.execPath, [entry, ...args], { maxBuffer: 1 << 26 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-inspect-'));
  const input = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-t', '4', '-pix_fmt', 'yuv420p'];
  const video = ['-c:v', 'libx264', '-x264-params', 'keyint=25:bframes=2'];
  await run(ffmpegPath(), ['-v', 'error', '-y', ...input, ...video, path('a.flv')]);
  const cues = [
    { id: 'q1', type: 'interaction.open', mediaTime: 1000, data: { secret: 'x' } },
    { id: 'c1', type: 'custom.x', atMs: 2000, announceMs: 0 },
  ];
  writeFileSync(path('cues.json'), JSON.stringify(cues));
  const stamped = await framecue(
    'stamp',
    path('a.flv'),
    path('s.flv'),
    '--every-frame',
    '--cues',
    path('cues.json'),
    '--keys-out',
    path('keys.json'),
    '--json',
  );
  expect(stamped).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(stamped.stdout)).toMatchObject({
    frames: 100,
    missed: [],
    cues: [{ id: 'q1', pts: 1000 }, { id: 'c1' }],
  });
}, LIMIT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('framecue inspect', () => {
  it('gives one access unit a line, stamps decoded and verified', async () => {
    const { code, stdout } = await framecue('inspect', '--json', '--keys', path('keys.json'), path('s.flv'));
    expect(code).toBe(0);
    const units = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(units).toHaveLength(100);
    expect(Object.keys(units[0])).toEqual(['index', 'pts', 'dts', 'isKeyframe', 'nalUnits', 'sei', 'lint']);
    const decoded = units.flatMap(({ sei }) => sei.map((message: { decoded: object }) => message.decoded));
    expect(decoded.filter(({ stamp }) => stamp === 'clock')).toHaveLength(100);
    const cues = decoded.filter(({ stamp }) => stamp === 'cue');
    expect(cues.length).toBeGreaterThan(8);
    expect(new Set(cues.map(({ verified }) => verified))).toEqual(new Set(['good']));
    expect(new Set(cues.filter(({ cue }) => cue.id === 'q1').map(({ firePts }) => firePts))).toEqual(
      new Set([1000]),
    );
    for (const { sei } of units) {
      for (const { payloadHex, payloadSize } of sei) expect(payloadHex).toHaveLength(payloadSize * 2);
    }
  });

  it('summarises for people, and names a forged stamp', async () => {
    const good = await framecue('inspect', path('s.flv'));
    expect(good.code).toBe(0);
    expect(good.stdout).toContain('320x180, 25 fps');
    expect(good.stdout).toContain('cue q1 rev 0 (interaction.open) fires at PTS 1000');
    expect(good.stdout).toContain('Findings: none');
    const bytes = readFileSync(path('s.flv'));
    const at = bytes.indexOf('"type":"custom.x"');
    bytes.write('"type":"custom.y"', at);
    writeFileSync(path('forged.flv'), bytes);
    const forged = await framecue('inspect', '--keys', path('keys.json'), path('forged.flv'));
    expect(forged.code).toBe(1);
    expect(forged.stdout).toContain('error STAMP_FORGED x 1');
    expect(forged.stdout).toContain('STAMP_BODY_CHANGED');
  });

  it('writes one page that loads nothing from elsewhere', async () => {
    const { code } = await framecue('inspect', path('s.flv'), '--html', path('page.html'));
    expect(code).toBe(0);
    const html = readFileSync(path('page.html'), 'utf8');
    expect(html).toContain('uPlot');
    expect(html).not.toMatch(/(?:src|href)="?(?!#)/);
    const data = JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)![1]!);
    expect(data.points.x).toHaveLength(100);
    expect(data.cues.map(({ id }: { id: string }) => id)).toEqual(['q1', 'c1']);
  });

  it('ends with 1 where nothing can be read, with 2 where it is used wrongly', async () => {
    expect(await framecue('inspect', path('nothing'))).toMatchObject({ code: 1, stdout: '' });
    expect(await framecue('inspect')).toMatchObject({ code: 2 });
    expect(await framecue('inspect', path('a.flv'), '--seconds', '-1')).toMatchObject({ code: 2 });
    expect(await framecue('stamp', path('a.flv'), path('a.flv'))).toMatchObject({ code: 1 });
    expect(await framecue('strip', path('a.flv'), path('no/such/folder.flv'))).toMatchObject({ code: 1 });
  });

  it('ends quietly when its reader leaves', async () => {
    const big = path('big.flv');
    await run(ffmpegPath(), [
      '-v',
      'error',
      '-y',
      '-stream_loop',
      '60',
      '-i',
      path('s.flv'),
      '-c',
      'copy',
      big,
    ]);
    const child = spawn(process.execPath, [join(ROOT, 'scripts/framecue.ts'), 'inspect', '--json', big]);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

describe('findings', () => {
  const SLICE = Uint8Array.of(0x65, 0x88, 0x84);
  const sei = writeSeiNal([
    userDataMessage(uuidFromText('0aecffe7-5272-4e2f-a62f-d19cd61a93b5'), new Uint8Array(4)),
  ]);
  const unit = (nals: readonly Uint8Array[], changes: Partial<AccessUnitItem> = {}): AccessUnitItem => ({
    kind: 'access-unit',
    index: 0,
    pts: 0,
    dts: 0,
    isKeyframe: true,
    codec: 'h264',
    framing: { kind: 'avcc', lengthSize: 4 },
    data: writeAvcc(nals, 4),
    offset: 0,
    ...changes,
  });
  const codesOf = (...units: readonly AccessUnitItem[]): string[] => {
    const inspector = new Inspector('flv');
    return units.flatMap((item) => inspector.add(item)!.lint.map(({ code }) => code));
  };

  it.each<[string, string, AccessUnitItem[]]>([
    ['SEI behind the slices', 'SEI_AFTER_SLICES', [unit([SLICE, sei])]],
    ['SEI without escapes', 'SEI_EMULATION', [unit([Uint8Array.of(6, 1, 4, 0, 0, 1, 9, 0x80), SLICE])]],
    ['a trailing zero', 'NAL_TRAILING_ZERO', [unit([Uint8Array.from([...sei, 0]), SLICE])]],
    ['a DTS that goes back', 'DTS_NOT_RISING', [unit([SLICE], { dts: 40, pts: 40 }), unit([SLICE])]],
    ['a length beyond the tag', 'NAL_TRUNCATED', [unit([], { data: Uint8Array.of(0, 0, 0, 9, 0x65) })]],
    [
      'a NAL unit of nothing',
      'NAL_EMPTY',
      [unit([], { data: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2, 0x65, 0x88) })],
    ],
    ['a PTS before its DTS', 'NEGATIVE_COMPOSITION_OFFSET', [unit([SLICE], { pts: -10 })]],
  ])('%s: %s', (_name, code, units) => {
    expect(codesOf(...units)).toContain(code);
  });

  it('a gap in the DTS', () => {
    const times = [0, 40, 80, 120, 1000];
    expect(codesOf(...times.map((dts) => unit([SLICE], { dts, pts: dts })))).toContain('DTS_GAP');
  });

  it('stand in docs/inspect.md as in the code', () => {
    const page = readFileSync(join(ROOT, 'docs/inspect.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([A-Z0-9_]+)` \| (\w+) \| (.*) \| (.*) \|$/gm)].map((row) =>
      row.slice(1, 5),
    );
    const expected = Object.entries({ ...OWN_FINDINGS, ...PROBLEMS }).map(
      ([code, { severity, text, clause }]) => [code, severity, text, clause],
    );
    expect(rows).toEqual(expected);
  });
});
