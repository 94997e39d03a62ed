import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTokenRegistry } from '../../service/tokens.ts';
import { checkLedger } from '../ledger/sqlite/check/check.ts';
import { DIRECTOR, EventsUnderTest, READER } from '../test-support/harness.ts';
import { FEED_TOKEN } from '../test-support/media-server.ts';

const TREASURER = 'treasurer-token-for-tests';
const REHEARSER = 'rehearser-token-for-tests';

let events: EventsUnderTest;
beforeEach(async () => {
  events = await new EventsUnderTest({
    tokens: createTokenRegistry([
      { name: 'director', token: DIRECTOR, rights: ['direct'] },
      { name: 'reader', token: READER, rights: ['read'] },
      { name: 'feed', token: FEED_TOKEN, rights: ['feed'] },
      { name: 'tess', token: TREASURER, rights: ['treasurer'] },
      { name: 'rehearser', token: REHEARSER, rights: ['treasurer'], rehearsal: true },
    ]),
  }).start();
});
afterEach(() => events.stop());

test('the head grows with each commit, and the file has it', async () => {
  const before = (await events.get('/api/v1/ledger/head', READER)).body;
  await events.quiz('q1');
  const { status, headers, body } = await events.get('/api/v1/ledger/head', READER);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({ block: before.block + 1, head: `${body.block}:${body.hash}` });
  expect(body.rows.interactions).toBe(1);
  expect(checkLedger(events.ledgerPath, { known: { block: body.block, hash: body.hash } }).good).toBe(true);
});

test('without a token nobody is told, and only who handles money sees or erases viewers', async () => {
  expect((await events.get('/api/v1/ledger/head')).status).toBe(401);
  for (const token of [DIRECTOR, READER]) {
    expect((await events.get('/api/v1/viewers/ann/export', token)).body.error.code).toBe('ERR_RIGHT_MISSING');
    expect((await events.post('/api/v1/viewers/ann/erase', {}, token)).body.error.code).toBe(
      'ERR_RIGHT_MISSING',
    );
  }
  const rehearsed = await events.post('/api/v1/viewers/ann/erase', {}, REHEARSER);
  expect(rehearsed.body.error.code).toBe('ERR_RIGHT_MISSING');
  expect((await events.post('/api/v1/ledger/head', {}, TREASURER)).status).toBe(405);
  expect((await events.get('/api/v1/viewers/ann/erase', TREASURER)).status).toBe(405);
});

test('a viewer gets what is known of them, and it is erased once their round is over', async () => {
  const viewer = 'ann/of the "north" é';
  const at = `/api/v1/viewers/${encodeURIComponent(viewer)}`;
  await events.quiz('q1');
  await events.publish(events.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }));
  const receipt = (await events.submit('q1', await events.session(viewer))).body.receipt;
  await events.submit('q1', await events.session('bob'), { choice: 2 });

  const known = (await events.get(`${at}/export`, TREASURER)).body;
  expect(known.answers).toMatchObject([{ id: receipt.id, interaction: 'q1', answer: { choice: 1 } }]);
  const early = await events.post(`${at}/erase`, {}, TREASURER);
  expect(early.status).toBe(409);
  expect(early.body.error).toMatchObject({
    code: 'ERR_VIEWER_BUSY',
    details: { open: ['an answer to q1, which is not over'] },
  });

  const reveal = {
    id: 'reveal-1',
    type: 'interaction.reveal',
    ref: 'open-1',
    data: { interaction: 'q1' },
  } as const;
  await events.publish(events.land(reveal));
  const result = (await events.get('/api/v1/interactions/q1/result')).body;
  const erased = await events.post(`${at}/erase`, {}, TREASURER);
  expect(erased.body).toEqual({
    pseudonym: expect.stringMatching(/^erased:[\w-]{22}$/),
    submissions: 1,
    journal: 0,
  });
  expect((await events.get(`${at}/export`, TREASURER)).body.answers).toEqual([]);
  // A repeat, as after an answer that was lost on the way, finds nothing more.
  const again = await events.post(`${at}/erase`, {}, TREASURER);
  expect(again.body).toEqual({ pseudonym: null, submissions: 0, journal: 0 });
  expect((await events.get('/api/v1/interactions/q1/result')).body).toEqual(result);
  expect((await events.get('/api/v1/viewers/bob/export', TREASURER)).body.answers).toHaveLength(1);
  expect(checkLedger(events.ledgerPath)).toMatchObject({ good: true, erased: { rows: 1, viewers: 1 } });
});
