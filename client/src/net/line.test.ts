import { describe, expect, test } from 'vitest';
import { firedCue } from '../../test/fired.ts';
import { type Call, json, type Reply, refusal, VirtualNet } from '../../test/virtual-net.ts';
import type { SubmitWait } from '../types.ts';
import { readPlace } from './line.ts';
import { ViewerSession } from './session.ts';
import { Submissions } from './submissions.ts';

const receipt = { id: 'r1', interaction: 's1', status: 'accepted', acceptedAt: 1, repeated: false };
const taken = () => json({ receipt });
const told = (over: object = {}) => ({
  ...{ ticket: 'ft1.a.b', position: 40, waitMs: 20_000, turnAt: 1_700_000_020_000 },
  ...{ openUntil: 1_700_000_140_000, retryAfterMs: 6_789, ...over },
});
const waiting = (over: object = {}) => json({ waiting: told(over) }, 202);
const STOCK_RESERVED = () =>
  json(
    { error: { code: 'ERR_STOCK_RESERVED', message: '', retryable: true, details: { retryAfterMs: 4_321 } } },
    409,
  );

function rig() {
  const net = new VirtualNet();
  const answers: Reply[] = [];
  const problems: string[] = [];
  net.reply = (call: Call) =>
    call.url.endsWith('/session')
      ? json({ token: `short-${net.calls.filter((c) => c.url.endsWith('/session')).length}` })
      : answers.length > 0
        ? answers.shift()!
        : taken();
  const submissions = new Submissions(net, {
    url: 'http://events/api/v1/interactions',
    session: new ViewerSession(net, { url: 'http://events/api/v1/session', token: () => 'jwt' }),
    claimsOf: () => ({ actedPts: null, stamp: null }),
    closedAtMs: () => null,
    onProblem: (code) => problems.push(code),
  });
  const waits: SubmitWait[] = [];
  let outcome: unknown = null;
  const submit = (signal?: AbortSignal) =>
    void submissions
      .submit(firedCue({ data: { interaction: 's1' } }), {}, { onWait: (wait) => waits.push(wait), signal })
      .then((each) => {
        outcome = each;
      });
  const posts = (): Call[] => net.calls.filter((call) => call.url.endsWith('/submissions'));
  return { net, submissions, answers, problems, waits, submit, posts, outcome: () => outcome };
}

const ticketOf = (call: Call) => (call.body as { ticket?: string }).ticket;

