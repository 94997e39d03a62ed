import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unixMs, unixUs } from '../../packet/time.ts';
import { aCue, anInteraction, aSubmission, canceledBy, lockedBy, openedBy, revealedBy } from './fixtures.ts';
import type { Ledger } from './store.ts';

/** One store under test. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Closes the ledger and opens it again on what it has kept; null where nothing is kept. */
  readonly reopen: (() => Promise<Ledger>) | null;
  readonly destroy: () => Promise<void>;
}

/** What every store of the ledger does, whichever engine it stands on. */
export function describeLedger(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`ledger on ${name}`, () => {
    let harness: LedgerUnderTest;
    let ledger: Ledger;
    const NOW = unixMs(1_700_000_000_000);

    beforeEach(async () => {
      harness = await open();
      ledger = harness.ledger;
    });
    afterEach(async () => {
      await harness.destroy();
    });

    describe('interactions', () => {
      test('are created once; a second creation gives the first', async () => {
        const record = anInteraction({ id: 'q1', show: 'finale', stream: 'live/main' });
        expect(await ledger.createInteraction(record)).toMatchObject({ kind: 'created', facts: { record } });
        const again = await ledger.createInteraction({ ...record, config: { other: true } });
        expect(again).toMatchObject({ kind: 'exists', facts: { record } });
      });

      test('of two that are created at once, one is', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, () => ledger.createInteraction(anInteraction({ id: 'twin' }))),
        );
        expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(1);
      });

      test('are listed newest first, page by page', async () => {
        for (let i = 1; i <= 5; i++) await ledger.createInteraction(anInteraction({ id: `q${i}` }));
        const first = await ledger.listInteractions({ limit: 2 });
        expect(first.interactions.map(({ facts }) => facts.record.id)).toEqual(['q5', 'q4']);
        const second = await ledger.listInteractions({ limit: 10, before: first.interactions[1]!.seq });
        expect(second.interactions.map(({ facts }) => facts.record.id)).toEqual(['q3', 'q2', 'q1']);
      });

      test('one that is not known', async () => {
        expect(await ledger.factsOf('nobody')).toBeNull();
        expect(await ledger.resultOf('nobody')).toBeNull();
        expect(await ledger.receiptOf('nobody', 'ann')).toBeNull();
        expect(await ledger.heldSubmissions('nobody', 10)).toEqual([]);
      });
    });

    describe('submissions', () => {
      beforeEach(async () => {
        await ledger.createInteraction(anInteraction({ id: 'q1' }));
        await ledger.createInteraction(anInteraction({ id: 'q2' }));
      });

      test('are receipted and counted', async () => {
        const submission = aSubmission({ viewer: 'ann', answer: { choice: 2 }, bucket: '2' });
        const { id, interaction, answer, arrivedAtUs } = submission;
        const receipt = { id, interaction, answer, arrivedAtUs, status: 'accepted' };
        expect(await ledger.recordSubmission(submission)).toEqual({ kind: 'recorded', receipt });
        expect(await ledger.receiptOf('q1', 'ann')).toEqual(receipt);
        expect(await ledger.resultOf('q1')).toEqual({ total: 1, buckets: { 2: 1 }, held: 0 });
        expect(await ledger.resultOf('q2')).toEqual({ total: 0, buckets: {}, held: 0 });
      });

      test('a repeat gets the receipt of the first, whatever it says', async () => {
        const first = aSubmission({ viewer: 'ann', answer: { choice: 0 }, bucket: '0' });
        await ledger.recordSubmission(first);
        const repeat = aSubmission({ viewer: 'ann', answer: { choice: 1 }, bucket: '1', status: 'held' });
        const outcome = await ledger.recordSubmission(repeat);
        expect(outcome).toMatchObject({ kind: 'repeated', receipt: { id: first.id, answer: { choice: 0 } } });
        expect(await ledger.resultOf('q1')).toEqual({ total: 1, buckets: { 0: 1 }, held: 0 });
      });

      test('200 of one viewer at once, with other choices: one is recorded, all get its receipt', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 200 }, (_, i) =>
            ledger.recordSubmission(
              aSubmission({ viewer: 'ann', answer: { choice: i % 4 }, bucket: String(i % 4) }),
            ),
          ),
        );
        expect(outcomes.filter(({ kind }) => kind === 'recorded')).toHaveLength(1);
        expect(outcomes.filter(({ kind }) => kind === 'repeated')).toHaveLength(199);
        const ids = new Set(outcomes.map((o) => ('receipt' in o ? o.receipt.id : null)));
        expect(ids.size).toBe(1);
        expect((await ledger.resultOf('q1'))!.total).toBe(1);
      });

      test('one viewer has one answer in each interaction', async () => {
        await ledger.recordSubmission(aSubmission({ interaction: 'q1', viewer: 'ann' }));
        const other = await ledger.recordSubmission(aSubmission({ interaction: 'q2', viewer: 'ann' }));
        expect(other.kind).toBe('recorded');
      });

      test('of many viewers at once are all counted', async () => {
        await Promise.all(
          Array.from({ length: 500 }, (_, i) =>
            ledger.recordSubmission(aSubmission({ viewer: `v${i}`, bucket: String(i % 3) })),
          ),
        );
        expect(await ledger.resultOf('q1')).toEqual({
          total: 500,
          buckets: { 0: 167, 1: 167, 2: 166 },
          held: 0,
        });
      });

      test('for an interaction that is not known are not recorded', async () => {
        const outcome = await ledger.recordSubmission(aSubmission({ interaction: 'nobody' }));
        expect(outcome).toEqual({ kind: 'unknown-interaction' });
      });

      test('viewers and answers are text as they are, not patterns', async () => {
        const viewer = `o'neil "; DROP TABLE submissions; -- 🎈 %_`;
        await ledger.recordSubmission(aSubmission({ viewer, answer: { text: '‮é\u0001' } }));
        expect((await ledger.receiptOf('q1', viewer))!.answer).toEqual({ text: '‮é\u0001' });
      });
    });

    describe('steps of an interaction', () => {
      beforeEach(async () => {
        await ledger.createInteraction(anInteraction({ id: 'q1' }));
      });

      test('are kept as they were, and each kind once', async () => {
        const opened = openedBy('q1', { cue: 'c1' });
        expect(await ledger.recordTransition(opened)).toEqual({ kind: 'recorded' });
        expect(await ledger.recordTransition(openedBy('q1', { cue: 'c9' }))).toEqual({ kind: 'already' });
        const locked = lockedBy('q1', { cue: 'c2' });
        expect(await ledger.recordTransition(locked)).toEqual({ kind: 'recorded' });
        const expired = { kind: 'expired', interaction: 'q1', atUs: unixUs(5) } as const;
        expect(await ledger.recordTransition(expired)).toEqual({ kind: 'recorded' });
        const revealed = revealedBy('q1', { cue: 'c3' }, { correct: 1 });
        expect(await ledger.recordTransition(revealed)).toEqual({ kind: 'recorded' });
        expect(await ledger.factsOf('q1')).toMatchObject({
          opened,
          locked,
          expired,
          revealed,
          canceled: null,
        });
      });

      test('of an interaction that is not known', async () => {
        expect(await ledger.recordTransition(openedBy('nobody', {}))).toEqual({
          kind: 'unknown-interaction',
        });
      });

      test('after the end: no step and no new answer, but the receipts of those before', async () => {
        const first = aSubmission({ viewer: 'ann' });
        await ledger.recordTransition(openedBy('q1', {}));
        await ledger.recordSubmission(first);
        await ledger.recordTransition(revealedBy('q1', {}, {}));
        expect(await ledger.recordSubmission(aSubmission({ viewer: 'bob' }))).toEqual({
          kind: 'closed',
          state: 'RESOLVED',
        });
        expect(await ledger.recordSubmission(aSubmission({ viewer: 'ann' }))).toMatchObject({
          kind: 'repeated',
          receipt: { id: first.id },
        });
        expect(await ledger.recordTransition(lockedBy('q1', {}))).toEqual({
          kind: 'closed',
          state: 'RESOLVED',
        });
        expect((await ledger.resultOf('q1'))!.total).toBe(1);
      });

      test('one whose result was shown can still be voided, and then nothing more', async () => {
        await ledger.recordTransition(openedBy('q1', {}));
        await ledger.recordTransition(revealedBy('q1', {}, {}));
        expect(await ledger.recordTransition(canceledBy('q1'))).toEqual({ kind: 'recorded' });
        expect(await ledger.recordTransition(canceledBy('q1'))).toEqual({ kind: 'already' });
        const closed = { kind: 'closed', state: 'CANCELED' };
        expect(await ledger.recordTransition(lockedBy('q1', {}))).toEqual(closed);
        expect(await ledger.recordSubmission(aSubmission({}))).toEqual(closed);
      });

      test('a cancelled one takes no answer', async () => {
        await ledger.recordTransition(canceledBy('q1'));
        expect(await ledger.recordSubmission(aSubmission({}))).toEqual({ kind: 'closed', state: 'CANCELED' });
      });
    });

    describe('held answers', () => {
      beforeEach(async () => {
        await ledger.createInteraction(anInteraction({ id: 'q1' }));
      });

      test('hold the place of the viewer and are counted apart', async () => {
        const held = aSubmission({ viewer: 'ann', status: 'held', bucket: '3' });
        expect(await ledger.recordSubmission(held)).toMatchObject({
          kind: 'recorded',
          receipt: { status: 'held' },
        });
        expect(await ledger.recordSubmission(aSubmission({ viewer: 'ann' }))).toMatchObject({
          kind: 'repeated',
          receipt: { id: held.id, status: 'held' },
        });
        expect(await ledger.resultOf('q1')).toEqual({ total: 0, buckets: {}, held: 1 });
        expect(await ledger.heldSubmissions('q1', 10)).toEqual([
          { id: held.id, interaction: 'q1', arrivedAtUs: held.arrivedAtUs, claims: held.claims },
        ]);
      });

      test('are judged once: the first verdict counts', async () => {
        const [ann, bob, eve] = ['ann', 'bob', 'eve'].map((viewer) =>
          aSubmission({ viewer, status: 'held' }),
        );
        for (const submission of [ann!, bob!, eve!]) await ledger.recordSubmission(submission);
        const judged = { interaction: 'q1', judgedAtUs: unixUs(77) };
        expect(
          await ledger.judgeHeld([
            { ...judged, submission: ann!.id, verdict: 'accepted' },
            { ...judged, submission: bob!.id, verdict: 'refused', code: 'ERR_INTERACTION_LOCKED' },
            { ...judged, submission: 'nobody', verdict: 'accepted' },
          ]),
        ).toEqual({ accepted: 1, refused: 1, passed: 1 });
        expect(await ledger.judgeHeld([{ ...judged, submission: bob!.id, verdict: 'accepted' }])).toEqual({
          accepted: 0,
          refused: 0,
          passed: 1,
        });
        expect(await ledger.resultOf('q1')).toEqual({ total: 1, buckets: { 0: 1 }, held: 1 });
        expect(await ledger.receiptOf('q1', 'ann')).toMatchObject({ status: 'accepted' });
        expect(await ledger.receiptOf('q1', 'bob')).toMatchObject({
          status: 'refused',
          code: 'ERR_INTERACTION_LOCKED',
        });
        expect((await ledger.heldSubmissions('q1', 10)).map(({ id }) => id)).toEqual([eve!.id]);
      });

      test('come oldest first, and no more than asked for', async () => {
        const all = Array.from({ length: 5 }, (_, i) => aSubmission({ viewer: `v${i}`, status: 'held' }));
        for (const submission of all) await ledger.recordSubmission(submission);
        expect((await ledger.heldSubmissions('q1', 3)).map(({ id }) => id)).toEqual(
          all.slice(0, 3).map(({ id }) => id),
        );
      });

      test('an accepted answer cannot be judged', async () => {
        const submission = aSubmission({ viewer: 'ann' });
        await ledger.recordSubmission(submission);
        const verdict = { submission: submission.id, interaction: 'q1', judgedAtUs: unixUs(1) };
        expect(
          await ledger.judgeHeld([{ ...verdict, verdict: 'refused', code: 'ERR_INTERACTION_LOCKED' }]),
        ).toEqual({ accepted: 0, refused: 0, passed: 1 });
        expect((await ledger.resultOf('q1'))!.total).toBe(1);
      });
    });

    describe('the feed', () => {
      const position = (seq: number, logEpoch = 'log1') => ({ logEpoch, seq });
      const mirrored = (id: string, forgetAt: number = NOW + 60_000) => ({
        cue: aCue({ id }),
        forgetAt: unixMs(forgetAt),
      });

      test('an entry is applied once, with its position', async () => {
        await ledger.createInteraction(anInteraction({ id: 'q1' }));
        expect((await ledger.load(10)).position).toBeNull();
        const change = {
          position: position(7),
          cue: mirrored('c1'),
          transitions: [openedBy('q1', { cue: 'c1' })],
          now: NOW,
        };
        expect(await ledger.applyFeedEntry(change)).toEqual({
          kind: 'applied',
          transitions: [{ kind: 'recorded' }],
        });
        expect(await ledger.applyFeedEntry(change)).toEqual({ kind: 'already', position: position(7) });
        expect(
          await ledger.applyFeedEntry({ ...change, position: position(6), cue: mirrored('c0') }),
        ).toEqual({ kind: 'already', position: position(7) });
        const loaded = await ledger.load(10);
        expect(loaded.position).toEqual(position(7));
        expect(loaded.cues).toEqual([mirrored('c1')]);
        expect(loaded.interactions[0]!.facts.opened).toEqual(openedBy('q1', { cue: 'c1' }));
      });

      test('an entry with a step that goes nowhere is applied all the same', async () => {
        const outcome = await ledger.applyFeedEntry({
          position: position(1),
          cue: mirrored('c1'),
          transitions: [openedBy('nobody', {})],
          now: NOW,
        });
        expect(outcome).toEqual({ kind: 'applied', transitions: [{ kind: 'unknown-interaction' }] });
        expect((await ledger.load(10)).position).toEqual(position(1));
      });

      test('the newest entry of a cue is its state, of each stream by itself; old cues are forgotten', async () => {
        const entry = (seq: number, cue: ReturnType<typeof mirrored>) =>
          ledger.applyFeedEntry({ position: position(seq), cue, transitions: [], now: NOW });
        await entry(1, mirrored('old', NOW));
        await entry(2, mirrored('c1'));
        const landed = {
          ...mirrored('c1'),
          cue: aCue({ id: 'c1', state: 'landed' }),
        };
        await entry(3, landed);
        const elsewhere = { ...mirrored('c1'), cue: aCue({ id: 'c1', stream: 'live/other' }) };
        await entry(4, elsewhere);
        const { cues } = await ledger.load(10);
        expect(cues).toHaveLength(2);
        expect(cues).toEqual(expect.arrayContaining([landed, elsewhere]));
      });

      test('another log begins at its own number; a snapshot replaces the cues', async () => {
        await ledger.createInteraction(anInteraction({ id: 'q1' }));
        await ledger.applyFeedEntry({
          position: position(100),
          cue: mirrored('c1'),
          transitions: [],
          now: NOW,
        });
        const snapshot = await ledger.applyFeedSnapshot({
          position: position(3, 'log2'),
          cues: [mirrored('c2'), mirrored('c3')],
          transitions: [openedBy('q1', { cue: 'c2' }), lockedBy('q1', { cue: 'c3' })],
        });
        expect(snapshot).toEqual({
          kind: 'applied',
          transitions: [{ kind: 'recorded' }, { kind: 'recorded' }],
        });
        expect(
          await ledger.applyFeedEntry({
            position: position(4, 'log2'),
            cue: mirrored('c4'),
            transitions: [],
            now: NOW,
          }),
        ).toMatchObject({ kind: 'applied' });
        const loaded = await ledger.load(10);
        expect(loaded.position).toEqual(position(4, 'log2'));
        expect(loaded.cues.map(({ cue }) => cue.id).sort()).toEqual(['c2', 'c3', 'c4']);
      });

      test('a snapshot can be applied twice', async () => {
        await ledger.createInteraction(anInteraction({ id: 'q1' }));
        const change = {
          position: position(3),
          cues: [mirrored('c2')],
          transitions: [openedBy('q1', { cue: 'c2' })],
        };
        await ledger.applyFeedSnapshot(change);
        expect(await ledger.applyFeedSnapshot(change)).toEqual({
          kind: 'applied',
          transitions: [{ kind: 'already' }],
        });
      });
    });

    describe('a start', () => {
      test('loads the newest interactions in the order of their creation', async () => {
        for (let i = 1; i <= 4; i++) await ledger.createInteraction(anInteraction({ id: `q${i}` }));
        await ledger.recordSubmission(aSubmission({ interaction: 'q3', viewer: 'ann' }));
        await ledger.recordSubmission(aSubmission({ interaction: 'q4', viewer: 'ann', status: 'held' }));
        const { interactions } = await ledger.load(3);
        expect(interactions.map(({ facts, answered, held }) => [facts.record.id, answered, held])).toEqual([
          ['q2', false, 0],
          ['q3', true, 0],
          ['q4', true, 1],
        ]);
      });

      test('finds everything again', async () => {
        if (harness.reopen === null) return expect(ledger.status().state).toBe('open');
        const record = anInteraction({ id: 'q1', show: 'finale' });
        await ledger.createInteraction(record);
        const steps = [
          openedBy('q1', { cue: 'c1' }, null),
          lockedBy('q1', { cue: 'c2' }),
          canceledBy('q1'),
        ] as const;
        await ledger.recordTransition(steps[0]);
        const accepted = aSubmission({ viewer: 'ann', answer: { choice: 1 }, bucket: '1' });
        const held = aSubmission({
          viewer: 'bob',
          status: 'held',
          claims: { cue: 'c1', actedPts: 4, path: 'hls' },
        });
        await ledger.recordSubmission(accepted);
        await ledger.recordSubmission(held);
        await ledger.recordTransition(steps[1]);
        await ledger.recordTransition(steps[2]);
        await ledger.applyFeedEntry({
          position: { logEpoch: 'log1', seq: 12 },
          cue: { cue: aCue({ id: 'c1' }), forgetAt: unixMs(NOW + 1) },
          transitions: [],
          now: NOW,
        });
        const before = await ledger.load(10);
        ledger = await harness.reopen();
        expect(await ledger.load(10)).toEqual(before);
        expect(await ledger.factsOf('q1')).toEqual({
          record,
          opened: steps[0],
          locked: steps[1],
          canceled: steps[2],
          expired: null,
          revealed: null,
        });
        expect(await ledger.recordSubmission(aSubmission({ viewer: 'ann' }))).toMatchObject({
          kind: 'repeated',
          receipt: { id: accepted.id, answer: { choice: 1 } },
        });
        expect(await ledger.heldSubmissions('q1', 10)).toMatchObject([{ id: held.id, claims: held.claims }]);
        expect(await ledger.resultOf('q1')).toEqual({ total: 1, buckets: { 1: 1 }, held: 1 });
      });
    });

    test('after its close it takes nothing', async () => {
      await ledger.createInteraction(anInteraction({ id: 'q1' }));
      await ledger.close();
      await expect(ledger.recordSubmission(aSubmission({}))).rejects.toMatchObject({ code: 'ERR_NOT_READY' });
      expect(ledger.status().state).toBe('closed');
    });
  });
}
