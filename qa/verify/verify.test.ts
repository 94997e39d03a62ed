import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { ffmpegPath, ROOT } from '../../scripts/lib/tools.ts';
import { ensureTestStream } from '../../test-streams/catalogue.ts';
import { allFrames } from '../../test-streams/testing.ts';
import { parseExpectations } from './expectations.ts';
import { FINDINGS, type FindingCode } from './findings.ts';
import { writeJUnit, writePictures } from './junit.ts';
import { describeVerdicts } from './report.ts';
import {
  changeFrames,
  cueAt,
  framesOf,
  isSlice,
  isStampOf,
  newSigningKey,
  STREAM,
  stampPackets,
  voidingOf,
  withText,
  writeFlv,
} from './testing.ts';
import { hasFailed, type SourceVerdict, type VerifyOptions, verifySource } from './verify.ts';

const key = newSigningKey();
const keys = { keys: [key.publicJwk] };
let folder: string;
let good: MediaPacket[];
/** PTS of two pictures that are B-frames or not, as it comes. */
const PTS = { one: 2000, two: 4040 };
const expected = () =>
  parseExpectations(
    JSON.stringify([
      { id: 'one', pts: PTS.one },
      { id: 'two', pts: PTS.two },
    ]),
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-verify-'));
  const stream = await ensureTestStream('bframes-25', { seconds: 8 });
  const flv = readFileSync(stream.file);
  const own = framesOf(stampPackets(flv, [])).map(ptsOf);
  // pictures that are there, whatever the encoder's first PTS is
  PTS.one = own.find((pts) => pts >= 2000)!;
  PTS.two = own.toSorted((a, b) => a - b).find((pts) => pts >= 4000)!;
  good = stampPackets(flv, [cueAt('one', PTS.one, key), cueAt('two', PTS.two, key)]);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function verify(addresses: string[], change: Partial<VerifyOptions> = {}): Promise<SourceVerdict[]> {
  const options: VerifyOptions = {
    ...{ expected: expected(), keys, stream: STREAM, ignoreOutside: false, pictures: false, source: {} },
    ...change,
  };
  const verdicts: SourceVerdict[] = [];
  for (const address of addresses) {
    for await (const verdict of verifySource(address, options)) verdicts.push(verdict);
  }
  return verdicts;
}

const failuresOf = ({ cues, findings }: SourceVerdict): FindingCode[] => [
  ...new Set(
    [...findings, ...cues.flatMap((cue) => cue.findings)]
      .filter(({ severity }) => severity === 'failure')
      .map(({ code }) => code),
  ),
];

async function write(name: string, packets: readonly MediaPacket[]): Promise<string> {
  const file = join(folder, name);
  await writeFlv(file, packets);
  return file;
}

describe('framecue verify', () => {
  it('finds every cue on its picture in what the injector wrote', async () => {
    const [verdict] = await verify([await write('good.flv', good)]);
    expect(failuresOf(verdict!)).toEqual([]);
    expect(verdict!.findings).toEqual([]);
    expect(verdict!.signatures).toBe('checked');
    for (const cue of verdict!.cues) {
      expect(cue).toMatchObject({ expected: true, firePts: cue.expectedPts, epoch: 'test-epoch', rev: 0 });
      expect(cue.copies).toBeGreaterThanOrEqual(6);
      expect(cue.frame!.pts).toBe(cue.expectedPts);
    }
  });

  const later = (nal: Uint8Array): Uint8Array => {
    const fireIn = /"fireIn":(-?\d+)/.exec(Buffer.from(nal).toString('latin1'))!;
    const other = String(Number(fireIn[1]) + (fireIn[1]!.endsWith('9') ? -1 : 9)).padStart(
      fireIn[1]!.length,
      '0',
    );
    return withText(nal, fireIn[0], `"fireIn":${other.slice(-fireIn[1]!.length)}`);
  };

  /** Index of the access unit of cue one's picture. */
  const indexOfOne = () => framesOf(good).findIndex((frame) => ptsOf(frame) === PTS.one);

  const FAULTS: {
    name: string;
    plant: () => MediaPacket[];
    codes: FindingCode[];
    frame?: () => number;
  }[] = [
    {
      name: 'a missing cue',
      plant: () => changeFrames(good, (nals) => nals.filter((nal) => !isStampOf(nal, 'one'))),
      codes: ['CUE_MISSING'],
      frame: indexOfOne,
    },
    {
      name: 'a late cue',
      plant: () =>
        stampPackets(Buffer.concat([readFileSync(join(folder, 'good.flv'))]), [
          cueAt('one', PTS.one + 120, key),
          cueAt('two', PTS.two, key),
        ]),
      codes: ['CUE_LATE'],
      frame: () => framesOf(good).findIndex((frame) => ptsOf(frame) === PTS.one + 120),
    },
    {
      name: 'an early cue',
      plant: () =>
        stampPackets(readFileSync(join(folder, 'good.flv')), [
          cueAt('one', PTS.one - 80, key),
          cueAt('two', PTS.two, key),
        ]),
      codes: ['CUE_EARLY'],
    },
    {
      name: 'a stamp on the wrong frame',
      plant() {
        let carried: Uint8Array[] = [];
        return changeFrames(good, (nals, _frame, index) => {
          if (index === indexOfOne()) {
            carried = nals.filter((nal) => isStampOf(nal, 'one'));
            return nals.filter((nal) => !isStampOf(nal, 'one'));
          }
          return index === indexOfOne() + 1 ? [...carried, ...nals] : null;
        });
      },
      codes: ['WRONG_FRAME'],
      frame: () => indexOfOne() + 1,
    },
    {
      name: 'a copy with another fire PTS',
      plant: () =>
        changeFrames(good, (nals, _frame, index) =>
          index === indexOfOne() + 2 ? nals.map((nal) => (isStampOf(nal, 'one') ? later(nal) : nal)) : null,
        ),
      codes: ['COPIES_DISAGREE'],
      frame: () => indexOfOne() + 2,
    },
    {
      name: 'a forged stamp',
      plant: () =>
        changeFrames(good, (nals) =>
          nals.map((nal) => (isStampOf(nal, 'one') ? withText(nal, '"rev":0', '"rev":9') : nal)),
        ),
      codes: ['SIGNATURE_BAD', 'CUE_MISSING'],
    },
    {
      name: 'a stamp of a key that nobody knows',
      plant: () =>
        stampPackets(readFileSync(join(folder, 'good.flv')), [
          cueAt('one', PTS.one, newSigningKey()),
          cueAt('two', PTS.two, key),
        ]),
      codes: ['SIGNATURE_UNKNOWN', 'CUE_MISSING'],
    },
    {
      name: 'SEI after the slices',
      plant: () =>
        changeFrames(good, (nals, _frame, index) => {
          if (index !== indexOfOne()) return null;
          const stamps = nals.filter((nal) => isStampOf(nal, 'one'));
          return [...nals.filter((nal) => !isStampOf(nal, 'one')), ...stamps];
        }),
      codes: ['SEI_AFTER_SLICES'],
      frame: indexOfOne,
    },
    {
      name: 'every copy lost up to the picture',
      plant: () =>
        changeFrames(good, (nals, frame) =>
          ptsOf(frame) <= PTS.one + 40 ? nals.filter((nal) => !isStampOf(nal, 'one')) : null,
        ),
      codes: ['CUE_OPENS_LATE'],
    },
    {
      name: 'a key that travels early',
      plant: () =>
        changeFrames(good, (nals) =>
          nals.map((nal) => {
            const text = Buffer.from(nal).toString('latin1');
            if (!isStampOf(nal, 'one') || !/"fireIn":[1-9]/.test(text)) return nal;
            // a field of the same length, so that the message stays well formed
            const fireAt = /"fireAt":(\d{16})/.exec(text)!;
            return withText(nal, fireAt[0], `"fireAt":1,"key":"${'k'.repeat(fireAt[0].length - 19)}"`);
          }),
        ),
      codes: ['CUE_LEAKS'],
    },
    {
      name: 'a stamp that cannot be read',
      plant: () =>
        changeFrames(good, (nals, _frame, index) =>
          index === indexOfOne()
            ? nals.map((nal) => (isStampOf(nal, 'one') ? withText(nal, '{"v":1', '{"w":1') : nal))
            : null,
        ),
      codes: ['STAMP_UNREADABLE', 'CUE_OPENS_LATE'],
      frame: indexOfOne,
    },
  ];

  it.each(FAULTS)('catches $name', async ({ name, plant, codes, frame }) => {
    await write('good.flv', good);
    const packets = plant();
    // the fault is one of stamps: the slices are the same
    expect(framesOf(packets).flatMap((f) => (f.data.length > 0 ? [1] : [])).length).toBe(
      framesOf(good).length,
    );
    const file = await write(`${name.replaceAll(' ', '-')}.flv`, packets);
    const [verdict] = await verify([file]);
    expect(failuresOf(verdict!)).toEqual(codes);
    if (frame !== undefined) {
      const all = [...verdict!.findings, ...verdict!.cues.flatMap((cue) => cue.findings)];
      const found = all.find(({ code }) => code === codes[0])!;
      expect(found.frame?.index).toBe(frame());
      expect(found.text).toMatch(/frame \d+ \(PTS \d+\)/);
    }
  });

  it('catches a stamp that is lost in one of several outputs', async () => {
    const whole = await write('good.flv', good);
    const without = await write(
      'lossy.flv',
      changeFrames(good, (nals) => nals.filter((nal) => !isStampOf(nal, 'two'))),
    );
    const verdicts = await verify([whole, without]);
    expect(verdicts.map(hasFailed)).toEqual([false, true]);
    expect(failuresOf(verdicts[1]!)).toEqual(['CUE_MISSING']);
  });

  it('catches stamps that are lost in one rendition of a master playlist', async () => {
    const whole = await write('good.flv', good);
    const stripped = await write(
      'stripped.flv',
      changeFrames(good, (nals) => nals.filter((nal) => isSlice(nal) || (nal[0]! & 0x1f) !== 6)),
    );
    for (const [name, file] of [
      ['high', whole],
      ['low', stripped],
    ] as const) {
      mkdirSync(join(folder, name), { recursive: true });
      const hls = [
        '-f',
        'hls',
        '-hls_time',
        '2',
        '-hls_playlist_type',
        'vod',
        join(folder, name, 'index.m3u8'),
      ];
      execFileSync(ffmpegPath(), ['-v', 'error', '-y', '-i', file, '-c', 'copy', ...hls], {
        timeout: 60_000,
      });
    }
    const master = join(folder, 'master.m3u8');
    writeFileSync(
      master,
      [
        '#EXTM3U',
        '#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360',
        'high/index.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180',
        'low/index.m3u8',
        '',
      ].join('\n'),
    );
    const verdicts = await verify([master]);
    expect(verdicts.map((verdict) => failuresOf(verdict))).toEqual([[], ['CUE_MISSING']]);
    expect(verdicts.map(({ name }) => name)).toEqual([
      'master.m3u8 360p 800 kbit/s',
      'master.m3u8 180p 300 kbit/s',
    ]);
    // MPEG-TS moves all times by one offset: the pictures are the same
    expect(verdicts[0]!.cues.map(({ firePts }) => firePts)).toEqual([PTS.one, PTS.two]);
  });

  it('holds cues that never landed against what is open to players', async () => {
    const file = await write('good.flv', good);
    const cues = JSON.stringify({
      cues: [
        { id: 'one', state: 'cancelled', landing: null },
        { id: 'none', state: 'missed', landing: null },
      ],
    });
    const [verdict] = await verify([file], { expected: parseExpectations(cues) });
    expect(failuresOf(verdict!)).toEqual(['CUE_FORBIDDEN']);
    expect(verdict!.cues.find(({ id }) => id === 'two')!.findings.map(({ code }) => code)).toEqual([
      'CUE_UNEXPECTED',
    ]);
  });

  it('finds nothing wrong with cues that were voided, open or announced', async () => {
    const flv = readFileSync((await ensureTestStream('bframes-25', { seconds: 8 })).file);
    const [one, two] = [cueAt('one', PTS.one, key), cueAt('two', PTS.two, key)];
    const voidings = [
      { dts: PTS.one + 600, cue: voidingOf(one, key) },
      { dts: PTS.two - 300, cue: voidingOf(two, key) },
    ];
    const file = await write('voided.flv', stampPackets(flv, [one, two], voidings));
    const epoch = 'test-epoch';
    const cues = [
      { id: 'one', state: 'landed', landing: { pts: PTS.one, epoch } },
      { id: 'two', state: 'cancelled', landing: null },
    ];
    const [verdict] = await verify([file], { expected: parseExpectations(JSON.stringify({ cues })) });
    expect(verdict!.cues.map(({ findings }) => findings)).toEqual([[], []]);
    expect(verdict!.cues.map(({ id, rev, firePts }) => [id, rev, firePts])).toEqual([
      ['one', 0, PTS.one],
      ['two', 0, PTS.two],
    ]);
    const [asPlanned] = await verify([file]);
    expect(failuresOf(asPlanned!)).toEqual([]);
  });

  it('says what was not read, and that nobody checked signatures', async () => {
    const file = await write('good.flv', good);
    const read = { source: { maxSeconds: 3 }, keys: null };
    const [verdict] = await verify([file], read);
    expect(failuresOf(verdict!)).toEqual(['CUE_NOT_COVERED']);
    expect(verdict!.findings.map(({ code }) => code)).toEqual(['SIGNATURES_UNCHECKED']);
    const [lenient] = await verify([file], { ...read, ignoreOutside: true });
    expect(failuresOf(lenient!)).toEqual([]);
    expect(lenient!.cues[1]!.findings.map(({ code }) => code)).toEqual(['CUE_OUTSIDE']);
    expect(describeVerdicts([lenient!])).toMatch(/skip two: not read\n\nGood: 1 of 2 expected/s);
    const [none] = await verify([file], { source: { maxSeconds: 1 }, ignoreOutside: true });
    expect(describeVerdicts([none!])).toContain('Nothing was verified');
    await writeJUnit(join(folder, 'outside.xml'), [none!], new Map());
    expect(readFileSync(join(folder, 'outside.xml'), 'utf8')).toMatch(/failures="0" errors="0" skipped="2"/);
  });

  it('keeps the picture of a cue and not that of the access unit before it in decode order', async () => {
    const file = await write('good.flv', good);
    const times = framesOf(good).map(ptsOf);
    const shown = times.filter((pts, at) => pts > 3000 && at > 0 && times[at - 1]! > pts);
    const wanted = [shown[0]!, shown[1]!, times.find((pts) => pts > 5000)!];
    for (const place of [(pts: number) => ({ pts }), (pts: number) => ({ mediaTime: pts - 13 })]) {
      const list = wanted.map((pts, at) => ({ id: `none-${at}`, type: 'custom.x', ...place(pts) }));
      const [verdict] = await verify([file], {
        expected: parseExpectations(JSON.stringify(list)),
        pictures: true,
      });
      const kept = verdict!.pictures.map(({ frame }) => frame.pts);
      expect(kept.toSorted((a, b) => a - b)).toEqual(wanted.toSorted((a, b) => a - b));
      const frames = verdict!.cues.slice(0, wanted.length).map(({ frame }) => frame?.index);
      expect(verdict!.pictures.map(({ frame }) => frame.index).sort()).toEqual(frames.sort());
    }
  });

  it('takes a stream without any stamp for a failure, also where nothing is expected', async () => {
    const file = await write(
      'bare.flv',
      changeFrames(good, (nals) => nals.filter(isSlice)),
    );
    const [verdict] = await verify([file], { expected: [] });
    expect(failuresOf(verdict!)).toEqual(['NO_STAMPS']);
  });

  it('judges the others where one source cannot be read', async () => {
    const file = await write('good.flv', good);
    const verdicts = await verify([join(folder, 'nothing.flv'), file]);
    expect(verdicts.map(({ findings }) => findings[0]?.code)).toEqual(['SOURCE_UNREADABLE', undefined]);
  });

  it('holds places of a cue sheet, in pictures', async () => {
    const file = await write('good.flv', good);
    const first = framesOf(good)
      .map(ptsOf)
      .toSorted((a, b) => a - b)[0]!;
    const sheet = (change: object) =>
      parseExpectations(
        JSON.stringify({
          cues: [{ id: 'one', type: 'interaction.open', mediaTime: PTS.one - 13, ...change }],
        }),
      );
    const codes = async (change: object) =>
      failuresOf((await verify([file], { expected: sheet(change) }))[0]!);
    expect(await codes({})).toEqual([]);
    expect(await codes({ mediaTime: undefined, atMs: PTS.one - first - 13 })).toEqual([]);
    expect(await codes({ mediaTime: PTS.one + 1000 })).toEqual(['CUE_EARLY']);
    expect(await codes({ expect: { frame: indexOfOne(), announcedMs: 500, maxCopies: 100 } })).toEqual([]);
    expect(await codes({ expect: { frame: indexOfOne() + 1 } })).toEqual(['OTHER_FRAME']);
    expect(await codes({ expect: { announcedMs: 5000, minCopies: 100 } })).toEqual([
      'ANNOUNCED_LATE',
      'FEW_COPIES',
    ]);
    expect(await codes({ expect: { maxCopies: 2 } })).toEqual(['MANY_COPIES']);
    expect(await codes({ expect: { pts: PTS.one + 40, toleranceMs: 40 } })).toEqual([]);
  });

  it('writes JUnit that names the frame and has its picture', async () => {
    const file = await write(
      'junit.flv',
      changeFrames(good, (nals) => nals.filter((nal) => !isStampOf(nal, 'two'))),
    );
    const verdicts = await verify([file], { pictures: true });
    const out = join(folder, 'report');
    const pictures = await writePictures(verdicts, join(out, 'pictures'), out, ffmpegPath());
    await writeJUnit(join(out, 'verify.xml'), verdicts, pictures);
    const xml = readFileSync(join(out, 'verify.xml'), 'utf8');
    expect(xml).toMatch(/<testsuite name="framecue verify junit.flv" tests="3" failures="1"/);
    const path = /\[\[ATTACHMENT\|(pictures\/source-1-frame-\d+\.png)\]\]/.exec(xml)?.[1];
    expect(path).toBeDefined();
    const index = framesOf(good).findIndex((frame) => ptsOf(frame) === PTS.two);
    expect(path).toBe(`pictures/source-1-frame-${index}.png`);
    expect(xml).toContain(`CUE_MISSING: No stamp of this cue is in the stream: it belongs on frame ${index}`);
    // the picture of that PTS, by the number burned into it
    const shown = framesOf(good)
      .map(ptsOf)
      .toSorted((a, b) => a - b);
    const [picture] = await allFrames(join(out, path!));
    expect(picture).toMatchObject({ frame: shown.indexOf(PTS.two as (typeof shown)[0]) });
  });
});

describe('the findings of framecue verify', () => {
  it('stand in docs/qa.md as in the code', () => {
    const page = readFileSync(join(ROOT, 'docs/qa.md'), 'utf8');
    for (const [code, { severity, text }] of Object.entries(FINDINGS)) {
      expect(page).toContain(`| \`${code}\` | ${severity} | ${text} |`);
    }
  });
});
