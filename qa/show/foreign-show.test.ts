import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayTestKey } from '../../cues/replay-key.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { packetsOfFlv } from '../../packet/testing/flv-fixture.ts';
import { ms } from '../../packet/time.ts';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { ensureTestStream } from '../../test-streams/catalogue.ts';
import { type CueSheet, parseCueSheet } from '../sources/cue-sheet.ts';
import type { ShowRecord } from './entry.ts';
import { FOREIGN_START_UNIX_MS, openForeignShow } from './foreign-show.ts';
import { SheetDirector } from './sheet-director.ts';

let folder: string;
let flv: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-foreign-'));
  flv = (await ensureTestStream('bframes-25')).file;
  for (const name of ['a.mp4', 'a.ts']) {
    await promisify(execFile)(ffmpegPath(), [
      '-v',
      'error',
      '-i',
      flv,
      '-t',
      '4',
      '-c',
      'copy',
      join(folder, name),
    ]);
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function packetsOf(
  file: string,
): Promise<{ packets: MediaPacket[]; records: ShowRecord[]; notes: readonly string[] }> {
  const show = await openForeignShow(file);
  const records: ShowRecord[] = [];
  for await (const record of show.records()) records.push(record);
  await show.close();
  const packets = records.flatMap((record) =>
    record.kind === 'input' && record.input.kind === 'packet' ? [record.input.packet] : [],
  );
  return { packets, records, notes: show.notes() };
}

describe('a recording made elsewhere', () => {
  it('as FLV is taken over whole, at the pace of its time stamps, on the same clock always', async () => {
    const { packets, records } = await packetsOf(flv);
    expect(packets).toEqual(packetsOfFlv(readFileSync(flv)));
    expect(records.slice(0, 2)).toMatchObject([
      { kind: 'start', state: null },
      { input: { kind: 'begin-publish' } },
    ]);
    expect(records.at(-1)).toMatchObject({ input: { kind: 'end-publish' } });
    const times = records.map(({ monotonicUs }) => monotonicUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(records.every((r) => r.unixUs === FOREIGN_START_UNIX_MS * 1000 + r.monotonicUs)).toBe(true);
    const frames = packets.filter(({ kind }) => kind === 'avc-frame');
    expect(times.at(-1)! / 1000).toBeCloseTo(frames.at(-1)!.dts - frames[0]!.dts, -2);
  });

  it.each(['a.mp4', 'a.ts'])('as %s gives the same pictures, without sound, and says so', async (name) => {
    const { packets, notes } = await packetsOf(join(folder, name));
    expect(notes.join()).toContain('Sound');
    expect(packets[0]).toMatchObject({ kind: 'avc-config' });
    const frames = packets.filter((packet) => packet.kind === 'avc-frame');
    const originals = packetsOfFlv(readFileSync(flv)).filter((packet) => packet.kind === 'avc-frame');
    expect(frames.length).toBeGreaterThan(90);
    const shift = frames[0]!.dts - originals[0]!.dts;
    frames.forEach((frame, at) => {
      const original = originals[at]!;
      expect(Math.abs(frame.dts - shift - original.dts)).toBeLessThanOrEqual(1);
      expect(frame.isKeyframe).toBe(original.isKeyframe);
      // A container may add delimiters and parameter sets; the slices are the same bytes at the end.
      expect(Buffer.from(frame.data).includes(Buffer.from(original.data.subarray(-64)))).toBe(true);
    });
  });

  it('that is cut in the middle of a tag is a show up to there', async () => {
    const cut = join(folder, 'cut.flv');
    writeFileSync(cut, readFileSync(flv));
    truncateSync(cut, 100_000);
    const { packets, notes } = await packetsOf(cut);
    expect(packets.length).toBeGreaterThan(50);
    expect(notes.join()).toContain('ends early');
  });

  it.each([
    ['is not there', 'nope.flv', null, 'ERR_SOURCE_OPEN'],
    ['is no recording', 'text.flv', Buffer.from('not a recording at all'), 'ERR_SOURCE_FORMAT'],
    ['holds no picture', 'empty.flv', Buffer.from(flvHeader({ audio: true, video: true })), 'ERR_SHOW_EMPTY'],
    [
      'holds sound alone',
      'sound.flv',
      Buffer.concat([
        flvHeader({ audio: true, video: false }),
        writeFlvTag({ kind: 'aac-frame', dts: ms(0), data: Uint8Array.of(1, 2) }),
      ]),
      'ERR_SHOW_EMPTY',
    ],
  ])('that %s is refused', async (_, name, bytes, code) => {
    if (bytes !== null) writeFileSync(join(folder, name), bytes);
    await expect(openForeignShow(join(folder, name))).rejects.toMatchObject({ code });
  });
});

describe('a cue sheet', () => {
  const sheet: CueSheet = parseCueSheet(
    '[{"id":"a","type":"custom","atMs":1000,"data":{"x":1}},{"id":"b","type":"custom","mediaTime":500}]',
  );

  function direct(firstPts: number) {
    const given: { id: string; rev: number; bodyText: string; signatureLine: string; key: string | null }[] =
      [];
    const path = { schedule: (cue: (typeof given)[number]) => given.push(cue) > 0 } as never;
    const director = new SheetDirector({ sheet, stream: 'live/x', key: replayTestKey(), firstPts });
    director.epoch('e', path);
    return { director, given, path };
  }

  it('gives the same cues to the byte, signed by the test key', () => {
    const [one, two] = [direct(80), direct(80)];
    expect(one.given).toEqual(two.given);
    expect(one.given.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(one.given[1]).toMatchObject({ fire: { kind: 'mediaTime', pts: 1080 } });
    expect(one.given[0]!.signatureLine).toMatch(/^ed25519 replay-test /);
    expect(new Set(one.given.map(({ key }) => key)).size).toBe(2);
  });

  it('gives what has not landed again where an epoch begins, and knows what never came', () => {
    const { director, given, path } = direct(0);
    director.event({ kind: 'landed', id: 'b', rev: 0, landing: {} as never });
    director.epoch('f', path);
    expect(given.map(({ id, rev }) => [id, rev])).toEqual([
      ['b', 0],
      ['a', 0],
      ['a', 1],
    ]);
    expect(director.left).toEqual(['a']);
    director.event({ kind: 'landed', id: 'a', rev: 1, landing: {} as never });
    expect(director.left).toEqual([]);
  });
});
