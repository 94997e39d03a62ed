import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readScriptCue } from '../../cues/wire/index.ts';
import { decodeAmf0, encodeAmf0, scriptNameOf } from '../../packet/amf0.ts';
import type { AvcFramePacket, MediaPacket, ScriptPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { framesOf, packetsOf, sameFrame } from '../testing/flv-check.ts';
import { HubBench } from '../testing/hub-bench.ts';
import { aacConfig, avcConfig, frame, metadata, sound } from '../testing/packets.ts';
import { clockText, cueText, KEY, stamped } from '../testing/stamps.ts';
import { isForeignScript, scriptTagsOf } from './script-tags.ts';

const isCarrier = (packet: MediaPacket): packet is ScriptPacket =>
  packet.kind === 'script' && scriptNameOf(packet.data) === 'onFramecue';

const cueOf = ({ data }: ScriptPacket) => readScriptCue(decodeAmf0(data)[1]);

/** Two GOPs; the second frame announces, the third is the cue's, and the second keyframe repeats it. */
const cue = { id: 'c1', firePts: 80 };
const source: readonly MediaPacket[] = [
  metadata(),
  avcConfig(),
  aacConfig(),
  sound(0),
  stamped(frame(0, 0, true), 'clock'),
  stamped(frame(40, 1, false), cue),
  sound(43),
  stamped(frame(80, 2, false), { ...cue, keyed: true }),
  frame(120, 3, false),
  stamped(frame(160, 4, true), 'clock', { ...cue, keyed: true }),
  frame(200, 5, false),
];

test('each stamp stands in a script tag right before its frame, with its time; all else is as it was', () => {
  const bench = new HubBench();
  const { sink } = bench.join();
  bench.play(source);
  bench.settle();
  const got = packetsOf(sink.received);
  expect(got.filter((packet) => !isCarrier(packet)).map(({ kind, dts }) => [kind, dts])).toEqual(
    source.map(({ kind, dts }) => [kind, dts]),
  );
  const frames = source.filter((packet): packet is AvcFramePacket => packet.kind === 'avc-frame');
  for (const [index, packet] of framesOf(got).entries()) expect(sameFrame(packet, frames[index]!)).toBe(true);
  for (const sent of frames) {
    const at = got.findIndex((packet) => packet.kind === 'avc-frame' && packet.dts === sent.dts);
    const stamps = sent.stamps ?? [];
    const before = got.slice(at - stamps.length, at);
    expect(before.every(isCarrier)).toBe(true);
    expect(before.map(({ dts }) => dts)).toEqual(stamps.map(() => sent.dts));
    expect(before.map((packet) => cueOf(packet as ScriptPacket))).toEqual(
      stamps.map((text) => ({ v: 1, pts: sent.dts, text })),
    );
  }
  expect(got.filter(isCarrier)).toHaveLength(5);
});

test('its data is the vector of docs/wire-format.md, to the byte', () => {
  const vectors = JSON.parse(readFileSync(new URL('../../cues/wire/vectors.json', import.meta.url), 'utf8'));
  for (const name of ['clock', 'fire']) {
    const { text, head, scriptHex } = vectors[name];
    const [tag] = scriptTagsOf({ ...frame(head.pts, 0, true), stamps: [text] });
    expect(tag!.subarray(11, -4).toString('hex')).toBe(scriptHex);
  }
});

test('its PTS is that of the picture, not of the tag', () => {
  const bench = new HubBench();
  const { sink } = bench.join();
  bench.play([avcConfig(), stamped(frame(1000, 0, true, 40, 80), 'clock')]);
  const [tag] = packetsOf(sink.received).filter(isCarrier);
  expect(tag!.dts).toBe(1000);
  expect(cueOf(tag!)).toEqual({ v: 1, pts: 1080, text: clockText(1080) });
});

test('whoever joins later gets the tags of the GOP that they begin with', () => {
  const bench = new HubBench();
  bench.play(source);
  const { sink } = bench.join();
  bench.settle();
  const got = packetsOf(sink.received);
  expect(got.filter(isCarrier).map((packet) => cueOf(packet)!.text)).toEqual([
    clockText(160),
    cueText(160, { ...cue, keyed: true }),
  ]);
  expect(got.findIndex(isCarrier)).toBeLessThan(got.findIndex(({ kind }) => kind === 'avc-frame'));
});

test('on WebSocket each is a message of its own', () => {
  const bench = new HubBench();
  const [ws, flv] = [bench.join('ws'), bench.join('flv')];
  bench.play(source);
  bench.settle();
  const messages: Buffer[] = [];
  for (let at = 0, bytes = ws.sink.received; at < bytes.length; ) {
    const short = bytes[at + 1]! & 0x7f;
    const header = short < 126 ? 2 : 4;
    const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
    messages.push(bytes.subarray(at + header, at + header + length));
    at += header + length;
  }
  expect(Buffer.concat(messages).equals(flv.sink.received)).toBe(true);
  for (const message of messages.slice(1)) expect(message.length).toBe(message.readUIntBE(1, 3) + 15);
});

test('nothing leaks early: no key in any tag before the cue has landed', () => {
  const bench = new HubBench();
  const { sink } = bench.join();
  bench.play(source.slice(0, 7));
  bench.settle();
  expect(sink.received.toString('latin1')).toContain('"id":"c1"');
  expect(sink.received.toString('latin1')).not.toContain(KEY);
  bench.play(source.slice(7));
  expect(sink.received.toString('latin1')).toContain(KEY);
});

test('switched off, the bytes are those of frames without stamps', () => {
  const [off, plain] = [new HubBench({ carriers: ['daterange', 'emsg'] }), new HubBench()];
  const [a, b] = [off.join(), plain.join()];
  off.play(source);
  plain.play(
    source.map((packet) => {
      if (packet.kind !== 'avc-frame') return packet;
      const { stamps: _, ...bare } = packet;
      return bare;
    }),
  );
  for (const bench of [off, plain]) bench.settle();
  expect(a.sink.received.equals(b.sink.received)).toBe(true);
});

test("a publisher's own onFramecue goes no further, and is counted", () => {
  const bench = new HubBench();
  const { sink } = bench.join();
  const forged: MediaPacket = {
    kind: 'script',
    dts: ms(0),
    data: encodeAmf0('onFramecue', { v: 1, pts: 0, text: cueText(0, { ...cue, keyed: true }) }),
  };
  bench.play([avcConfig(), forged, frame(0, 0, true)]);
  expect(packetsOf(sink.received).some(isCarrier)).toBe(false);
  expect(bench.hub.stats().foreignScripts).toBe(1);
});

test('a text that is no stamp costs its tag only', () => {
  const bench = new HubBench();
  const { sink } = bench.join();
  bench.play([avcConfig(), { ...frame(0, 0, true), stamps: ['what', clockText(0)] }]);
  expect(packetsOf(sink.received).map(({ kind }) => kind)).toEqual(['avc-config', 'script', 'avc-frame']);
});

test.each<[string, number[], boolean]>([
  ['onMetaData', [...encodeAmf0('onMetaData', { width: 640, list: [[1], { a: null }] })], false],
  [
    'onMetaData without its end, as some encoders write it',
    [...encodeAmf0('onMetaData', { width: 640 })].slice(0, -3),
    false,
  ],
  ['the name itself', [...encodeAmf0('onFramecue', 1)], true],
  // mpegts.js reads a long string's length in two bytes.
  ['the name as a long string', [12, 0, 10, ...Buffer.from('onFramecue'), 5], true],
  ['the name in an array', [...encodeAmf0(['onFramecue'], 1)], true],
  ['a name for all names', [...encodeAmf0('__proto__', { onFramecue: { v: 1, pts: 0, text: 'x' } })], true],
  ['no name', [], true],
  [
    'twenty thousand objects in each other',
    [...encodeAmf0('x'), ...Buffer.alloc(80_000, Buffer.of(3, 0, 1, 0x61))],
    true,
  ],
  ['arrays in each other', [...encodeAmf0('x'), ...Buffer.alloc(5_000, Buffer.of(10, 0, 0, 0, 1))], true],
])('script data of a publisher: %s', (_, data, isForeign) => {
  const packet: MediaPacket = { kind: 'script', dts: ms(0), data: Uint8Array.from(data) };
  expect(isForeignScript(packet)).toBe(isForeign);
});
