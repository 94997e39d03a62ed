import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DRAW_OPERATIONS } from '../../events/draws/operations.ts';
import { signatureOf, TEST_CHAIN } from '../../events/draws/testing.ts';
import { TREASURY_OPERATIONS } from '../../events/http/treasury-operations.ts';
import { OUTBOX_OPERATIONS } from '../../events/outbox/operations.ts';
import { answer, Downstream, SECRET } from '../../events/outbox/testing/downstream.ts';
import { DIRECTOR, EventsUnderTest, SPREAD_MS, TREASURER } from '../../events/test-support/harness.ts';
import { until } from '../../events/test-support/until.ts';
import { ROOT } from '../lib/tools.ts';
import { drawCommand } from './draw.ts';
import { measureCommand } from './measure.ts';
import { outboxCommand } from './outbox.ts';
import { poolCommand } from './pool.ts';
import { isPrizesBad, prizesText } from './prizes/report.ts';
import { ran } from './prizes/testing.ts';
import { statusCommand } from './status.ts';

const DURATION_MS = 10_000;
const BOOK = ['--title', 'A book', '--show', 's1', '--tier', 'low', '--currency', 'EUR'];

/** Of media: a stream on the air. */
const ON_AIR = {
  streams: [{ stream: 'live/main', live: true, health: null, audit: null, programmeDelay: { frames: 1 } }],
  recentEvents: [],
  clock: { grade: 'good', source: 'none', errorMs: null, advice: '', steps: [] },
};
const media = createServer((_, res) => res.end(JSON.stringify(ON_AIR)));
const downstream = new Downstream();
let events: EventsUnderTest;
let data: string;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'framecue-prizes-cli-'));
  vi.stubEnv('FRAMECUE_DATA_DIR', data);
  await downstream.listen();
  await new Promise<void>((resolve) => media.listen(0, '127.0.0.1', resolve));
  events = await new EventsUnderTest({
    // Nobody is there: the draw's randomness is given by hand.
    draws: { relays: ['http://127.0.0.1:9'], chain: TEST_CHAIN },
    rewards: {
      ...{ url: downstream.url, secrets: [SECRET], timeoutMs: 10_000, signedAnswers: false },
      ...{ giveUpMs: 1e12, perSecond: 1_000, lanePerSecond: 1_000, concurrency: 4 },
    },
  }).start();
  const tokens = { director: DIRECTOR, treasurer: TREASURER, viewer: '' };
  const run = {
    events: events.url,
    media: 'http://127.0.0.1:9',
    stream: { app: 'live', name: 'main' },
    tokens,
  };
  writeFileSync(join(data, 'run.json'), JSON.stringify(run));
});
afterAll(async () => {
  await events.stop();
  await downstream.close();
  media.closeAllConnections();
  media.close();
  rmSync(data, { recursive: true });
  vi.unstubAllEnvs();
});

const pool = (...args: readonly string[]) => ran(poolCommand(), args);
const draw = (...args: readonly string[]) => ran(drawCommand(), args);
const outbox = (...args: readonly string[]) => ran(outboxCommand(), args);
const measure = (...args: readonly string[]) => ran(measureCommand(), args);
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const status = (...args: readonly string[]) =>
  ran(statusCommand(), ['--media', `http://127.0.0.1:${portOf(media)}`, '--token', DIRECTOR, ...args]);
