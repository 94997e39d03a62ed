import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { newCounters } from '../../delivery/counters.ts';
import { HlsOutput } from '../../delivery/hls-output.ts';
import { DEFAULT_HLS_SETTINGS } from '../../delivery/settings.ts';
import { HubBench } from '../../delivery/testing/hub-bench.ts';
import { stamped } from '../../delivery/testing/stamps.ts';
import { ManualClock } from '../../packet/clock.ts';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../../packet/testing/flv-fixture.ts';
import { openSource } from '../sources/source.ts';
import { Inspector, type Summary } from './inspector.ts';
import { PageData } from './page-data.ts';
import { pageOf } from './report-html.ts';
import { describeSummary } from './report-text.ts';

/** What delivery writes, over a WebSocket and from an HTTP server. */
let folder: string;
let flv: Buffer;
let http: Server;
let ws: WebSocketServer;
let base: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-carriers-'));
  const cue = { id: 'c1', firePts: 2080, durationMs: 3000 };
  const packets = packetsOfFlv(await makeFlv({ bFrames: 2, seconds: 5, gop: 30 })).map(
    (packet): MediaPacket => {
      if (packet.kind !== 'avc-frame') return packet;
      const pts = ptsOf(packet);
      const isNear = pts >= 1600 && pts < 2400;
      const copies = isNear ? [{ ...cue, keyed: pts >= 2080 }] : [];
      return packet.isKeyframe
        ? stamped(packet, 'clock', ...copies)
        : isNear
          ? stamped(packet, ...copies)
          : packet;
    },
  );
  const bench = new HubBench({ carriers: ['onframecue'] });
  const { sink } = bench.join();
  bench.play(packets);
  bench.settle();
  flv = sink.received;
  const clock = new ManualClock(1_700_000_000_000_000);
  const settings = { ...DEFAULT_HLS_SETTINGS, windowSegments: 50 };
  const hls = new HlsOutput({ clock, settings, counters: newCounters(), carriers: ['emsg', 'daterange'] });
  for (const packet of packets) {
    clock.advanceMs(Math.max(0, packet.dts - clock.monotonicUs() / 1000));
    hls.push(packet);
  }
  hls.end();
  const playlist = hls.playlist()!.toString();
  for (const name of playlist.match(/(?<=^|")(?:init|seg)-[^"\n]*/gm)!)
    writeFileSync(join(folder, name), hls.file(name)!.bytes);
  writeFileSync(join(folder, 'index.m3u8'), playlist);
  http = createServer();
  ws = new WebSocketServer({ server: http });
  ws.on('connection', (socket) => {
    // Messages end anywhere: only all of them together are FLV. Text is none of it.
    socket.send('hello');
    for (let at = 0; at < flv.length; at += 3333) socket.send(flv.subarray(at, at + 3333));
    socket.close();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  base = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterAll(() => {
  ws.close();
  http.close();
  rmSync(folder, { recursive: true, force: true });
});

async function inspected(address: string): Promise<Summary> {
  const source = await openSource(address, { metadata: true });
  const inspector = new Inspector(source.container);
  try {
    for await (const item of source.items()) inspector.add(item);
  } finally {
    await source.close();
  }
  return inspector.summary();
}

const named = (summary: Summary) =>
  summary.carriers.map(({ carrier, clock, cue, unreadable }) => ({
    carrier,
    clock: clock > 0,
    cue: cue > 0,
    unreadable,
  }));

describe('inspect shows what stands beside the video', () => {
  it('onFramecue of WebSocket-FLV, as many as there are stamps in the video', async () => {
    const summary = await inspected(`${base}/live/main.flv`);
    expect(named(summary)).toEqual([{ carrier: 'onframecue', clock: true, cue: true, unreadable: 0 }]);
    expect(summary.carriers[0]!.cues).toMatchObject([{ id: 'c1', rev: 0, firePts: 2080 }]);
    expect(summary.frames).toBe(125);
    const text = describeSummary(summary, 'show');
    expect(text).toContain('Beside the video\n  script data onFramecue: ');
    expect(text).toMatch(/ {4}cue c1 rev 0 \(interaction\.open\) fires at PTS 2080, \d+ copies/);
  });

  it('emsg and EXT-X-DATERANGE of HLS, in the page too', async () => {
    const summary = await inspected(join(folder, 'index.m3u8'));
    expect(
      named(summary)
        .map(({ carrier }) => carrier)
        .sort(),
    ).toEqual(['daterange', 'emsg']);
    for (const { cues, unreadable, clock } of summary.carriers) {
      expect(cues).toMatchObject([{ id: 'c1', type: 'interaction.open', firePts: 2080 }]);
      expect(unreadable).toBe(0);
      expect(clock).toBeGreaterThan(0);
    }
    const html = await pageOf('show', summary, new PageData());
    expect(html).toContain('<h2>Beside the video</h2>');
    expect(html).toContain('EXT-X-DATERANGE');
  });

  it('a carrier that is damaged is a finding, and others are counted by name', () => {
    const inspector = new Inspector('hls');
    const range = { kind: 'daterange', startDate: new Date(0), durationSeconds: null, offset: null } as const;
    inspector.add({ ...range, id: 'x', attributes: { CLASS: 'framecue.cue', 'X-FRAMECUE': '0x7b' } });
    inspector.add({ ...range, id: 'y', attributes: { CLASS: 'framecue.cue' } });
    inspector.add({ ...range, id: 'ad', attributes: { CLASS: 'com.example.ad' } });
    inspector.add({ kind: 'script', dts: 0, name: 'onMetaData', data: new Uint8Array(), offset: 0 });
    inspector.add({ kind: 'script', dts: 0, name: 'onFramecue', data: Uint8Array.of(2, 0, 200), offset: 0 });
    const { findings, carriers, others } = inspector.summary();
    expect(findings).toMatchObject([{ code: 'STAMP_UNREADABLE', count: 3 }]);
    expect(carriers.map(({ carrier, unreadable }) => [carrier, unreadable])).toEqual([
      ['daterange', 2],
      ['onframecue', 1],
    ]);
    expect(others.map(({ kind, name, count }) => [kind, name, count])).toEqual([
      ['daterange', 'com.example.ad', 1],
      ['script', 'onMetaData', 1],
    ]);
  });
});
