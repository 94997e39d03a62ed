import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import { isFinal } from '../cues/states.ts';
import { until } from './lib/api.ts';
import { OutputReader } from './lib/fires-read.ts';
import { killNine } from './lib/kill.ts';
import { type Publish, type System, startSystem } from './lib/system.ts';

/** How often media is killed, and how often its publisher; all of it: `FRAMECUE_KILLS=50`. */
const KILLS = Number(process.env.FRAMECUE_KILLS ?? 3);
const PUBLISHER_KILLS = Math.min(20, KILLS);
const ROUND_MS = 60_000;
const SETTLED_MS = 40_000;
/** The random moments of a run can be had again. */
const SEED = Number(process.env.FRAMECUE_SEED ?? Date.now() % 1_000_000);

let random = SEED;
/** Numerical Recipes' linear congruential generator. */
const upTo = (limit: number): number => {
  random = (random * 1_664_525 + 1_013_904_223) % 2 ** 32;
  return Math.floor((random / 2 ** 32) * limit);
};

let system: System;
let publish: Publish;
let reader: OutputReader;
/** Cues whose acceptance was acknowledged. */
const known = new Set<string>();
const cues = () => `${system.api.streamPath}/cues`;

beforeAll(async () => {
  const env = { FRAMECUE_CUE_OPEN_LIMIT: '64', FRAMECUE_CUE_PENDING_LIMIT: '200' };
  system = await startSystem(env, { lastRestartMs: 500 });
  const { media, stream } = await system.run();
  reader = new OutputReader(`${media}/${stream.app}/${stream.name}.flv`);
  publish = await system.publish('bframes-25');
}, 60_000);
afterAll(async () => {
  await reader?.stop();
  await system?.stop();
});

/** A request that a kill may cut short: null, nobody knows what became of it. */
async function ask(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; cue: Cue } | null> {
  try {
    const { status, body: cue } = await system.api.media<Cue>(method, path, body);
    if (status < 300 && typeof cue?.id === 'string') known.add(cue.id);
    return { status, cue };
  } catch (error) {
    // A connection that is refused or cut has no status; whatever else goes wrong is not the kill's doing.
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError') return null;
    throw error;
  }
}

const wait = (spanMs: number) => new Promise((resolve) => setTimeout(resolve, spanMs));

/** A running order: all that a cue can be at the moment of a kill. */
async function runningOrder(round: string): Promise<void> {
  const of = (name: string) => `${round}-${name}`;
  const data = { n: round };
  const open = { type: 'interaction.open', data, durationMs: 60_000 };
  await Promise.all([
    (async () => {
      await ask('POST', cues(), { ...open, id: of('armed'), armed: true });
      await wait(upTo(800));
      const take = { delayMs: 200 + upTo(1_000), announceMs: upTo(2) * 800 };
      await Promise.all([1, 2].map(() => ask('POST', `${cues()}/${of('armed')}/take`, take)));
    })(),
    ask('POST', cues(), {
      type: 'custom.at',
      data,
      id: of('at'),
      at: Date.now() + 500 + upTo(2_500),
      announceMs: 700,
    }),
    ask('POST', cues(), { type: 'custom.pts', data, id: of('delay'), delayMs: upTo(3_000), announceMs: 0 }),
    ask('POST', cues(), { type: 'custom.far', data, id: of('far'), delayMs: 9_000, announceMs: 8_500 }),
    ask('POST', cues(), {
      type: 'custom.every',
      data,
      id: of('series'),
      series: { everyMs: 1_000, count: 4 },
    }),
    (async () => {
      await ask('POST', cues(), { ...open, id: of('void') });
      await wait(200 + upTo(1_000));
      await ask('POST', `${cues()}/${of('void')}/cancel`);
    })(),
    (async () => {
      await ask('POST', cues(), { ...open, id: of('withdrawn'), delayMs: 3_000, announceMs: 2_900 });
      await wait(300 + upTo(1_500));
      await ask('POST', `${cues()}/${of('withdrawn')}/cancel`);
    })(),
  ]);
}

const isOver = ({ state, landing }: Cue): boolean =>
  isFinal(state) || state === 'uncertain' || state === 'armed' || landing !== null;

