import fc from 'fast-check';
import type { Cue } from '../../cues/cue.ts';
import { formatFeedId } from '../../cues/feed.ts';
import { FramecueError } from '../../packet/errors.ts';
import { ms, unixUs } from '../../packet/time.ts';
import { countedSubmission } from '../interactions/real-round.ts';
import type { SubmitOutcome } from '../interactions/submissions.ts';
import type { Receipt } from '../ledger/facts.ts';
import { landedCue } from '../test-support/cues.ts';
import { CONFIG_OF, kindOf, LOTTERY, SALE } from './kinds.ts';
import { LIMITS } from './life.ts';
import { Breach, holds } from './model.ts';
import { answerOf, type RoundModel } from './rounds-model.ts';
import { deaf, ROUNDS, round, type Step, step, VIEWERS, viewer } from './step.ts';
import type { World } from './world.ts';

/** Rounds, their cues and the answers to them: what viewers were told stays true. */

const LOG_EPOCH = 'log1';
const OPTIONS = CONFIG_OF.quiz.options.length;

export const roundOf = (world: World, id: string): RoundModel => {
  const { rounds } = world.model.rounds;
  let found = rounds.get(id);
  if (found === undefined) {
    found = { id, created: false, answers: new Map(), cues: new Map(), voided: null };
    rounds.set(id, found);
  }
  return found;
};

export async function create(world: World, id: string): Promise<string> {
  const model = roundOf(world, id);
  const end = await world.attempt(({ catalog }) =>
    catalog.create({ id, show: 'show', stream: 'live/main', ...kindOf(id) }).then(
      () => 'created',
      (error: unknown) => {
        if (error instanceof FramecueError && error.code === 'ERR_INTERACTION_EXISTS') return 'exists';
        throw error;
      },
    ),
  );
  if (end.kind !== 'done') return end.kind;
  holds(end.value === 'exists' || !model.created, 'a round is created once', { id });
  model.created = true;
  return end.value;
}

/** Media writes a cue to its log; the feed brings it, now or when it gets through. */
export async function cue(
  world: World,
  id: string,
  type: 'open' | 'lock' | 'reveal' | 'cancel',
): Promise<string> {
  const model = roundOf(world, id);
  const kind = `interaction.${type}` as const;
  if (model.cues.has(kind) || !model.created) return 'not now';
  const landed = landedCue(
    {
      id: `${type}-${id}`,
      type: kind,
      data: { interaction: id },
      ...(type === 'open' ? {} : { ref: `open-${id}` }),
    },
    world.time.clock,
  );
  model.cues.set(kind, landed);
  world.model.rounds.feed.push(landed);
  return pumpFeed(world);
}

/** The director takes the opening back, maybe after the result was shown: the round counts for nothing. */
export async function voidRound(world: World, id: string): Promise<string> {
  const model = roundOf(world, id);
  const opened = model.cues.get('interaction.open');
  if (opened === undefined || model.voided !== null) return 'not now';
  const voided: Cue = {
    ...opened,
    rev: 1,
    voided: { at: world.time.clock.unixMs(), by: 'director', landing: null },
  };
  model.voided = voided;
  world.model.rounds.feed.push(voided);
  return pumpFeed(world);
}

/** What the feed has made of it, read from the feed alone. */
export function endOf({ model: { rounds } }: World, round: RoundModel): 'revealed' | 'cancelled' | null {
  const at = (cue: Cue | null | undefined) => {
    const place = cue == null ? -1 : rounds.feed.indexOf(cue);
    return place === -1 || place >= rounds.applied ? null : place;
  };
  const opened = at(round.cues.get('interaction.open'));
  const [reveal, cancel] = [
    at(round.cues.get('interaction.reveal')),
    at(round.cues.get('interaction.cancel')),
  ];
  if (at(round.voided) !== null) return 'cancelled';
  // What was not open cannot be revealed, and what was revealed can only be voided.
  const isRevealed =
    reveal !== null && opened !== null && reveal > opened && (cancel === null || cancel > reveal);
  if (isRevealed) return 'revealed';
  return cancel === null ? null : 'cancelled';
}

/** Brings what the ledger does not have yet, from where it says. */
async function pumpFeed(world: World): Promise<string> {
  const { rounds } = world.model;
  const end = await world.attempt(async ({ follower }) => {
    const from = (await follower.position())?.seq ?? 0;
    holds(from >= rounds.applied, 'the feed goes on where it was committed', {
      from,
      applied: rounds.applied,
    });
    rounds.applied = from;
    for (const [at, cue] of rounds.feed.slice(from).entries()) {
      const seq = from + at + 1;
      await follower.applyEntry({ logEpoch: LOG_EPOCH, seq }, { seq, at: cue.markedAt, cue });
      rounds.applied = Math.max(rounds.applied, seq);
    }
  });
  return end.kind === 'done' ? formatFeedId(LOG_EPOCH, rounds.applied) : end.kind;
}

