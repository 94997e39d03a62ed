import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import type { ItemView, RundownView } from '../director/rundown/view.ts';
import { ROOT } from '../scripts/lib/tools.ts';
import { request, until } from './lib/api.ts';
import { OutputReader } from './lib/fires-read.ts';
import { MediaProcess } from './lib/media-process.ts';
import { untilState } from './lib/quiz.ts';
import { type System, startSystem } from './lib/system.ts';

const SETTLED_MS = 40_000;
const isThrough = ({ state }: ItemView): boolean =>
  ['landed', 'ended', 'missed', 'uncertain', 'cancelled', 'skipped'].includes(state);

describe('a show from its rundown', () => {
  const SETTINGS = { FRAMECUE_VIEWER_SPREAD_CAP_MS: '1000' };
  const CSV = [
    '#title;The quiz',
    'id;type;ref;interaction;data.question;durationMs;after',
    'open;interaction.open;;from-file;Which one?;;',
    'lock;interaction.lock;open;;;;open + 1500',
    'reveal;interaction.reveal;open;;;;lock + 1200',
    'card;product.card;;;;;reveal + 400',
    'last;custom.end;;;;;',
  ].join('\r\n');
  let system: System;
  const rundown = () => `${system.api.streamPath}/rundown`;
  const view = async (): Promise<RundownView> => (await system.api.media<RundownView>('GET', rundown())).body;

  beforeAll(async () => {
    system = await startSystem(SETTINGS);
    await system.publish('bframes-25');
  }, 60_000);
  afterAll(() => system?.stop());

  /** `npx framecue rundown ...` */
  async function framecue(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const { media, tokens } = await system.run();
    const own = args[0] === 'show' && args.length > 1 ? [] : ['--media', media, '--token', tokens.director];
    return new Promise((resolve) => {
      const command = [join(ROOT, 'scripts', 'framecue.ts'), 'rundown', ...args, ...own];
      const env = { ...process.env, ...SETTINGS };
      execFile(process.execPath, command, { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  }

  it('is checked, loaded and run through by the command, hands and the server', async () => {
    const file = join(system.dataDir, 'evening.csv');
    writeFileSync(file, CSV);
    expect(await framecue('check', file)).toMatchObject({ code: 0 });
    // Only events knows that the interaction does not exist yet.
    const early = await framecue('load', file);
    expect(early.code).toBe(1);
    expect(early.out).toContain(`${file}:3: interaction-unknown [open interaction]`);
    expect((await system.api.media('GET', rundown())).status).toBe(404);

    const made = await system.api.events('POST', '/api/v1/interactions', {
      id: 'from-file',
      type: 'quiz',
      config: { question: 'Which one?', options: ['This', 'That'], correct: 1, durationMs: 60_000 },
    });
    expect(made.status).toBe(201);
    const checked = await framecue('check', file, '--server', '--json');
    expect(JSON.parse(checked.out)).toMatchObject({ valid: true, interactionsChecked: true });
    expect(await framecue('load', file)).toMatchObject({ code: 0 });
    expect(await view()).toMatchObject({ id: 'evening', title: 'The quiz', next: 'open' });

    const take = `${rundown()}/items/open/take`;
    const taken = await system.api.media<Cue>('POST', take, {});
    expect(taken).toMatchObject({ status: 202, body: { item: 'open', rundown: 'evening' } });
    expect(await system.api.media<Cue>('POST', take, {})).toMatchObject({
      status: 200,
      body: { id: taken.body.id },
    });
    await untilState(system, 'from-file', 'ACTIVE');
    await until('all that follows has run', SETTLED_MS, async () =>
      (await view()).items.slice(0, 4).every(isThrough) ? true : null,
    );
    const { items, next } = await view();
    expect(items.slice(0, 4).map(({ state }) => state)).not.toContain('missed');
    const [open, lock, reveal, card] = items.map(({ landedPts }) => landedPts!);
    // To the picture: 40 ms of them.
    expect(Math.abs(lock! - open! - 1_500)).toBeLessThanOrEqual(40);
    expect(Math.abs(reveal! - lock! - 1_200)).toBeLessThanOrEqual(40);
    expect(Math.abs(card! - reveal! - 400)).toBeLessThanOrEqual(40);
    await untilState(system, 'from-file', 'RESOLVED');
    expect(next).toBe('last');
    const shown = await framecue('show');
    expect(shown.out).toMatch(/> pending\s+last/);
  });

  it('over HTTP: what it is not, what it refuses, and what goes with it', async () => {
    const { media, tokens } = await system.run();
    const put = (body: string, type: string, query = '') =>
      fetch(`${media}${rundown()}${query}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${tokens.director}`, 'content-type': type },
        body,
      });
    const empty = JSON.stringify({ id: 'r', items: [{ id: 'a', type: 'custom' }] });
    expect((await put(empty, 'text/plain')).status).toBe(415);
    expect((await put(empty, 'application/json', '?chek=1')).status).toBe(400);
    expect((await put(`"${'x'.repeat(1_100_000)}"`, 'application/json')).status).toBe(413);
    expect((await put('', 'text/csv')).status).toBe(400);
    expect((await put(empty, 'application/json', '?check=1')).status).toBe(200);
    // Larger than other bodies may be.
    const notes = 'n'.repeat(1_900);
    const items = Array.from({ length: 40 }, (_, n) => ({ id: `i${n}`, type: 'custom', notes }));
    const large = await put(JSON.stringify({ id: 'large', items }), 'application/json', '?replace=1');
    expect(large.status).toBe(200);
    const anonymous = await request('GET', `${media}${rundown()}`, undefined, {});
    expect(anonymous.status).toBe(401);
    expect((await system.api.media('POST', `${rundown()}/items/nobody/take`, {})).status).toBe(404);
    expect((await system.api.media('POST', `${rundown()}/items/i0/take`, { delayMs: -1 })).status).toBe(400);
    expect((await system.api.media('POST', `${rundown()}/items/i1/arm`)).body).toMatchObject({
      state: 'armed',
    });
    expect((await system.api.media('POST', `${rundown()}/items/i1/skip`)).status).toBe(200);
    expect((await system.api.media('DELETE', `${rundown()}?replace=1`)).status).toBe(204);
    expect((await system.api.media('POST', `${rundown()}/items/i1/take`, {})).status).toBe(404);
  });
});

/** How often media is killed; all of it: `FRAMECUE_KILLS=50`. */
const KILLS = Number(process.env.FRAMECUE_KILLS ?? 3);
/** The random moments of a run can be had again. */
const SEED = Number(process.env.FRAMECUE_SEED ?? Date.now() % 1_000_000);

describe('kill -9 of media in the middle of a rundown', () => {
  let random = SEED;
  /** Numerical Recipes' linear congruential generator. */
  const upTo = (limit: number): number => {
    random = (random * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((random / 2 ** 32) * limit);
  };
  const media = new MediaProcess({ FRAMECUE_CUE_RATE: '1000' });
  const rundown = `${media.streamPath}/rundown`;
  let reader: OutputReader;

  beforeAll(async () => {
    await media.start();
    reader = new OutputReader(`${media.base}/live/main.flv`);
    await media.publish('bframes-25');
  }, 60_000);
  afterAll(async () => {
    await reader?.stop();
    await media.stop();
  });

  /** Items by the clock, behind each other and by hand, some on either side of the kill. */
  function itemsOf(round: number): object[] {
    const from = Date.now() + 1_000;
    const items: object[] = [{ id: `r${round}-hand`, type: 'custom.hand', data: { round } }];
    for (let n = 0; n < 5; n++) {
      const id = `r${round}-at${n}`;
      const announceMs = upTo(2) * 900;
      items.push({ id, type: 'custom.at', at: from + upTo(6_500), announceMs, data: { n } });
      for (const [k, after] of [id, `${id}-0`].entries()) {
        items.push({
          id: `${id}-${k}`,
          type: 'custom.after',
          after: { item: after, ms: upTo(1_200) },
          announceMs,
        });
      }
    }
    items.push({ id: `r${round}-hand-0`, type: 'custom.after', after: { item: `r${round}-hand`, ms: 700 } });
    return items;
  }

  /** On a machine that is slow now, the first moments have passed before the server sees them: then anew. */
  const load = (round: number) =>
    until(`round ${round} is loaded`, SETTLED_MS, async () => {
      const document = { id: `round-${round}`, items: itemsOf(round) };
      const { status, body } = await media.ask('PUT', `${rundown}?replace=1`, document);
      if (status === 200) return true;
      expect(body).toMatchObject({ error: { code: 'ERR_RUNDOWN_INVALID' } });
      expect(JSON.stringify(body)).toContain('"at-passed"');
      return null;
    });

  /** A press that a kill may cut short. */
  async function press(round: number): Promise<void> {
    try {
      await media.ask('POST', `${rundown}/items/r${round}-hand/take`, {});
    } catch (error) {
      if (!(error instanceof TypeError) && (error as Error).name !== 'TimeoutError') throw error;
    }
  }

  const wait = (spanMs: number) => new Promise((resolve) => setTimeout(resolve, spanMs));

  async function checked(round: number): Promise<ReadonlyMap<string, number>> {
    const items = await until(`all items of round ${round} have come to an end`, SETTLED_MS, async () => {
      const { body } = await media.ask<RundownView>('GET', rundown);
      return body.items.every(isThrough) ? body.items : null;
    });
    const { cues } = (await media.ask<{ cues: Cue[] }>('GET', `${media.streamPath}/cues?limit=100`)).body;
    const counts = new Map<string, number>();
    for (const { id, state, cue, reason } of items) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
      const own = cues.filter((one) => one.item === id);
      expect({ id, cues: own.map((one) => one.id) }).toEqual({ id, cues: cue === null ? [] : [cue] });
      const moments = cue === null ? [] : reader.momentsOf(cue);
      expect({ id, fires: moments.length <= 1 }).toEqual({ id, fires: true });
      if (state === 'missed' || state === 'uncertain') expect(reason?.text).toMatch(/\w/);
      // What was on a picture never counts as not having been there.
      if (moments.length > 0)
        expect({ id, state }).toEqual({ id, state: expect.stringMatching(/landed|ended|uncertain/) });
    }
    return counts;
  }

  it(
    'fires no item twice, and loses none without saying so',
    async () => {
      const totals = new Map<string, number>();
      for (let round = 0; round < KILLS; round++) {
        await load(round);
        const pressed = wait(upTo(4_000)).then(() => press(round));
        await wait(upTo(5_000));
        await media.kill();
        await pressed;
        await media.start();
        await media.publish('bframes-25');
        // Whoever pressed and got no answer presses again.
        await press(round);
        for (const [state, count] of await checked(round))
          totals.set(state, (totals.get(state) ?? 0) + count);
        if (KILLS > 3)
          process.stdout.write(`${round + 1} kills: ${JSON.stringify(Object.fromEntries(totals))}\n`);
      }
      // Of both sides of the kills there was something.
      expect(totals.get('landed') ?? 0).toBeGreaterThan(KILLS);
      expect([...totals.values()].reduce((sum, count) => sum + count)).toBe(KILLS * 17);
    },
    60_000 * KILLS,
  );
});
