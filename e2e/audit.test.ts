import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import type { OutputReceipt } from '../cues/output-receipt.ts';
import type { StreamStatus } from '../server/media/status.ts';
import { request, until } from './lib/api.ts';
import { openBrowser } from './lib/browser.ts';
import { type Edge, startEdge } from './lib/edge.ts';
import { NEAR_HLS, type Publish, type System, startSystem } from './lib/system.ts';

/** HLS is some segments behind; machines are slow. */
const SETTLED_MS = 40_000;
/** What is never read is given up after this. */
const TIMEOUT_MS = 12_000;
const OWN = ['flv', 'hls', 'ws'];

let edge: Edge;
let system: System;

/** The cue once so many outputs have answered. */
const receiptOf = (id: string, outputs: number): Promise<Cue> =>
  until(`${outputs} outputs have answered for ${id}`, SETTLED_MS, async () => {
    const cue = await system.api.cue(id);
    return Object.keys(cue.landing?.outputs ?? {}).length >= outputs ? cue : null;
  });

const status = async (): Promise<StreamStatus> =>
  (await system.api.media<StreamStatus>('GET', system.api.streamPath)).body;

/** Values of a metric, by its labels as they stand. */
async function metric(name: string): Promise<Map<string, number>> {
  const { body } = await system.api.media<string>('GET', '/metrics');
  const rows = body.split('\n').filter((line) => line.startsWith(`${name}{`));
  return new Map(
    rows.map((row) => [row.slice(name.length, row.lastIndexOf(' ')), Number(row.split(' ').at(-1))]),
  );
}

/** The value of the row whose labels hold all of these. */
const figureOf = (rows: Map<string, number>, ...labels: string[]): number | undefined =>
  [...rows].find(([key]) => labels.every((label) => key.includes(label)))?.[1];

describe('the outputs of this server', () => {
  let publish: Publish;

  beforeAll(async () => {
    system = await startSystem({ ...NEAR_HLS, FRAMECUE_PUBLISH_AWAY_MS: '1000' });
    publish = await system.publish('bframes-25');
  });
  afterAll(() => system.stop());

  it('are read back: each says that the cue is there, on its PTS, in time', async () => {
    const now = await system.api.mark({ type: 'custom.now', durationMs: 60_000 });
    const ahead = await system.api.mark({
      type: 'custom.ahead',
      delayMs: 3_000,
      announceMs: 2_000,
      data: { x: 1 },
    });
    for (const { id } of [now, ahead]) {
      const { landing } = await receiptOf(id, 3);
      expect(Object.keys(landing!.outputs).sort()).toEqual(OWN);
      for (const [output, receipt] of Object.entries(landing!.outputs)) {
        expect(receipt, output).toMatchObject({ seen: 'sei', pts: landing!.pts, offsetMs: 0 });
        expect(receipt, output).not.toHaveProperty('problem');
        expect(receipt.copies, output).toBeGreaterThanOrEqual(5);
        expect(receipt.delayMs, output).toBeGreaterThan(0);
      }
      expect(landing!.outputs.flv!.carriers).toEqual(['onframecue']);
      expect([...landing!.outputs.hls!.carriers].sort()).toEqual(['daterange', 'emsg']);
    }
  });

  it('are no viewers for it, and shown with their last cue', async () => {
    const { viewers, audit } = await status();
    expect(viewers.total).toBe(0);
    expect(audit!.outputs.map(({ output, state }) => `${output} ${state}`).sort()).toEqual(
      OWN.map((output) => `${output} reading`),
    );
    for (const { last } of audit!.outputs)
      expect(last).toMatchObject({ seen: 'sei', since: expect.any(Number) });
    expect([...(await metric('framecue_viewers')).values()].every((value) => value === 0)).toBe(true);
    expect(figureOf(await metric('framecue_audit_cues_total'), 'output="hls"', 'result="sei"')).toBe(2);
    expect(figureOf(await metric('framecue_audit_missing'), 'output="hls"')).toBe(0);
  });

  it('change a receipt three times at most', async () => {
    const { id } = await system.api.mark({ type: 'custom.counted' });
    await receiptOf(id, 3);
    const entries = await until('the log has all of it', SETTLED_MS, async () => {
      const found = entriesOf(id);
      return found.at(-1)!.landing?.outputs.hls === undefined ? null : found;
    });
    // accepted, landed, outputs soon, later and at last; the end of its window is still ahead
    expect(entries.length).toBeLessThanOrEqual(5);
    expect(entries.at(-1)!.landing!.outputs).toHaveProperty('hls');
  });

  it('are read again when the stream comes back after its end', async () => {
    await publish.stop();
    await until('the stream is over for viewers', SETTLED_MS, async () => {
      const { audit } = await status();
      return audit!.outputs.every(({ state }) => state !== 'reading') ? true : null;
    });
    await system.publish('bframes-25');
    await until('all are read again', SETTLED_MS, async () => {
      const { audit } = await status();
      const read = audit!.outputs.filter(
        ({ state, lastPictureAgeMs: age }) => state === 'reading' && age! < 4_000,
      );
      return read.length === 3 ? true : null;
    });
    const { id } = await system.api.mark({ type: 'custom.after-the-return' });
    const { landing } = await receiptOf(id, 3);
    for (const [output, receipt] of Object.entries(landing!.outputs)) {
      expect(receipt, output).toMatchObject({ seen: 'sei', pts: landing!.pts, offsetMs: 0 });
    }
  });
});