const file = (name: string, content: unknown): string => {
  const path = join(data, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};
/** One after the other, until a command says it. */
const says = (command: () => Promise<{ out: string }>, text: string | RegExp) =>
  until(async () => {
    events.time.advance(500);
    expect((await command()).out).toMatch(text);
  });

describe('framecue pool', () => {
  test('opens, funds once a key, closes, sweeps and reopens; and nothing that is final without --yes', async () => {
    expect(await pool('list')).toMatchObject({ code: 0, out: 'No pool.\n' });
    const budget = ['--pieces', '3', '--amount-minor', '4500'];
    const opened = await pool('create', 'books', ...BOOK, ...budget);
    expect(opened).toMatchObject({ code: 0, err: '' });
    expect(opened.out).toBe('books: open; free 3 pieces, 45.00 EUR; reserved 0 pieces, granted 0 pieces\n');
    expect((await pool('create', 'books', ...BOOK, ...budget)).out).toContain('was opened before');
    const other = await pool('create', 'books', ...BOOK, '--pieces', '4');
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('(ERR_POOL_EXISTS)\n  The terms') });

    const more = ['fund', 'books', '--pieces', '2', '--amount-minor', '500'];
    expect(await pool(...more)).toMatchObject({ code: 2, err: expect.stringContaining('by --yes') });
    const funded = await pool(...more, '--yes', '--key', 'k1');
    expect(funded).toMatchObject({ code: 0, out: expect.stringContaining('free 5 pieces, 50.00 EUR') });
    expect((await pool(...more, '--yes', '--key', 'k1')).out).toContain('had been done before');
    const conflict = await pool('fund', 'books', '--pieces', '1', '--yes', '--key', 'k1');
    expect(conflict).toMatchObject({ code: 1, err: expect.stringContaining('ERR_IDEMPOTENCY_CONFLICT') });
    // Without a key each is one of its own.
    await pool('fund', 'books', '--amount-minor', '1', '--yes');
    expect((await pool('fund', 'books', '--amount-minor', '1', '--yes')).out).toContain('50.02 EUR');

    expect(await pool('sweep', 'books', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('ERR_POOL_STATE'),
    });
    expect((await pool('close', 'books', '--why', 'the end')).out).toMatch(/^books: closed; /);
    expect(await pool('sweep', 'books')).toMatchObject({ code: 2 });
    expect((await pool('sweep', 'books', '--yes')).out).toContain('returned: 5 pieces, 50.02 EUR');
    expect((await pool('account', '--settled')).out).toContain('All of it adds up; every piece is granted');
    expect((await pool('reopen', 'books')).out).toMatch(/^books: open; free 0 pieces/);
    expect((await pool('fund', 'books', ...budget, '--yes')).code).toBe(0);
    expect(await pool('account')).toMatchObject({ code: 0, out: expect.stringContaining('not every piece') });
    expect((await pool('account', '--settled')).code).toBe(1);
  });

  test('lists and shows, page by page, as the server says it and in words', async () => {
    await pool('create', 'pens', ...BOOK, '--deny', 'FR,BE', '--leftover-to', 'books', '--reverse-on-void');
    const page = await pool('list', '--limit', '1');
    expect(page.out).toMatch(/^id +show +tier .*\nbooks +s1 +low +open +3 +8 +45.00 EUR/);
    expect(page.out).toContain('--after books');
    const json = JSON.parse((await pool('list', '--json', '--after', 'books', '--show', 's1')).out);
    expect(json).toMatchObject({ pools: [{ id: 'pens', regions: { deny: ['FR', 'BE'] } }], next: null });

    expect((await pool('show', 'pens')).out).toContain(
      'not in FR, BE; what is left goes to books; grants of a voided round are taken back',
    );
    const shown = await pool('show', 'books', '--limit', '2');
    expect(shown.out).toMatch(/fund +3 +45.00 EUR[\s\S]*sweep-out +5 +50.02 EUR[\s\S]*--before \d+/);
    expect((await pool('totals', '--show', 's1')).out).toMatch(/^rights: 0 earned[\s\S]*EUR +2 +3/);
    const people = await pool('people', '--by', 'treasurer', '--target', 'books');
    expect(people.out).toMatch(/treasurer +pool\.fund[\s\S]*treasurer +pool\.sweep/);
    expect(await pool('show', 'none')).toMatchObject({ code: 1, err: expect.stringContaining('pool list') });
  });

  test('ends as a process does: 2 where it was used wrongly, the refusal as JSON', async () => {
    const command = ['scripts/framecue.ts', 'pool', 'sweep', 'books', '--json'];
    const env = { ...process.env, FRAMECUE_DATA_DIR: data };
    const { code, out } = await new Promise<{ code: unknown; out: string }>((resolve) => {
      execFile(process.execPath, command, { cwd: ROOT, env, timeout: 60_000 }, (error, stdout) =>
        resolve({ code: error?.code, out: stdout }),
      );
    });
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'ERR_REQUEST_INVALID', retryable: false } });
    expect((await pool('create', 'x', '--show', 's1')).code).toBe(2);
    expect((await pool('fund', 'books', '--pieces', '1.5', '--yes')).code).toBe(2);
    expect((await pool('reverse', '..', '--why', 'x', '--yes')).code).toBe(2);
  });
});