async function answer(
  world: World,
  { viewer, round: id, choice, deaf }: { viewer: string; round: string; choice: number; deaf: boolean },
): Promise<string> {
  const { model, must, end } = await submit(world, { round: id, viewer, choice });
  if (deaf || end.kind !== 'done') return deaf ? 'nobody listens' : end.kind;
  return told(model, viewer, end.value, must);
}

/** An answer of now, and what it must meet. */
export async function submit(
  world: World,
  {
    round: id,
    viewer,
    choice,
  }: { readonly round: string; readonly viewer: string; readonly choice?: number },
) {
  const model = roundOf(world, id);
  answerOf(model, viewer).sent.add(choice ?? 0);
  const arrivedAtUs = world.time.clock.unixUs();
  const must = mustBe(world, model, arrivedAtUs);
  const answer = choice === undefined ? {} : { choice };
  const end = await world.attempt(({ submissions }) =>
    submissions.submit(id, viewer, { ...answer, cue: `open-${id}` }, arrivedAtUs),
  );
  return { model, must, end };
}

/** Holds an answer's outcome against what is known. */
export function told(
  model: RoundModel,
  viewer: string,
  outcome: SubmitOutcome,
  must: 'taken' | 'refused' | null,
): string {
  const mine = answerOf(model, viewer);
  if (outcome.kind === 'receipt') {
    show(model, viewer, outcome.receipt, outcome.repeated);
    holds(must !== 'refused' || outcome.repeated, 'no answer is taken outside its window', { viewer });
    return outcome.repeated ? 'its receipt again' : outcome.receipt.status;
  }
  holds(outcome.kind === 'refused', 'a good answer is not called invalid', outcome);
  const wasCancelled = outcome.code === 'ERR_INTERACTION_CANCELED';
  if (wasCancelled)
    holds(
      model.cues.has('interaction.cancel') || model.voided !== null,
      'only a cancelled round is called so',
    );
  holds(mine.shown === null || mine.held || wasCancelled, 'whoever has a receipt gets it again', {
    viewer,
    outcome,
  });
  if (outcome.code === 'ERR_INTERACTION_UNKNOWN') holds(!model.created, 'a round that was created is known');
  else holds(must !== 'taken', 'an answer in its window is taken', { viewer, outcome });
  return outcome.code;
}

function show(model: RoundModel, viewer: string, receipt: Receipt, repeated: boolean): void {
  const mine = answerOf(model, viewer);
  // Who enters a lottery or wants a piece says no more than that.
  const choice = (receipt.answer.choice ?? 0) as number;
  holds(mine.sent.has(choice), 'a receipt says what the viewer sent', { viewer, choice });
  const shown = { id: receipt.id, choice, arrivedAtUs: receipt.arrivedAtUs };
  if (mine.shown === null) mine.shown = shown;
  else {
    const same = mine.shown.id === shown.id && mine.shown.choice === choice;
    holds(same && mine.shown.arrivedAtUs === shown.arrivedAtUs, 'a receipt stays as it was shown', {
      viewer,
      before: mine.shown,
      now: shown,
    });
  }
  if (repeated) return;
  holds(!mine.firstShown, 'one answer is the first, and one alone', { viewer });
  mine.firstShown = true;
}

/** What an answer of now must meet, as far as it is certain. */
function mustBe(world: World, model: RoundModel, atUs: number): 'taken' | 'refused' | null {
  const { rounds } = world.model;
  const opened = model.cues.get('interaction.open')?.landing;
  if (opened == null) return 'refused';
  const known = (cue: object | undefined) =>
    cue !== undefined && rounds.feed.indexOf(cue as never) < rounds.applied;
  const { fireAtUs } = opened;
  if (atUs < fireAtUs - LIMITS.clockErrorMs * 1000) return 'refused';
  const others = ['interaction.lock', 'interaction.reveal', 'interaction.cancel'] as const;
  if (endOf(world, model) !== null) return 'refused';
  const endUs = fireAtUs + kindOf(model.id).config.durationMs * 1000;
  if (atUs >= endUs + LIMITS.spreadMs * 1000) return 'refused';
  const isOpen =
    known(model.cues.get('interaction.open')) &&
    model.voided === null &&
    !others.some((type) => model.cues.has(type));
  return isOpen && atUs >= fireAtUs && atUs < endUs ? 'taken' : null;
}

/** Everybody in the same second. */
async function rush(
  world: World,
  { round: id, choices }: { round: string; choices: readonly number[] },
): Promise<string> {
  const model = roundOf(world, id);
  const arrivedAtUs = world.time.clock.unixUs();
  const must = mustBe(world, model, arrivedAtUs);
  const who = choices.map((choice, at) => ({ viewer: VIEWERS[at % VIEWERS.length]!, choice }));
  for (const { viewer, choice } of who) answerOf(model, viewer).sent.add(choice);
  const end = await world.attempt(({ submissions }) =>
    Promise.allSettled(
      who.map(({ viewer, choice }) =>
        submissions.submit(id, viewer, { choice, cue: `open-${id}` }, arrivedAtUs),
      ),
    ),
  );
  if (end.kind !== 'done') return end.kind;
  const outcomes = end.value.map((settled, at) => {
    if (settled.status === 'fulfilled') return told(model, who[at]!.viewer, settled.value, must);
    if (settled.reason instanceof FramecueError) return settled.reason.code;
    throw settled.reason;
  });
  return outcomes.join(', ');
}