/** Media is killed, as by a crash, and started again. */
async function restartMedia(): Promise<void> {
  const before = (await system.run()).pids.media;
  process.kill(before, 'SIGKILL');
  await until('media is started again', SETTLED_MS, async () => {
    const { pids } = await system.run();
    if (pids.media === before) return null;
    return (await system.api.media('GET', '/health/ready')).status === 200 ? true : null;
  });
}

/** The entries of a cue in the log, which is what the feed gives. */
function entriesOf(id: string): Cue[] {
  const log = new DatabaseSync(join(system.dataDir, 'cues.db'), { readOnly: true });
  const rows = log.prepare('SELECT json FROM entries WHERE cue_id = ? ORDER BY seq').all(id);
  log.close();
  return rows.map((row) => JSON.parse(String(row.json)) as Cue);
}

describe('outputs elsewhere', () => {
  let media = '';
  let dead: Server;

  beforeAll(async () => {
    edge = await startEdge(() => media, 'live/main');
    dead = createServer(() => undefined);
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
    const named = [
      `@edge=${edge.url}/flv/whole?token=secret-of-the-edge`,
      `live/main@bare=${edge.url}/flv/bare`,
      `@cdn=${edge.url}/master.m3u8`,
    ];
    system = await startSystem({
      ...NEAR_HLS,
      FRAMECUE_AUDIT_URLS: named.join(','),
      FRAMECUE_AUDIT_TIMEOUT_MS: String(TIMEOUT_MS),
      FRAMECUE_AUDIT_OUTPUTS: '5',
    });
    media = (await system.run()).media;
    await system.publish('bframes-25');
    await until('all outputs are read', SETTLED_MS, async () => {
      const { audit } = await status();
      return audit!.outputs.filter((output) => output.pictures > 0).length === 7 ? true : null;
    });
  });
  afterAll(async () => {
    await system.stop();
    await edge.close();
    dead.closeAllConnections();
    dead.close();
  });

  it('tell which of them lost the cue: each rendition of a master by its own name', async () => {
    const { id } = await system.api.mark({ type: 'custom.lost-somewhere', durationMs: 60_000 });
    const { landing } = await receiptOf(id, 7);
    const seen = Object.fromEntries(
      Object.entries(landing!.outputs).map(([output, receipt]) => [output, receipt.seen]),
    );
    expect(seen).toEqual({
      ...{ flv: 'sei', ws: 'sei', hls: 'sei', edge: 'sei', 'cdn/720p': 'sei' },
      ...{ bare: 'carrier', 'cdn/360p': 'missing' },
    });
    expect(landing!.outputs.bare).toMatchObject({ problem: 'SEI_LOST', carriers: ['onframecue'] });
    expect(landing!.outputs['cdn/360p']).toMatchObject({ problem: 'NO_STAMPS' });
    expect(landing!.outputs['cdn/720p']).toMatchObject({ pts: landing!.pts, offsetMs: 0 });
    expect(landing!.outputs.edge).toMatchObject({ pts: landing!.pts, offsetMs: 0 });

    const missing = await metric('framecue_audit_missing');
    expect(figureOf(missing, 'output="cdn/360p"')).toBe(1);
    expect(figureOf(missing, 'output="cdn/720p"')).toBe(0);
    expect(system.log()).toContain('a cue is missing in an output');
  });

  it('stand in the console: a tick for each that has the cue, words for each that has not', async () => {
    const browser = await openBrowser();
    try {
      const { pages, tokens } = await system.run();
      const page = await browser.newPage({ viewport: { width: 1024, height: 768 } });
      await page.goto(`${pages.director}#token=${tokens.director}`);
      const outputs = page.getByLabel('Outputs', { exact: true }).first();
      await outputs.getByText('cdn/360p missing: it carries no stamps').waitFor({ timeout: SETTLED_MS });
      await outputs.getByText('bare beside the video only').waitFor();
      for (const name of ['FLV', 'WS', 'HLS', 'edge', 'cdn/720p']) {
        await outputs.getByText(`${name} has it`, { exact: true }).waitFor();
      }
    } finally {
      await browser.close();
    }
  });

  it('are named and unnamed at run time; what cannot be read is unread, with its code', async () => {
    const path = `${system.api.streamPath}/audit`;
    const { port } = dead.address() as { port: number };
    const added = await system.api.media<{ output: string }>('POST', path, {
      url: `http://127.0.0.1:${port}/x.flv?token=secret-of-the-edge`,
      label: 'dead',
    });
    expect(added).toMatchObject({ status: 201, body: { output: 'dead', url: `127.0.0.1:${port}/x.flv` } });
    expect(added.headers.get('location')).toBe(`${path}/dead`);
    expect((await system.api.media('POST', path, { url: 'http://127.0.0.1/', label: 'dead' })).status).toBe(
      409,
    );
    edge.set('/loop', (_req, res) => void res.writeHead(302, { location: '/loop' }).end());
    expect((await system.api.media('POST', path, { url: `${edge.url}/loop`, label: 'loop' })).status).toBe(
      201,
    );
    expect(
      (await system.api.media('POST', path, { url: 'http://127.0.0.1/', label: 'more' })).body,
    ).toMatchObject({
      error: { code: 'ERR_AUDIT_LIMIT' },
    });
    for (const body of [
      { url: 'file:///etc/passwd' },
      { url: 'http://x/', label: 'flv' },
      { url: 'http://x/', label: 'a b' },
    ]) {
      expect((await system.api.media('POST', path, body)).body).toMatchObject({
        error: { code: 'ERR_AUDIT_URL' },
      });
    }
    const { id } = await system.api.mark({ type: 'custom.unread' });
    const { landing } = await receiptOf(id, 9);
    expect(landing!.outputs.dead).toMatchObject({ seen: 'unread' } satisfies Partial<OutputReceipt>);
    expect(landing!.outputs.loop).toMatchObject({ seen: 'unread', problem: 'ERR_SOURCE_LIMIT' });
    expect(landing!.outputs.flv).toMatchObject({ seen: 'sei' });

    await restartMedia();
    const kept = await until('they are kept over a restart', SETTLED_MS, async () => {
      const { body } = await system.api.media<{ outputs: { output: string }[] }>('GET', path);
      const names = body.outputs.map(({ output }) => output).filter((name) => /^(dead|loop)/.test(name));
      return names.length === 2 ? names.sort() : null;
    });
    expect(kept).toEqual(['dead', 'loop']);
    await until('their alert metric is back', SETTLED_MS, async () => {
      const missing = await metric('framecue_audit_missing');
      return figureOf(missing, 'output="dead"') === 0 && figureOf(missing, 'output="loop"') === 0
        ? true
        : null;
    });

    for (const label of ['dead', 'loop']) {
      expect((await system.api.media('DELETE', `${path}/${label}`)).status).toBe(204);
    }
    expect((await system.api.media('DELETE', `${path}/dead`)).status).toBe(404);
    await until('they are forgotten', 10_000, async () => {
      const { body } = await system.api.media<{ outputs: { output: string }[] }>('GET', path);
      return body.outputs.some(({ output }) => output === 'dead') ? null : true;
    });
  });

  it('keep their secrets: no token in the log, the metrics, the status or a cue', async () => {
    const { body: metrics } = await system.api.media<string>('GET', '/metrics');
    for (const text of [system.log(), metrics, JSON.stringify(await status())]) {
      expect(text).not.toContain('secret-of-the-edge');
    }
  });

  it('are for those who may direct alone', async () => {
    const path = `${media}${system.api.streamPath}/audit`;
    expect((await request('POST', path, { url: 'http://127.0.0.1/' }, {})).status).toBe(401);
    expect((await request('GET', path, undefined, {})).status).toBe(401);
  });
});

