import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { carriedStampOf, readId3 } from '../../cues/wire/index.ts';
import { type MediaSegment, Segmenter } from '../cmaf/segmenter.ts';
import { readBoxes, readFragments } from '../testing/mp4-reader.ts';
import { avcConfig, frame } from '../testing/packets.ts';
import { clockText, cueText, KEY, stamped } from '../testing/stamps.ts';
import { eventMessage } from './event-message.ts';

const vectors = JSON.parse(readFileSync(new URL('../../cues/wire/vectors.json', import.meta.url), 'utf8'));

/** ISO/IEC 23009-1 clause 5.10.3.3.2, version 1, read by its layout alone. */
function readEvent(body: Buffer) {
  const valueAt = body.indexOf(0, 24) + 1;
  const messageAt = body.indexOf(0, valueAt) + 1;
  return {
    versionAndFlags: body.readUInt32BE(0),
    timescale: body.readUInt32BE(4),
    presentationTime: Number(body.readBigUInt64BE(8)),
    duration: body.readUInt32BE(16),
    id: body.readUInt32BE(20),
    scheme: body.toString('utf8', 24, valueAt - 1),
    value: body.toString('utf8', valueAt, messageAt - 1),
    text: readId3(body.subarray(messageAt)),
  };
}

function segmentsOf(frames: readonly ReturnType<typeof frame>[], eventMessages = true): MediaSegment[] {
  const segments: MediaSegment[] = [];
  const settings = { targetMs: 1_000, maxSegmentMs: 10_000, maxSegmentBytes: 1_000_000, eventMessages };
  const segmenter = new Segmenter(settings, (segment) => segments.push(segment));
  segmenter.push(avcConfig());
  for (const packet of frames) segmenter.push(packet);
  segmenter.end();
  return segments;
}

const eventsOf = (bytes: Buffer) =>
  readBoxes(bytes)
    .filter(({ type }) => type === 'emsg')
    .map(({ body }) => readEvent(body));

const FRAMES = Array.from({ length: 50 }, (_, i) => frame(i * 40, i, i % 25 === 0, 40, 80));

describe('an event message', () => {
  test('is the vector of docs/wire-format.md, to the byte', () => {
    const message = eventMessage(carriedStampOf(vectors.fire.text)!, 90_000)!;
    expect(Buffer.from(message).toString('hex')).toBe(vectors.fire.emsgHex);
    expect(readEvent(readBoxes(Buffer.from(message))[0]!.body)).toMatchObject({
      versionAndFlags: 0x0100_0000,
      timescale: 90_000,
      presentationTime: 2080 * 90,
      duration: 10_000 * 90,
      scheme: 'https://aomedia.org/emsg/ID3',
      value: 'urn:framecue:stamp',
      text: vectors.fire.text,
    });
  });

  test('has the fire PTS in every copy, and one id for all that say the same', () => {
    const at = (pts: number, keyed: boolean) =>
      readEvent(
        readBoxes(
          Buffer.from(eventMessage(carriedStampOf(cueText(pts, { id: 'c', firePts: 80, keyed }))!, 90_000)!),
        )[0]!.body,
      );
    const [announced, again, landed, repeated] = [at(0, false), at(40, false), at(80, true), at(120, true)];
    expect([announced, again, landed, repeated].map((e) => e.presentationTime)).toEqual(Array(4).fill(7200));
    expect(again.id).toBe(announced.id);
    expect(repeated.id).toBe(landed.id);
    expect(landed.id).not.toBe(announced.id);
    expect(landed.duration).toBe(0xffff_ffff);
  });

  test('cannot stand before the zero of the timeline', () => {
    const text = cueText(100, { id: 'c', firePts: -20, keyed: true });
    expect(eventMessage(carriedStampOf(text)!, 90_000)).toBeNull();
  });
});

describe('in segments', () => {
  const cue = { id: 'c', firePts: 280 };
  const marked = FRAMES.map((packet, i) => {
    if (i === 0 || i === 25) return stamped(packet, 'clock', ...(i === 25 ? [{ ...cue, keyed: true }] : []));
    if (i === 2 || i === 3) return stamped(packet, cue);
    return i >= 5 && i < 9 ? stamped(packet, { ...cue, keyed: true }) : packet;
  });

  test('each stamp once, before the moof, and the samples are the very same', () => {
    const segments = segmentsOf(marked);
    expect(segments.map(({ bytes }) => readBoxes(bytes).map(({ type }) => type))).toEqual([
      ['emsg', 'emsg', 'emsg', 'moof', 'mdat'],
      ['emsg', 'emsg', 'moof', 'mdat'],
    ]);
    expect(segments.map(({ bytes }) => eventsOf(bytes).map(({ text }) => text))).toEqual([
      [clockText(80), cueText(160, cue), cueText(280, { ...cue, keyed: true })],
      [clockText(1080), cueText(1080, { ...cue, keyed: true })],
    ]);
    const plain = segmentsOf(FRAMES);
    expect(segments.map(({ bytes }) => readFragments(bytes))).toEqual(
      plain.map(({ bytes }) => readFragments(bytes)),
    );
  });

  test('nothing leaks early: a segment before the landing has no key', () => {
    const announcedOnly = FRAMES.map((packet, i) =>
      i < 25 ? stamped(packet, { id: 'c', firePts: 1500 }) : packet,
    );
    const [first] = segmentsOf(announcedOnly);
    expect(eventsOf(first!.bytes)).toHaveLength(1);
    expect(first!.bytes.toString('latin1')).not.toContain(KEY);
  });

  test('one clock stamp is enough, and none where they are switched off', () => {
    const everyFrame = FRAMES.map((packet) => stamped(packet, 'clock'));
    expect(segmentsOf(everyFrame).map(({ bytes }) => eventsOf(bytes).length)).toEqual([1, 1]);
    const off = segmentsOf(everyFrame, false);
    expect(off.map(({ bytes }) => bytes)).toEqual(segmentsOf(FRAMES).map(({ bytes }) => bytes));
  });
});
