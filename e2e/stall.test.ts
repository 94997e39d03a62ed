import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlvReader } from '../packet/flv-reader.ts';
import type { MediaPacket } from '../packet/packet.ts';
import { until } from './lib/api.ts';
import { type System, startSystem } from './lib/system.ts';

/** A viewer on a bare socket: reads when told to, and keeps the video packets it got. */
class RawViewer {
  readonly video: (MediaPacket & { kind: 'avc-frame' })[] = [];
  closedAt: number | null = null;
  readonly #socket: Socket;
  readonly #reader = new FlvReader();
  #inBody = false;
  #head = Buffer.alloc(0);

  constructor(port: number, path: string, reads: boolean) {
    this.#socket = connect({ host: '127.0.0.1', port });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.closedAt = performance.now();
    });
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    if (reads) this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    else this.#socket.pause();
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (!this.#inBody) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return;
      this.#inBody = true;
      body = this.#head.subarray(end + 4);
    }
    for (const item of this.#reader.read(body)) {
      if (item.kind === 'packet' && item.packet.kind === 'avc-frame') this.video.push(item.packet);
    }
  }

  /** Reads what is left: a socket that is not read is not told of its end. */
  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

describe('a viewer that stops reading for 60 s', () => {
  let system: System;
  let stalled: RawViewer;
  let readers: RawViewer[];
  let peakMetric = 0;
  const startedAt = { ms: 0 };

  beforeAll(async () => {
    system = await startSystem();
    // The demo's stream: enough bits that the kernel's buffers are full soon.
    await system.publish('demo', { seconds: 8 });
    const { media, stream } = await system.run();
    const port = Number(new URL(media).port);
    const path = `/${stream.app}/${stream.name}.flv`;
    startedAt.ms = performance.now();
    stalled = new RawViewer(port, path, false);
    readers = Array.from({ length: 3 }, () => new RawViewer(port, path, true));
    await until('60 s have passed', 120_000, async () => {
      const { body } = await system.api.media<string>('GET', '/metrics');
      const peak = /^framecue_viewer_queue_peak_bytes\{[^}]*protocol="flv"[^}]*\} (\d+)/m.exec(body);
      peakMetric = Math.max(peakMetric, Number(peak?.[1] ?? 0));
      return performance.now() - startedAt.ms > 60_000 ? true : null;
    });
  });

  afterAll(async () => {
    for (const viewer of [stalled, ...readers]) viewer.destroy();
    await system.stop();
  });

  it('stays within its bound of 2 MiB or one GOP', () => {
    expect(peakMetric).toBeGreaterThan(0);
    expect(peakMetric).toBeLessThanOrEqual(2 * 1024 * 1024);
  });

  it('is cut, counted with its reason', async () => {
    const { body } = await system.api.media<string>('GET', '/metrics');
    expect(body).toMatch(/framecue_viewers_left_total\{[^}]*protocol="flv",reason="stalled"[^}]*\} 1/);
    stalled.resume();
    await until('its socket is closed', 10_000, async () => (stalled.closedAt === null ? null : true));
  });

  it('costs the others nothing: every picture, in order, to the end', () => {
    for (const { video } of readers) {
      expect(video.length).toBeGreaterThan(55 * 25);
      expect(video[0]!.isKeyframe).toBe(true);
      const steps = video.slice(1).map((frame, i) => frame.dts - video[i]!.dts);
      expect(steps.filter((step) => step !== 40)).toEqual([]);
    }
  });
});