test('a token of run.json goes to no other server, and a lost answer names the key to repeat with', async () => {
  const got: IncomingHttpHeaders[] = [];
  const other = createServer((req) => {
    got.push(req.headers);
    req.socket.destroy();
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const there = ['--events', `http://127.0.0.1:${portOf(other)}`];
  try {
    const fund = ['fund', 'books', '--pieces', '1', '--yes', ...there];
    expect(await pool(...fund)).toMatchObject({ code: 1, err: expect.stringContaining('with which token') });
    expect(got).toEqual([]);
    const { code, err } = await pool(...fund, '--token', 'mine');
    expect(code).toBe(1);
    expect(got).toMatchObject([{ authorization: 'Bearer mine' }]);
    expect(err).toContain(`--key ${got[0]!['idempotency-key']}`);
    vi.stubEnv('FRAMECUE_TREASURER_TOKEN', 'a-token-of-the-environment');
    await pool(...fund);
    expect(got.at(-1)).toMatchObject({ authorization: 'Bearer a-token-of-the-environment' });
    // Money alone takes it; who sweeps with a token that may not is told whose it takes.
    const refused = await pool('close', 'books', '--token', DIRECTOR);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('token of the treasurer') });
  } finally {
    vi.stubEnv('FRAMECUE_TREASURER_TOKEN', undefined);
    other.closeAllConnections();
    other.close();
  }
});

describe('framecue measure', () => {
  test('sets rules from a file or from what it has printed, applies, reverts, clears; boxes are given once', async () => {
    const fewer = { id: 'fewer', when: { boxesOver: 10 }, do: { dropPpm: 500 }, auto: false };
    const rules = {
      dropPpm: 5_000,
      threshold: 2,
      measures: [fewer, { id: 'stop', do: { closePool: 'pens' } }],
    };
    const set = await measure('set', 's1', file('rules.json', rules));
    expect(set.out).toMatch(
      /^s1: 0\.5 % of answers[\s\S]*fewer +prepared +no +by hand +over 10 boxes +0\.05 %/,
    );
    const wrong = await measure('set', 's1', file('wrong.json', { ...rules, dropPm: 1 }));
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('dropPm') });
    expect((await measure('set', 's1', join(data, 'none.json'))).code).toBe(2);

    const give = ['give', 's1', 'ann', '11', '--cause', 'game-1'];
    expect((await measure(...give)).code).toBe(2);
    expect((await measure(...give, '--yes')).out).toBe('ann: 11 boxes\n');
    expect((await measure(...give, '--yes')).out).toContain('had been given before');
    const boxes = await measure('boxes', 's1', '--viewer', 'ann');
    expect(boxes.out).toMatch(/1 viewer with 2 or more[\s\S]*ann: 11 boxes, draws from the high pools/);

    expect((await measure('list', 's1')).out).toMatch(/fewer +prepared +DUE/);
    const asked = await status('--events', events.url);
    expect(asked).toMatchObject({
      code: 0,
      out: expect.stringContaining('`framecue measure apply s1 fewer`'),
    });
    expect((await measure('apply', 's1', 'fewer')).out).toBe('fewer of s1: applied (0.05 % drop a box)\n');
    expect((await measure('clear', 's1', '--yes')).code).toBe(1);
    expect((await measure('revert', 's1', 'fewer')).out).toContain('fewer of s1: reverted');
    // What was printed can be set again, which `clear` counts on.
    const kept = (await measure('list', 's1', '--json')).out;
    expect(await measure('clear', 's1')).toMatchObject({ code: 2 });
    expect((await measure('clear', 's1', '--yes')).out).toContain('Nothing is prepared');
    expect((await measure('set', 's1', file('kept.json', JSON.parse(kept)))).out).toMatch(/fewer[\s\S]*stop/);
    await measure('clear', 's1', '--yes');
    expect(await measure('apply', 's1', 'fewer')).toMatchObject({
      code: 1,
      err: expect.stringContaining('measure list SHOW'),
    });
  });
});