/** A fast viewer's answer, with proof of a cue that the feed has not brought. */
async function hold(world: World, { viewer, round: id }: { viewer: string; round: string }): Promise<string> {
  const model = roundOf(world, id);
  if (!model.created || model.cues.size > 0) return 'not now';
  const mine = answerOf(model, viewer);
  mine.sent.add(0);
  const arrivedAtUs = world.time.clock.unixUs();
  const end = await world.attempt(async ({ book, ledger }) => {
    const entry = book.get(id);
    if (entry === undefined) return null;
    const claims = { cue: `open-${id}` };
    const read = { viewer, answer: { choice: 0 }, bucket: '0', arrivedAtUs, claims };
    const outcome = await ledger.recordSubmission(
      countedSubmission(entry.round, read, world.nextId('receipt'), 'held'),
    );
    if (outcome.kind === 'recorded' || outcome.kind === 'repeated') entry.answered = true;
    if (outcome.kind === 'recorded') book.setHeld(entry, entry.held + 1);
    return outcome;
  });
  if (end.kind !== 'done' || end.value === null) return end.kind;
  const { value } = end;
  if (value.kind !== 'recorded' && value.kind !== 'repeated') return value.kind;
  mine.held = true;
  show(model, viewer, value.receipt, value.kind === 'repeated');
  return value.kind;
}

export async function beginRounds(world: World): Promise<void> {
  for (const id of ['r1', 'r2']) await create(world, id);
  for (const id of ['r1', 'r2']) await cue(world, id, 'open');
  await rush(world, { round: 'r1', choices: [0, 1, 2, 0, 1] });
  await rush(world, { round: 'r2', choices: [1, 1, 1, 1] });
}

const choice = fc.integer({ min: 0, max: OPTIONS - 1 });

export const roundSteps: fc.WeightedArbitrary<Step>[] = [
  { weight: 2, arbitrary: step('create', round, create) },
  {
    weight: 5,
    arbitrary: step(
      'cue',
      fc.record({ round, type: fc.constantFrom('open', 'lock', 'reveal', 'reveal', 'cancel') }),
      (world, { round, type }) => cue(world, round, type),
    ),
  },
  { weight: 3, arbitrary: step('void', round, voidRound) },
  { weight: 2, arbitrary: step('feed', fc.constant(null), pumpFeed) },
  { weight: 10, arbitrary: step('answer', fc.record({ viewer, round, choice, deaf }), answer) },
  {
    weight: 4,
    arbitrary: step(
      'rush',
      fc.record({ round, choices: fc.array(choice, { minLength: 2, maxLength: 8 }) }),
      rush,
    ),
  },
  { weight: 2, arbitrary: step('hold', fc.record({ viewer, round }), hold) },
];

/** Once all is well again: nothing that was acknowledged is lost, and whoever asks again is answered. */
export async function checkRounds(world: World): Promise<void> {
  for (const id of [...ROUNDS, LOTTERY, SALE]) {
    const model = world.model.rounds.rounds.get(id);
    if (model === undefined) continue;
    await recovers(() => create(world, id));
  }
  await recovers(() => pumpFeed(world));
  holds(world.model.rounds.applied === world.model.rounds.feed.length, 'the feed is applied to its end');
  for (const model of world.model.rounds.rounds.values()) {
    for (const [viewer, mine] of model.answers) {
      const end = await world.attempt(({ ledger }) => ledger.receiptOf(model.id, viewer));
      if (end.kind !== 'done') throw new Breach('a ledger that nothing ails answers');
      if (end.value === null) holds(mine.shown === null, 'no acknowledged answer is lost', { viewer, mine });
      else {
        if (end.value.status !== 'accepted') mine.held = true;
        show(model, viewer, end.value, true);
      }
    }
    const tally = await world.attempt(({ ledger }) => ledger.resultOf(model.id));
    if (tally.kind !== 'done' || tally.value === null) throw new Breach('a round has a result');
    const { total, held } = tally.value;
    const most = [...model.answers.values()].filter(({ sent }) => sent.size > 0).length;
    const shown = [...model.answers.values()].filter((mine) => mine.shown !== null && !mine.held).length;
    holds(total + held <= most, 'nobody is counted twice', { total, held, most });
    holds(total >= shown, 'everybody who has a receipt is counted', { total, shown });
  }
}

/** Within a few tries, now that nothing ails anything. */
export async function recovers(ask: () => Promise<string>): Promise<void> {
  let outcome = '';
  for (let tries = 0; tries < 3; tries++) {
    outcome = await ask();
    if (outcome !== 'lost' && outcome !== 'refused') return;
  }
  throw new Breach(`nothing ails it, and it does not recover: ${outcome}`);
}

export const atUs = (world: World, plusMs = 0) => unixUs(world.time.clock.unixUs() + ms(plusMs) * 1000);
