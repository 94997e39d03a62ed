import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createParser } from 'eventsource-parser';
import express from 'express';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { errorHandler } from '../service/http-errors.ts';
import { CueFeed, type CueFeedOptions } from './feed.ts';
import { sampleCue } from './testing/cues.ts';
import { Rig, STREAM } from './testing/rig.ts';

let rig: Rig;
let feed: CueFeed;
let server: Server;
let base: string;
const followers: Follower[] = [];

beforeEach(async () => {
  rig = await new Rig().open();
  rig.gate.begin(STREAM);
});
afterEach(async () => {
  for (const follower of followers.splice(0)) follower.close();
  await stopServing();
  await rig.remove();
});

async function serve(options: Partial<CueFeedOptions> = {}) {
  feed = new CueFeed({
    ...{ cueLog: rig.cueLog, log: rig.log, maxSubscribers: 8, queueBytes: 1_000_000 },
    ...options,
  });
  const app = express().get('/feed', feed.route).use(errorHandler(rig.log));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stopServing() {
  feed.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

interface Seen {
  readonly id: string;
  readonly event: string;
  readonly data: { seq: number; at?: number; cue?: { id: string; state: string }; cues?: { id: string }[] };
}

/** A real reader of server-sent events. */
class Follower {
  readonly events: Seen[] = [];
  comments = 0;
  retryMs: number | null = null;
  ended = false;
  readonly #abort = new AbortController();

  async follow(path = '', lastEventId?: string): Promise<this> {
    followers.push(this);
    const response = await fetch(`${base}/feed${path}`, {
      headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
      signal: this.#abort.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    void this.#read(response.body!);
    return this;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = createParser({
      onEvent: ({ id = '', event = '', data }) => this.events.push({ id, event, data: JSON.parse(data) }),
      onComment: () => this.comments++,
      onRetry: (ms) => {
        this.retryMs = ms;
      },
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    this.ended = true;
  }

  get lines(): string[] {
    return this.events.map(({ event, data }) =>
      event === 'snapshot'
        ? `snapshot at ${data.seq}: ${data.cues!.map((cue) => cue.id).join(' ')}`
        : `${data.seq} ${data.cue!.id} ${data.cue!.state}`,
    );
  }

  sees(...lines: string[]): Promise<void> {
    return vi.waitFor(() => expect(this.lines).toEqual(lines), 15_000);
  }

  close(): void {
    this.#abort.abort();
  }
}

describe('a follower', () => {
  test('first gets a snapshot, then each entry as it is committed, whole and with its id', async () => {
    await serve();
    await rig.mark({ type: 'custom', id: 'a', data: { text: 'line\nbreak' } });
    const follower = await new Follower().follow();
    await follower.sees('snapshot at 1: a');
    await rig.mark({ type: 'custom', id: 'b' });
    rig.land('b');
    await follower.sees('snapshot at 1: a', '2 b accepted', '3 b landed');
    expect(follower.events.map((event) => event.id)).toEqual(
      [1, 2, 3].map((seq) => `${rig.cueLog.epoch}.${seq}`),
    );
    expect(follower.events[0]!.data.cues).toEqual([await rig.book.get(STREAM, 'a')]);
    expect(follower.events[2]!.data).toEqual({ seq: 3, at: rig.now, cue: await rig.book.get(STREAM, 'b') });
    expect(follower.retryMs).toBe(1_000);
  });

  test('resumes after the entry that it saw last, also in a new process', async () => {
    await serve();
    for (const id of ['a', 'b', 'c']) await rig.mark({ type: 'custom', id });
    const lastEventId = `${rig.cueLog.epoch}.1`;
    const follower = await new Follower().follow('', lastEventId);
    await follower.sees('2 b accepted', '3 c accepted');
    await stopServing();
    await vi.waitFor(() => expect(follower.ended).toBe(true), 15_000);
    await rig.crash();
    rig.gate.begin(STREAM);
    await serve();
    // The crash left a, b and c without a receipt.
    await vi.waitFor(() => expect(rig.cueLog.lastSeq).toBe(6), 15_000);
    const again = await new Follower().follow('', follower.events.at(-1)!.id);
    await rig.mark({ type: 'custom', id: 'd' });
    await again.sees('4 a uncertain', '5 b uncertain', '6 c uncertain', '7 d accepted');
  });

  test('of another log, of one that was put back, or with an id that is none, gets a snapshot', async () => {
    await serve();
    await rig.mark({ type: 'custom', id: 'a' });
    for (const lastEventId of ['0123456789abcdef.1', `${rig.cueLog.epoch}.999`, 'nonsense', '']) {
      const follower = await new Follower().follow('', lastEventId);
      await follower.sees('snapshot at 1: a');
    }
  });

  test('whose gap is too old gets a snapshot, then goes on', async () => {
    await rig.cueLog.close(true);
    await rig.open({}, { keepEntries: 2 });
    await serve();
    for (let at = 0; at < 5; at++)
      await rig.cueLog.accept(sampleCue(`c${at}`, { state: 'missed' }), rig.now, null);
    await rig.cueLog.compact(rig.now);
    const follower = await new Follower().follow('', `${rig.cueLog.epoch}.1`);
    await follower.sees('snapshot at 5: c3 c4');
    await rig.cueLog.accept(sampleCue('d'), rig.now, null);
    await follower.sees('snapshot at 5: c3 c4', '6 d accepted');
  });

  test('of one stream sees no other, in the snapshot either', async () => {
    await serve();
    rig.gate.begin('live/other');
    await rig.mark({ type: 'custom', id: 'a' });
    await rig.accept({ type: 'custom', id: 'x' }, { stream: 'live/other' });
    const follower = await new Follower().follow('?stream=live/other');
    await rig.mark({ type: 'custom', id: 'b' });
    await rig.accept({ type: 'custom', id: 'y' }, { stream: 'live/other' });
    await follower.sees('snapshot at 2: x', '4 y accepted');
  });

  test('who is far behind reads page after page, while new entries come, and misses none', async () => {
    await serve();
    const all = Array.from({ length: 700 }, (_, at) => `c${at}`);
    await Promise.all(all.slice(0, 650).map((id) => rig.cueLog.accept(sampleCue(id), rig.now, null)));
    const joining = new Follower().follow('', `${rig.cueLog.epoch}.0`);
    const adding = Promise.all(all.slice(650).map((id) => rig.cueLog.accept(sampleCue(id), rig.now, null)));
    const follower = await joining;
    await adding;
    await follower.sees(...all.map((id, at) => `${at + 1} ${id} accepted`));
  });

  test('among several sees the same as the others', async () => {
    await serve();
    const several = await Promise.all([1, 2, 3].map(() => new Follower().follow()));
    for (const follower of several) await follower.sees('snapshot at 0: ');
    await rig.mark({ type: 'custom', id: 'a' });
    for (const follower of several) await follower.sees('snapshot at 0: ', '1 a accepted');
    expect(feed.subscribers).toBe(3);
    several[0]!.close();
    await vi.waitFor(() => expect(feed.subscribers).toBe(2), 15_000);
  });

  test('hears a heartbeat when nothing happens', async () => {
    await serve({ heartbeatMs: 20 });
    const follower = await new Follower().follow();
    await vi.waitFor(() => expect(follower.comments).toBeGreaterThan(2), 15_000);
  });
});

describe('bounds', () => {
  test('a follower who does not read is cut, and slows nobody', async () => {
    const feedCut = vi.fn();
    await serve({ queueBytes: 200_000, observer: { feedCut } });
    const good = await new Follower().follow();
    const { port } = server.address() as AddressInfo;
    const stalled = connect({ port, host: '127.0.0.1' });
    stalled.pause();
    stalled.write('GET /feed HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitFor(() => expect(feed.subscribers).toBe(2), 15_000);
    const large = (id: string) => sampleCue(id, { data: { text: 'x'.repeat(50_000) } });
    let sent = 0;
    while (feedCut.mock.calls.length === 0 && sent < 400) {
      await rig.cueLog.accept(large(`c${sent++}`), rig.now, null);
    }
    expect(feedCut).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(feed.subscribers).toBe(1), 15_000);
    await vi.waitFor(() => expect(good.events).toHaveLength(sent + 1), 15_000);
    stalled.destroy();
  });

  test('a follower whose socket takes nothing any more is cut even when little is to be sent', async () => {
    const feedCut = vi.fn();
    await serve({ heartbeatMs: 10, stallMs: 50, observer: { feedCut } });
    await rig.cueLog.accept(sampleCue('huge', { data: { text: 'x'.repeat(8_000_000) } }), rig.now, null);
    const { port } = server.address() as AddressInfo;
    const stalled = connect({ port, host: '127.0.0.1' });
    stalled.pause();
    stalled.write('GET /feed HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitFor(() => expect(feedCut).toHaveBeenCalledOnce(), 10_000);
    await vi.waitFor(() => expect(feed.subscribers).toBe(0), 15_000);
    stalled.destroy();
  });

  test('more followers than the limit are told to come back', async () => {
    await serve({ maxSubscribers: 1 });
    await new Follower().follow();
    const response = await fetch(`${base}/feed`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ error: { code: 'ERR_OVERLOADED' } });
  });

  test('a filter that is no stream, or one that it does not know, is told', async () => {
    await serve();
    for (const query of ['stream=live', 'steam=live/main']) {
      const response = await fetch(`${base}/feed?${query}`);
      expect(await response.json()).toMatchObject({ error: { code: 'ERR_REQUEST_INVALID' } });
    }
    expect(feed.subscribers).toBe(0);
  });
});