/** Of every cue that was acknowledged: what became of it. */
async function settled(): Promise<readonly Cue[]> {
  const all: Cue[] = [];
  for (const id of known) {
    all.push(
      await until(`${id} has come to an end`, SETTLED_MS, async () => {
        const cue = await system.api.cue(id);
        return isOver(cue) ? cue : null;
      }),
    );
  }
  return all;
}

function expectNothingTwiceOrLost(all: readonly Cue[]): void {
  for (const [id] of reader.cues)
    expect({ id, fires: reader.momentsOf(id).length <= 1 }).toEqual({ id, fires: true });
  for (const { id, state, reason, voided } of all) {
    const fired = reader.momentsOf(id).length > 0;
    if (state === 'missed' || state === 'uncertain') expect(reason?.text).toMatch(/\w/);
    // What was on a picture never counts as not having been there.
    if (fired)
      expect({ id, state }).toEqual({ id, state: expect.stringMatching(/^(landed|ended|uncertain)$/) });
    if (voided?.landing != null) expect(reader.cues.get(id)?.voidings.size).toBeGreaterThan(0);
  }
}

describe('kill -9 of media in the middle of a running order', () => {
  it(
    'fires no cue twice, and loses none without saying so',
    async () => {
      for (let n = 0; n < KILLS; n++) {
        const order = runningOrder(`k${n}`);
        await wait(upTo(3_500));
        await killNine(system, 'media');
        await order;
        publish = await system.publish('bframes-25');
        // Whoever pressed and got no answer presses again.
        await ask('POST', `${cues()}/k${n}-armed/take`, {});
      }
      // The last order's series goes on.
      await until('a series goes on after the kill', SETTLED_MS, async () => {
        for (let n = 2; n <= 4; n++) await ask('GET', `${cues()}/k${KILLS - 1}-series.${n}`);
        return !known.has(`k${KILLS - 1}-series.1`) || known.has(`k${KILLS - 1}-series.4`) ? true : null;
      });
      const all = await settled();
      expectNothingTwiceOrLost(all);
      const count = (state: string) => all.filter((cue) => cue.state === state).length;
      const counts = Object.fromEntries(
        [...new Set(all.map(({ state }) => state))].map((s) => [s, count(s)]),
      );
      console.info(`seed ${SEED}: ${KILLS} kills, ${all.length} cues`, counts, `${reader.joins} joins`);
      expect(all.length).toBeGreaterThan(KILLS * 3);
      expect(reader.cues.size).toBeGreaterThan(KILLS);
    },
    KILLS * ROUND_MS,
  );
});

describe('a publisher that fails between announcement and fire', () => {
  it(
    'has the cue announced again in the new epoch, under the next revision; it fires once, or is missed with a reason',
    async () => {
      let landed = 0;
      for (let n = 0; n < PUBLISHER_KILLS; n++) {
        const id = `p${n}`;
        await ask('POST', cues(), {
          type: 'custom.ahead',
          data: { n },
          id,
          delayMs: 6_000,
          announceMs: 5_500,
        });
        const announced = await until(`${id} is announced`, SETTLED_MS, async () => {
          const cue = await system.api.cue(id);
          return cue.state === 'announced' ? cue : null;
        });
        await wait(upTo(1_000));
        process.kill(publish.push.pid!, 'SIGKILL');
        await publish.push.exited;
        await until('the publisher is gone', SETTLED_MS, async () => {
          const { body } = await system.api.media<{ live: boolean }>('GET', system.api.streamPath);
          return body.live ? null : true;
        });
        publish = await system.publish('bframes-25');
        const cue = await until(`${id} has come to an end`, SETTLED_MS, async () => {
          const now = await system.api.cue(id);
          return isOver(now) ? now : null;
        });
        if (cue.landing === null)
          expect(cue).toMatchObject({ state: 'missed', reason: { code: 'STREAM_AWAY' } });
        else {
          landed++;
          expect(cue.rev).toBeGreaterThan(announced.rev);
          const read = await until(`${id} is read`, SETTLED_MS, async () => {
            const found = reader.cues.get(id);
            return found !== undefined && found.fires.size > 0 ? found : null;
          });
          expect(read.announced.size).toBeGreaterThanOrEqual(1);
        }
      }
      expect(landed).toBeGreaterThan(PUBLISHER_KILLS / 2);
      expectNothingTwiceOrLost(await settled());
    },
    PUBLISHER_KILLS * ROUND_MS,
  );
});