describe('in the line of a sale', () => {
  test('it waits as long as the server says, shows its ticket, and gives the receipt', async () => {
    const { net, answers, submit, posts, waits, outcome } = rig();
    answers.push(
      waiting(),
      waiting({ ticket: 'ft1.c.d', position: 27, waitMs: 13_211, retryAfterMs: 5_432.5 }),
    );
    submit();
    await net.advance(6_788);
    expect([outcome(), posts().length]).toEqual([null, 1]);
    expect(waits).toEqual([
      { kind: 'line', position: 40, waitMs: 20_000, turnAt: 21_000, openUntil: 141_000 },
    ]);
    await net.advance(1 + 5_433);
    expect(outcome()).toEqual({ ok: true, receipt });
    const [first, second, third] = posts();
    expect([second!.atMs - first!.atMs, third!.atMs - second!.atMs]).toEqual([6_789, 5_432.5]);
    expect(posts().map(ticketOf)).toEqual([undefined, 'ft1.a.b', 'ft1.c.d']);
    // The same action: beside the ticket nothing of it changes.
    expect(new Set(posts().map(({ body }) => JSON.stringify({ ...(body as object), ticket: 0 }))).size).toBe(
      1,
    );
    expect(waits).toHaveLength(2);
    expect(net.timers).toBe(0);
  });

  test('stays longer than the window, and through a server that is away, until its turn is over', async () => {
    const { net, answers, submit, problems, outcome } = rig();
    answers.push(waiting(), null, refusal('ERR_NOT_READY', 503, true, { 'retry-after': '2' }), waiting());
    submit();
    // The cue closed at 11,000.
    await net.advance(25_000);
    expect(outcome()).toEqual({ ok: true, receipt });
    expect(problems).toEqual(['ERR_CLIENT_NETWORK', 'ERR_NOT_READY']);

    const lost = rig();
    lost.answers.push(waiting(), ...Array.from({ length: 200 }, () => null));
    lost.submit();
    await lost.net.advance(139_000);
    expect(lost.outcome()).toBeNull();
    await lost.net.advance(20_000);
    expect(lost.outcome()).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_NETWORK', retryable: true },
    });
  });

  test('a page that slept through its turn asks all the same, and takes the place that it is given', async () => {
    const { net, answers, submit, waits, outcome } = rig();
    answers.push(waiting(), waiting({ ticket: 'ft1.late', position: 90, waitMs: 45_000 }));
    submit();
    await net.advance(500);
    net.offsetMs = 10 * 60_000;
    await net.advance(6_500);
    expect(waits.at(-1)).toMatchObject({ kind: 'line', position: 90 });
    await net.advance(7_000);
    expect(outcome()).toEqual({ ok: true, receipt });
  });

  test('hears that everything is sold, and that the line is closed', async () => {
    for (const code of ['ERR_SOLD_OUT', 'ERR_SALE_LINE_CLOSED']) {
      const { net, answers, submit, outcome } = rig();
      answers.push(waiting(), refusal(code, 409, false));
      submit();
      await net.advance(7_000);
      expect(outcome()).toMatchObject({ ok: false, error: { code, retryable: false, status: 409 } });
      expect(net.timers).toBe(0);
    }
  });

  test('in turn, waits for a piece that comes back, as exactly as the server says', async () => {
    const { net, answers, submit, posts, waits, outcome } = rig();
    answers.push(STOCK_RESERVED());
    submit();
    await net.advance(4_320);
    expect(waits).toEqual([{ kind: 'all-reserved', askedAgainAt: 5_321 }]);
    expect(posts()).toHaveLength(1);
    await net.advance(1);
    expect(outcome()).toEqual({ ok: true, receipt });
  });

  test('a session that ends in the line is made anew each time', async () => {
    const { net, answers, submit, posts, outcome } = rig();
    const expired = () => refusal('ERR_TOKEN_EXPIRED', 401, false);
    answers.push(waiting(), expired(), waiting(), expired(), taken());
    submit();
    await net.advance(20_000);
    expect(outcome()).toEqual({ ok: true, receipt });
    expect(posts().map((call) => call.authorization)).toEqual([
      'Bearer short-1',
      'Bearer short-1',
      'Bearer short-2',
      'Bearer short-2',
      'Bearer short-3',
    ]);
  });

  test('a ticket that is good no more is thrown away, and the place told again', async () => {
    const { net, answers, submit, posts, outcome } = rig();
    answers.push(waiting(), refusal('ERR_TICKET_INVALID', 403, false), waiting({ ticket: 'ft1.new' }));
    submit();
    await net.advance(20_000);
    expect(posts().map(ticketOf)).toEqual([undefined, 'ft1.a.b', undefined, 'ft1.new']);
    expect(outcome()).toEqual({ ok: true, receipt });

    const refused = rig();
    refused.answers.push(refusal('ERR_TICKET_INVALID', 403, false));
    refused.submit();
    await refused.net.advance(10);
    expect(refused.outcome()).toMatchObject({ error: { code: 'ERR_TICKET_INVALID' } });
  });

  test('is left by a signal: nothing is asked any more, and the next one begins anew', async () => {
    const { net, submissions, answers, submit, posts, outcome } = rig();
    const end = new AbortController();
    answers.push(waiting());
    submit(end.signal);
    await net.advance(1_000);
    end.abort();
    await net.advance(0);
    expect(outcome()).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_ABORTED', retryable: true } });
    expect([submissions.waiting, net.timers, posts().length]).toEqual([0, 0, 1]);
    submit(end.signal);
    await net.advance(100_000);
    expect(posts()).toHaveLength(1);
    submit();
    await net.advance(10);
    expect(outcome()).toEqual({ ok: true, receipt });
  });

  test('goes on while one who gave the answer is still there, and tells each of them', async () => {
    const { net, submissions, answers, waits, submit, posts, outcome } = rig();
    const end = new AbortController();
    answers.push(waiting(), waiting({ position: 30 }));
    const cue = firedCue({ data: { interaction: 's1' } });
    const seen: SubmitWait[] = [];
    const first = submissions.submit(cue, {}, { signal: end.signal, onWait: (wait) => seen.push(wait) });
    await net.advance(1_000);
    submit();
    // Who comes later hears at once where they stand.
    expect(waits).toEqual(seen);
    end.abort();
    expect(await first).toMatchObject({ error: { code: 'ERR_CLIENT_ABORTED' } });
    await net.advance(15_000);
    expect([seen.length, waits.length, posts().length]).toEqual([1, 2, 3]);
    expect(outcome()).toEqual({ ok: true, receipt });
  });

  test('is left by destroy, with a word', async () => {
    const { net, submissions, answers, submit, outcome } = rig();
    answers.push(waiting());
    submit();
    await net.advance(1_000);
    submissions.destroy();
    await net.advance(0);
    expect(outcome()).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_DESTROYED' } });
    expect(net.timers).toBe(0);
  });

  test('never asks faster than four times a second, nor for more than two hours', async () => {
    const { net, submit, posts, outcome } = rig();
    net.reply = (call) =>
      call.url.endsWith('/session') ? json({ token: 't' }) : waiting({ retryAfterMs: 0 });
    submit();
    await net.advance(2_499);
    expect(posts()).toHaveLength(10);
    net.offsetMs = 2 * 3_600_000;
    await net.advance(1_000);
    expect(outcome()).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_RESPONSE', retryable: true } });
  });

  test.each([
    [null],
    [{}],
    [{ waiting: null }],
    [{ waiting: told({ ticket: 5 }) }],
    [{ waiting: told({ waitMs: -1 }) }],
    [{ waiting: told({ retryAfterMs: Number.NaN }) }],
    [{ waiting: told({ turnAt: '12:00' }) }],
  ])('%j is no place', (value) => {
    expect(readPlace(value)).toBeNull();
  });
});