describe('framecue draw and outbox', () => {
  const key = () => join(data, 'key.json');

  test('a draw that is stuck and short is helped on, to its winners and their grants', async () => {
    const prizes = [{ prize: 'book', title: 'A book', pool: 'books', pieces: 4, amountMinor: 1_500 }];
    const randomness = { kind: 'drand' };
    const config = { title: 'Final', prizes, durationMs: DURATION_MS, randomness };
    const lottery = { id: 'final', type: 'lottery', config };
    expect(await events.post('/api/v1/interactions', lottery, DIRECTOR)).toMatchObject({ status: 201 });
    expect(await draw('show', 'final')).toMatchObject({
      code: 0,
      out: expect.stringContaining('not closed yet'),
    });
    const data = { interaction: 'final' };
    await events.publish(
      events.land({ id: 'open-1', type: 'interaction.open', data, durationMs: DURATION_MS }),
    );
    for (let i = 0; i < 6; i++) await events.submit('final', await events.session(`viewer-${i}`));

    // The key is kept and not printed.
    const keyed = await draw('key', 'final', key());
    expect(keyed).toMatchObject({ code: 0, out: `final: kept in ${key()}\n` });
    const { resultKey } = JSON.parse(readFileSync(key(), 'utf8'));
    expect(resultKey).toMatch(/^[\w-]{43}$/);
    expect(statSync(key()).mode & 0o777).toBe(0o600);
    const again = await draw('key', 'final', key(), '--json');
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('is there already') });
    expect(again.out).not.toContain(resultKey);

    expect(await draw('entrants', 'final')).toMatchObject({
      code: 1,
      err: expect.stringContaining('draw show'),
    });
    events.time.advance(DURATION_MS + SPREAD_MS);
    await says(() => draw('show', 'final'), /^final: committed to/);
    const { commitment } = JSON.parse((await draw('show', 'final', '--json')).out);
    events.time.advance(commitment.roundAt - events.time.clock.unixMs());
    await says(() => draw('show', 'final'), 'bad: no-randomness');
    expect((await draw('show', 'final')).code).toBe(1);
    expect(await draw('list', '--show', 's1')).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^id .*\nfinal +committed .* no-randomness\nfinal: Round \d+ of drand is due/,
      ),
    });
    expect(await status('--events', events.url)).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        / {2}bad: draw final: .*no-randomness since .*`framecue draw randomness final FILE`/,
      ),
    });
    const list = (await draw('entrants', 'final')).out.trim().split('\n');
    expect(list).toHaveLength(7);
    expect(list[6]).toMatch(/^ +5 {2}high +[\w-]{43}$/);

    const { round } = commitment;
    const forged = file('forged.json', { round, signature: signatureOf(round + 1) });
    expect(await draw('randomness', 'final', forged)).toMatchObject({
      code: 1,
      err: expect.stringContaining('ERR_DRAW_RANDOMNESS'),
    });
    const signed = file('round.json', { round, signature: signatureOf(round), randomness: 'passed over' });
    expect((await draw('randomness', 'final', signed)).out).toContain('the draw goes on');
    await says(() => draw('show', 'final'), /^final: drawn; sealed/);

    // The pool holds three of four.
    const short = await draw('show', 'final');
    expect(short).toMatchObject({
      code: 1,
      out: expect.stringContaining('here: framecue draw rebook final --yes'),
    });
    expect((await draw('rebook', 'final')).code).toBe(2);
    expect(await draw('rebook', 'final', '--yes')).toMatchObject({
      code: 1,
      out: 'final: 0 rights earned, 1 winner without one\n',
    });
    await pool('fund', 'books', '--pieces', '1', '--amount-minor', '1500', '--yes');
    expect(await draw('rebook', 'final', '--yes')).toMatchObject({
      code: 0,
      out: 'final: 1 right earned, 0 winners without one\n',
    });
    expect(JSON.parse((await draw('sealed', 'final')).out)).toMatchObject({ alg: 'A256GCM' });
    expect(await draw('result', 'final')).toMatchObject({
      code: 1,
      err: expect.stringContaining('not revealed'),
    });
    expect((await pool('account')).out).toContain('final: 4 pieces, 60.00 EUR, waits for the reveal');

    // One of the four is refused for good.
    downstream.behave = (res, item) => answer(downstream.received.length === 1 ? 422 : 200)(res, item);
    await events.publish(events.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' }));
    await says(() => outbox('status'), /0 wait, 3 delivered, 1 dead/);
    const result = await draw('result', 'final');
    expect(result.out.split('\n')).toHaveLength(8);
    expect(result.out).toMatch(/^place +entrant +prize +leaf\n +1 +\d +book/);
    expect((await draw('show', 'final')).code).toBe(0);
    expect(
      (await pool('rights', '--state', 'granted', '--interaction', 'final')).out.split('\n'),
    ).toHaveLength(6);
  });

  test('what is dead is listed, looked at and sent again, and a grant is taken back', async () => {
    expect(await outbox('status')).toMatchObject({ code: 1, out: expect.stringMatching(/books +sending/) });
    const { items } = JSON.parse((await outbox('list', '--state', 'dead', '--json')).out);
    const [{ id }] = items;
    expect((await outbox('list', '--state', 'dead')).out).toMatch(/grant\.made +books .* refused \(422\)/);
    expect((await outbox('show', id)).out).toMatch(/state +dead[\s\S]*failed by +refused \(422\)/);
    expect((await outbox('show', 'status')).code).toBe(2);
    expect(await outbox('show', 'g_none')).toMatchObject({
      code: 1,
      err: expect.stringContaining('outbox list'),
    });

    expect((await outbox('retry', id)).code).toBe(2);
    expect((await outbox('retry', id, '--yes')).out).toBe(`${id}: is sent again\n`);
    await says(() => outbox('status'), /4 delivered, 0 dead/);
    expect((await outbox('status')).code).toBe(0);
    expect((await outbox('retry', id, '--yes')).out).toContain('was not dead: it is delivered');
    expect((await outbox('retry-all')).code).toBe(2);
    expect((await outbox('retry-all', '--lane', 'books', '--yes')).out).toBe('0 are sent again, 0 left\n');

    expect((await pool('reverse', id, '--why', 'test')).code).toBe(2);
    expect((await pool('reverse', id, '--why', 'by mistake', '--yes')).out).toContain(
      '15.00 EUR are free again',
    );
    expect((await pool('grants', '--pool', 'books')).out).toContain('by mistake');
    await says(() => outbox('list', '--limit', '1'), /grant\.reversed +books .*delivered/);
  });
});