describe('without the audit', () => {
  it('cues land as ever, their outputs stay empty, and the API says why', async () => {
    system = await startSystem({ FRAMECUE_AUDIT: 'off' });
    try {
      await system.publish('bframes-25');
      const { id } = await system.api.mark({ type: 'custom.plain' });
      expect((await system.api.landed(id)).landing!.outputs).toEqual({});
      expect((await status()).audit).toBeNull();
      const answer = await system.api.media('POST', `${system.api.streamPath}/audit`, {
        url: 'http://127.0.0.1/',
      });
      expect(answer).toMatchObject({ status: 409, body: { error: { code: 'ERR_AUDIT_OFF' } } });
    } finally {
      await system.stop();
    }
  });
});

describe('an uncertain cue', () => {
  it('is settled by a named output that kept it over the kill -9', async () => {
    let media = '';
    const kept: Buffer[] = [];
    edge = await startEdge(() => media, 'live/main');
    system = await startSystem({ FRAMECUE_AUDIT_OUTPUTS: '4' });
    try {
      media = (await system.run()).media;
      const published = await system.publish('bframes-25');
      // what a recorder at the edge does
      const recording = await fetch(`${media}/live/main.flv`);
      const reading = (async () => {
        for await (const chunk of recording.body!) kept.push(Buffer.from(chunk));
      })().catch(() => undefined);
      const cue = await system.api.mark({ type: 'custom.kept', data: { question: 1 }, durationMs: 300_000 });
      const { landing } = await system.api.landed(cue.id);
      await until('the recording has it', 10_000, async () =>
        Buffer.concat(kept).includes(`"id":"${cue.id}"`) ? true : null,
      );
      await forgetLanding(system, cue);
      await reading;
      await published.stop();
      media = (await system.run()).media;
      expect(await system.api.cue(cue.id)).toMatchObject({ state: 'uncertain', landing: null });

      const bytes = Buffer.concat(kept);
      edge.set(
        '/recording.flv',
        (_req, res) => void res.writeHead(200, { 'content-length': bytes.length }).end(bytes),
      );
      const path = `${system.api.streamPath}/audit`;
      expect(
        (await system.api.media('POST', path, { url: `${edge.url}/recording.flv`, label: 'dvr' })).status,
      ).toBe(201);
      const settled = await until('it is settled', SETTLED_MS, async () => {
        const found = await system.api.cue(cue.id);
        return found.state === 'uncertain' ? null : found;
      });
      expect(settled).toMatchObject({
        state: 'landed',
        reason: { code: 'READ_BACK' },
        landing: {
          ...{ epoch: landing!.epoch, pts: landing!.pts, fireAtUs: landing!.fireAtUs, frame: null },
          ...{ stampedAtUs: landing!.stampedAtUs, choice: 'read-back' },
          outputs: { dvr: { seen: 'sei', pts: landing!.pts, offsetMs: 0 } },
        },
      });
      expect(edge.asked.get('/recording.flv')).toBe(1);
      expect(figureOf(await metric('framecue_audit_uncertain_total'), 'result="landed"')).toBe(1);
    } finally {
      await system.stop();
      await edge.close();
    }
  });
});

/**
 * A crash between stamp and receipt, made certain: media is killed, and what it had still time to note of the
 * landing is taken out of its log.
 */
async function forgetLanding(target: System, cue: Cue): Promise<void> {
  const before = (await target.run()).pids.media;
  process.kill(before, 'SIGKILL');
  const log = new DatabaseSync(join(target.dataDir, 'cues.db'));
  log.exec('PRAGMA busy_timeout = 5000');
  log
    .prepare('DELETE FROM entries WHERE cue_id = ? AND seq > (SELECT first_seq FROM cues WHERE id = ?)')
    .run(cue.id, cue.id);
  log.prepare('UPDATE cues SET last_seq = first_seq, live = 1 WHERE id = ?').run(cue.id);
  log.close();
  await until('media serves again', SETTLED_MS, async () => {
    const run = await target.run();
    if (run.pids.media === before) return null;
    const { status: code } = await request('GET', `${run.media}/health/ready`, undefined, {});
    return code === 200 ? true : null;
  });
}
