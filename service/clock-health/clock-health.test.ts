import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ManualClock, systemClock } from '../../packet/clock.ts';
import { createLog } from '../log.ts';
import { ClockHealth, type ClockHealthOptions } from './clock-health.ts';
import { gradeClock } from './grade.ts';
import { ClockPeers } from './peers.ts';
import { askTools, CLOCK_TOOLS, runTool } from './tools.ts';

const log = createLog('media', { logLevel: 'silent' });
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const ERA_S = 2_208_988_800;
const writeTime = (packet: Buffer, at: number, unixUs: number): void => {
  packet.writeUInt32BE((Math.floor(unixUs / 1e6) + ERA_S) % 2 ** 32, at);
  packet.writeUInt32BE(Math.floor(((unixUs % 1e6) / 1e6) * 2 ** 32), at + 4);
};

/** A time server on a UDP port, ahead of this clock by `aheadMs`. */
async function timeServer(aheadMs: number, spoil: (answer: Buffer) => Buffer | null = (a) => a) {
  const socket: Socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    const now = systemClock.unixUs() + aheadMs * 1000;
    const answer = Buffer.alloc(48);
    answer[0] = 0x24;
    answer[1] = 2;
    answer.writeUInt32BE(0x0000_0148, 4);
    answer.writeUInt32BE(0x0000_0052, 8);
    question.copy(answer, 24, 40, 48);
    writeTime(answer, 32, now);
    writeTime(answer, 40, now);
    const spoilt = spoil(answer);
    if (spoilt !== null) socket.send(spoilt, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  ends.push(() => socket.close());
  return `ntp://127.0.0.1:${socket.address().port}`;
}

const spoilt =
  (spoil: (answer: Buffer) => unknown) =>
  (answer: Buffer): Buffer => {
    spoil(answer);
    return answer;
  };

async function webServer(answer: (t1: number) => { status: number; body: string; headers?: object }) {
  const server: Server = createServer((req, res) => {
    const { status, body, headers } = answer(Number(new URL(req.url!, 'http://a').searchParams.get('t1')));
    res.writeHead(status, { ...headers }).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const verdictOf = async (...urls: string[]) => {
  const peers = new ClockPeers(urls, systemClock);
  await peers.ask();
  return { ...peers.verdict(), problems: peers.status().map(({ problem }) => problem) };
};

describe('peers', () => {
  test('a time server: how far off, and the bound with what it says of itself', async () => {
    const { offsetMs, uncertaintyMs } = await verdictOf(await timeServer(-250));
    expect(offsetMs! - 250).toBeLessThan(uncertaintyMs);
    expect(offsetMs! - 250).toBeGreaterThan(-uncertaintyMs);
    // Half of 5 ms of root delay, and 1.25 ms of dispersion.
    expect(uncertaintyMs).toBeGreaterThan(3.7);
    expect(uncertaintyMs).toBeLessThan(100);
  });

  test.each<[string, (answer: Buffer) => Buffer | null, string]>([
    ['that is not synchronised', spoilt((a) => a.writeUInt8(0xe4, 0)), 'the server is not synchronised'],
    [
      'that sends a kiss of death',
      spoilt((a) => a.writeUInt8(0, 1) + a.write('RATE', 12, 'latin1')),
      'the server refuses (RATE)',
    ],
    ['that sends half', (a) => a.subarray(0, 20), 'the answer is too short'],
    ['that answers as a client', spoilt((a) => a.writeUInt8(0x23, 0)), 'the answer is none of a time server'],
    [
      'that runs backwards',
      spoilt((a) => a.writeUInt32BE(a.readUInt32BE(40) - 9, 40)),
      'the times of the answer contradict each other',
    ],
  ])('a time server %s', async (_, spoil, problem) => {
    const { offsetMs, problems } = await verdictOf(await timeServer(0, spoil));
    expect([offsetMs, problems]).toEqual([null, [problem]]);
  });

  test('an answer to another question is passed over, and silence ends in time', {
    timeout: 10_000,
  }, async () => {
    const url = await timeServer(
      0,
      spoilt((a) => a.writeUInt32BE(7, 24)),
    );
    expect((await verdictOf(url)).problems).toEqual(['no answer in time']);
  });

  test('another framecue server, by its exchange', async () => {
    const url = await webServer((t1) => {
      const now = systemClock.unixUs() + 60_000_000;
      return { status: 200, body: JSON.stringify({ t1, t2: now, t3: now }) };
    });
    const { offsetMs, uncertaintyMs } = await verdictOf(url);
    expect(Math.abs(offsetMs! + 60_000)).toBeLessThanOrEqual(uncertaintyMs);
  });

  test('any web server by its Date: a second wide; none out of a cache', async () => {
    const { offsetMs, uncertaintyMs } = await verdictOf(await webServer(() => ({ status: 404, body: 'no' })));
    expect(Math.abs(offsetMs!)).toBeLessThanOrEqual(uncertaintyMs);
    expect(uncertaintyMs).toBeGreaterThanOrEqual(500);
    const cached = await webServer(() => ({ status: 200, body: '{}', headers: { Age: '4' } }));
    expect((await verdictOf(cached)).offsetMs).toBeNull();
  });

  test('the majority counts; where there is none, nobody', async () => {
    const [right, alsoRight, wrong] = [await timeServer(0), await timeServer(1), await timeServer(90_000)];
    const three = await verdictOf(right, alsoRight, wrong);
    expect(Math.abs(three.offsetMs!)).toBeLessThan(100);
    expect([three.agreeing, three.answering]).toEqual([2, 3]);
    expect(await verdictOf(right, wrong)).toMatchObject({ offsetMs: null, agreeing: 1, answering: 2 });
  });

  test('one that cannot be reached is told of, and nothing throws', async () => {
    const { problems } = await verdictOf(
      'ntp://127.0.0.1:1',
      'http://127.0.0.1:1',
      'ntp://no.such.host.invalid',
    );
    expect(problems.every((problem) => problem !== null)).toBe(true);
  });
});

describe('tools', () => {
  test('are run for real: one that is not there, one that hangs on, one that floods', async () => {
    expect(await runTool('framecue-no-such-tool', [])).toBeNull();
    expect(await runTool(process.execPath, ['-e', 'console.log(process.env.LC_ALL)'])).toBe('C\n');
    expect(await runTool(process.execPath, ['-e', 'console.log("a"); process.exit(5)'])).toBe('a\n');
    expect((await runTool(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'])) ?? '').toBe('');
  });

  test('see no setting of ours', async () => {
    process.env.FRAMECUE_CLOCK_TEST = 'secret';
    ends.push(() => delete process.env.FRAMECUE_CLOCK_TEST);
    const seen = await runTool(process.execPath, ['-e', 'console.log(JSON.stringify(process.env))']);
    expect(seen).not.toContain('FRAMECUE');
  });

  test('the first that is synchronised counts, before one that is not', async () => {
    const said: Record<string, string> = {
      ntpq: 'leap=11, stratum=16, offset=0, rootdelay=0, rootdisp=0',
      adjtimex: 'maxerror: 5000\nstatus: 8193\n',
    };
    const run = async (command: string) => said[command] ?? null;
    expect(await askTools(run)).toMatchObject({ source: 'kernel', reading: { errorMs: 5 } });
    delete said.adjtimex;
    expect(await askTools(run)).toMatchObject({ source: 'ntp', reading: { state: 'unsynchronised' } });
    expect(await askTools(async () => null)).toBeNull();
    expect(CLOCK_TOOLS.map(({ command }) => command)).toContain('chronyc');
  });
});

describe('the grade', () => {
  const tool = (errorMs: number, offsetMs: number | null = 0) =>
    ({ source: 'chrony', reading: { state: 'synchronised', offsetMs, errorMs } }) as const;
  const peers = (offsetMs: number | null, uncertaintyMs: number, answering = 3) => ({
    ...{ offsetMs, uncertaintyMs, answering, agreeing: answering },
  });
  const grade = (input: Partial<Parameters<typeof gradeClock>[0]>) =>
    gradeClock({ tool: null, peers: null, sinceStepMs: null, ...input });

  test.each([
    [grade({ tool: tool(10) }), 'good', 'chrony'],
    [grade({ tool: tool(10.1) }), 'fair', 'chrony'],
    [grade({ tool: tool(100.1) }), 'poor', 'chrony'],
    [grade({ tool: tool(5), sinceStepMs: 60_000 }), 'fair', 'chrony'],
    [grade({ tool: tool(5), sinceStepMs: 601_000 }), 'good', 'chrony'],
    [grade({ tool: tool(5), peers: peers(4, 2) }), 'good', 'chrony'],
    [grade({ tool: tool(5), peers: peers(3000, 600) }), 'poor', 'chrony'],
    [grade({ tool: tool(5), peers: peers(0, 600) }), 'good', 'chrony'],
    [grade({ peers: peers(3, 4) }), 'good', 'peers'],
    [grade({ peers: peers(3000, 600) }), 'poor', 'peers'],
    [grade({ peers: peers(100, 600) }), 'unknown', 'peers'],
    [grade({ peers: peers(null, 0, 0) }), 'unknown', 'none'],
    [grade({ tool: { source: 'ntp', reading: { state: 'unsynchronised', why: 'No.' } } }), 'poor', 'ntp'],
    [grade({}), 'unknown', 'none'],
  ] as const)('%#', (graded, expected, source) => {
    expect([graded.grade, graded.source]).toEqual([expected, source]);
    expect(graded.advice.length).toBeGreaterThan(5);
  });
});

describe('ClockHealth', () => {
  const CHRONY = 'A29FC87B,1.2.3.4,4,1.5,0.0001,0,0,0,0,0,0.002,0.001,64.5,Normal';
  function rig(over: Partial<ClockHealthOptions> = {}) {
    const clock = new ManualClock();
    const run = async (command: string) => (command === 'chronyc' ? CHRONY : null);
    const health = new ClockHealth({ clock, log, peers: [], run, ...over });
    return { clock, health };
  }

  test('is unknown until it has looked', async () => {
    const { health } = rig();
    expect(health.status()).toMatchObject({ grade: 'unknown', checkedAt: null, errorMs: null });
    const grades: string[] = [];
    health.onGrade((grade) => grades.push(grade));
    await health.check();
    expect(health.status()).toMatchObject({ grade: 'good', source: 'chrony', steps: [] });
    expect(grades).toEqual(['unknown', 'good']);
  });

  test.each([[60_000], [-60_000], [12], [-3_600_000]])(
    'a step of %d ms is told once, and kept',
    async (byMs) => {
      const { clock, health } = rig();
      await health.check();
      const told: number[] = [];
      const grades: string[] = [];
      health.onStep((step) => told.push(step.byMs));
      health.onGrade((grade) => grades.push(grade));
      clock.stepWallMs(byMs);
      for (let i = 0; i < 5; i++) {
        health.look();
        clock.advanceMs(250);
      }
      expect(told).toEqual([byMs]);
      expect(health.status()).toMatchObject({ stepCount: 1, steps: [{ byMs }] });
      expect(grades).toEqual(['good', 'fair']);
      clock.advanceMs(601_000);
      expect(health.grade).toBe('good');
    },
  );

  test('slewing is no step, however long it lasts', () => {
    const { clock, health } = rig();
    for (let i = 0; i < 10_000; i++) {
      clock.advanceMs(250);
      // 1,000 ppm.
      clock.stepWallMs(0.25);
      health.look();
    }
    expect(health.stepCount).toBe(0);
  });

  test('a listener that throws keeps nobody from being told', () => {
    const { clock, health } = rig();
    let told = 0;
    health.onStep(() => {
      throw new Error('mine');
    });
    const off = health.onStep(() => told++);
    clock.stepWallMs(500);
    health.look();
    off();
    clock.stepWallMs(500);
    health.look();
    expect([told, health.stepCount]).toEqual([1, 2]);
  });

  test('what is remembered of steps is bounded', () => {
    const { clock, health } = rig();
    for (let i = 0; i < 100; i++) {
      clock.stepWallMs(1000);
      health.look();
    }
    expect([health.stepCount, health.status().steps.length]).toEqual([100, 20]);
  });

  test('what was asked of peers before a step is forgotten', async () => {
    const { clock, health } = rig({
      run: async () => null,
      peers: ['ntp://a'],
      askPeer: async () => ({ ok: true, reading: { aheadMs: 0, errorMs: 1 } }),
    });
    await health.check();
    expect(health.grade).toBe('good');
    clock.stepWallMs(5000);
    health.look();
    expect(health.status()).toMatchObject({ grade: 'unknown', offsetMs: null });
  });

  test('a tool that breaks in our hands is logged, and the next look goes on', async () => {
    let broken = true;
    const { health } = rig({
      run: async () => {
        if (broken) throw new Error('not expected');
        return CHRONY;
      },
    });
    await health.check();
    expect(health.grade).toBe('unknown');
    broken = false;
    await health.check();
    expect(health.grade).toBe('good');
  });

  test('started, it looks by itself; stopped, it does not', async () => {
    const { health } = rig();
    health.start();
    health.start();
    await expect.poll(() => health.grade).toBe('good');
    health.stop();
    health.stop();
  });
});