describe('framecue status', () => {
  test('says what is left in pools and how the way out stands, where it knows events', async () => {
    const { code, out } = await status('--events', events.url);
    expect(code).toBe(0);
    expect(out).toMatch(/\nprizes: 2 pools, 2 open; 4 rights granted, 0 on their way, .*; ledger good\n/);
    expect(out).toMatch(/\n {2}books: 1 of 9 left, 15\.00 EUR, open\n/);
    expect(out).toMatch(/\nway out: sending; 0 wait, 5 delivered, 0 dead\n/);
    const { prizes } = JSON.parse((await status('--events', events.url, '--json')).out);
    expect(prizes).toMatchObject({ ready: { ready: true }, treasury: { pools: [{}, {}] }, outbox: {} });
    // Another media server than that of run.json: its events are not known.
    expect((await status()).out).not.toContain('prizes');
    expect((await status('--events', events.url, '--stream', 'live/main')).out).not.toContain('prizes');
  });

  test('is a line where nobody uses prizes, and bad where events does not answer', async () => {
    const unused = await new EventsUnderTest().start();
    try {
      const { code, out } = await status('--events', unused.url);
      expect(code).toBe(0);
      expect(out.split('\n').filter((line) => /prizes|way out|bad/.test(line))).toEqual([
        'prizes: none; ledger good',
      ]);
    } finally {
      await unused.stop();
    }
    const gone = await status('--events', 'http://127.0.0.1:9');
    expect(gone).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /\nprizes: not known\n {2}bad: events: .* does not answer\. \(ERR_TIMEOUT\)/,
      ),
    });
  });
});

test('a part of events that does not work, and items that have nowhere to go, are told and are bad', () => {
  const checks = { ledger: 'the store takes nothing now', feed: 'good' };
  const quiet = { treasury: null, outbox: null, problem: null, ready: null };
  const full = { ...quiet, ready: { ready: false, phase: 'serving' as const, checks, impaired: [] } };
  expect(prizesText(full)).toBe('prizes: none\n  bad: ledger: the store takes nothing now');
  const none = { queued: 2, delivered: 0, declined: 0, dead: 0, lagMs: 3_000, lanes: [] };
  const waiting = { ...quiet, outbox: { ...none, sending: false, breaker: 'closed' as const } };
  expect(prizesText(waiting)).toContain('2 wait (oldest 3 s)');
  expect(prizesText(waiting)).toContain('bad: 2 items wait and nothing says where to');
  expect([quiet, full, waiting].map(isPrizesBad)).toEqual([false, true, true]);
});

describe('docs/prizes-shell.md', () => {
  const page = readFileSync(join(ROOT, 'docs/prizes-shell.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+) ([^`]+)` \| (.*) \|(.*)\|$/gm)].map(
    ([, method, path, how, yes]) => ({
      ...{
        operation: `${method} ${path!.replace(/^I\//, '/interactions/{id}/')}`,
        how: how!,
        yes: yes!.trim(),
      },
      commands: [...how!.matchAll(/`framecue (\w+)(?: ([\w-]+))?`/g)].map((match) => [match[1]!, match[2]]),
    }),
  );
  const groups = {
    pool: poolCommand(),
    draw: drawCommand(),
    outbox: outboxCommand(),
    measure: measureCommand(),
  };

  test('names every operation of the API for prizes and draws, and a command or why there is none', () => {
    const operations = [...TREASURY_OPERATIONS, ...OUTBOX_OPERATIONS, ...DRAW_OPERATIONS];
    const told = operations.map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
    );
    expect(rows.map(({ operation }) => operation).sort()).toEqual(told.sort());
    for (const { how, commands } of rows)
      expect([how, commands.length > 0 || how.startsWith('none: ')]).toEqual([how, true]);
  });

  test('names commands that exist, all of them, and says which take --yes', () => {
    const named = new Map(
      rows.flatMap(({ commands, yes }) => commands.map(([group, name]) => [`${group} ${name}`, yes])),
    );
    named.delete('status undefined');
    const real = Object.entries(groups).flatMap(([group, { commands }]) =>
      commands.map((command) => ({ name: `${group} ${command.name()}`, command })),
    );
    expect([...named.keys()].sort()).toEqual(real.map(({ name }) => name).sort());
    for (const { name, command } of real) {
      const takesYes = command.options.some(({ long }) => long === '--yes');
      const yes = named.get(name)!;
      expect([name, yes === 'yes' || yes.includes(`\`${command.name()}\``)]).toEqual([name, takesYes]);
    }
  });
});
