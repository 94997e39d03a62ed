import { FramecueError } from '../../packet/errors.ts';
import {
  finalStateOf,
  type HeldSubmission,
  type HeldVerdict,
  type InteractionFacts,
  type InteractionRecord,
  mayFollow,
  type NewSubmission,
  newFacts,
  type Receipt,
  type Tally,
  type Transition,
  withTransition,
} from './facts.ts';
import type {
  CreateOutcome,
  FeedEntryChange,
  FeedOutcome,
  FeedPosition,
  FeedSnapshotChange,
  InteractionPage,
  JudgeOutcome,
  Ledger,
  LedgerStatus,
  LoadedLedger,
  MirroredCue,
  SubmissionOutcome,
  TransitionOutcome,
} from './store.ts';

interface Entry {
  readonly seq: number;
  facts: InteractionFacts;
  readonly receipts: Map<string, { receipt: Receipt; readonly submission: NewSubmission }>;
}

/** The ledger without a disk: what it knows ends with the process. For tests of the domain, and as the plainest statement of what a store does. */
export class MemoryLedger implements Ledger {
  readonly #interactions = new Map<string, Entry>();
  readonly #byId = new Map<string, { readonly entry: Entry; readonly viewer: string }>();
  readonly #cues = new Map<string, MirroredCue>();
  #position: FeedPosition | null = null;
  #closed = false;

  async createInteraction(record: InteractionRecord): Promise<CreateOutcome> {
    this.#refuseWhenClosed();
    const found = this.#interactions.get(record.id);
    if (found !== undefined) return { kind: 'exists', facts: found.facts };
    const facts = newFacts(record);
    this.#interactions.set(record.id, { seq: this.#interactions.size + 1, facts, receipts: new Map() });
    return { kind: 'created', facts };
  }

  async recordSubmission(submission: NewSubmission): Promise<SubmissionOutcome> {
    this.#refuseWhenClosed();
    const entry = this.#interactions.get(submission.interaction);
    if (entry === undefined) return { kind: 'unknown-interaction' };
    const first = entry.receipts.get(submission.viewer);
    if (first !== undefined) return { kind: 'repeated', receipt: first.receipt };
    const state = finalStateOf(entry.facts);
    if (state !== null) return { kind: 'closed', state };
    const { id, interaction, answer, arrivedAtUs, status } = submission;
    const receipt: Receipt = { id, interaction, answer, arrivedAtUs, status };
    entry.receipts.set(submission.viewer, { receipt, submission });
    this.#byId.set(id, { entry, viewer: submission.viewer });
    return { kind: 'recorded', receipt };
  }

  async receiptOf(interaction: string, viewer: string): Promise<Receipt | null> {
    this.#refuseWhenClosed();
    return this.#interactions.get(interaction)?.receipts.get(viewer)?.receipt ?? null;
  }

  async recordTransition(transition: Transition): Promise<TransitionOutcome> {
    this.#refuseWhenClosed();
    return this.#step(transition);
  }

  async heldSubmissions(interaction: string, limit: number): Promise<readonly HeldSubmission[]> {
    this.#refuseWhenClosed();
    const all = [...(this.#interactions.get(interaction)?.receipts.values() ?? [])];
    return all
      .filter(({ receipt }) => receipt.status === 'held')
      .slice(0, limit)
      .map(({ submission: { id, arrivedAtUs, claims } }) => ({ id, interaction, arrivedAtUs, claims }));
  }

  async judgeHeld(verdicts: readonly HeldVerdict[]): Promise<JudgeOutcome> {
    this.#refuseWhenClosed();
    const outcome = { accepted: 0, refused: 0, passed: 0 };
    for (const verdict of verdicts) {
      const found = this.#byId.get(verdict.submission);
      const held = found?.entry.receipts.get(found.viewer);
      if (held === undefined || held.receipt.status !== 'held') {
        outcome.passed++;
        continue;
      }
      const { id, interaction, answer, arrivedAtUs } = held.receipt;
      held.receipt =
        verdict.verdict === 'accepted'
          ? { id, interaction, answer, arrivedAtUs, status: 'accepted' }
          : { id, interaction, answer, arrivedAtUs, status: 'refused', code: verdict.code };
      outcome[verdict.verdict]++;
    }
    return outcome;
  }

  async resultOf(interaction: string): Promise<Tally | null> {
    this.#refuseWhenClosed();
    const entry = this.#interactions.get(interaction);
    if (entry === undefined) return null;
    const buckets: Record<string, number> = {};
    let total = 0;
    let held = 0;
    for (const { receipt, submission } of entry.receipts.values()) {
      if (receipt.status === 'held') held++;
      if (receipt.status !== 'accepted') continue;
      total++;
      buckets[submission.bucket] = (buckets[submission.bucket] ?? 0) + 1;
    }
    return { total, buckets, held };
  }

  async listInteractions(page: {
    readonly limit: number;
    readonly before?: number;
  }): Promise<InteractionPage> {
    this.#refuseWhenClosed();
    const before = page.before ?? Number.POSITIVE_INFINITY;
    const interactions = [...this.#interactions.values()]
      .reverse()
      .filter(({ seq }) => seq < before)
      .slice(0, page.limit)
      .map(({ seq, facts }) => ({ seq, facts }));
    return { interactions };
  }

  async factsOf(interaction: string): Promise<InteractionFacts | null> {
    this.#refuseWhenClosed();
    return this.#interactions.get(interaction)?.facts ?? null;
  }

  async load(limit: number): Promise<LoadedLedger> {
    this.#refuseWhenClosed();
    const newest = [...this.#interactions.values()].reverse().slice(0, limit).reverse();
    return {
      interactions: newest.map(({ facts, receipts }) => ({
        facts,
        answered: receipts.size > 0,
        held: [...receipts.values()].filter(({ receipt }) => receipt.status === 'held').length,
      })),
      position: this.#position,
      cues: [...this.#cues.values()],
    };
  }

  async applyFeedEntry(change: FeedEntryChange): Promise<FeedOutcome> {
    this.#refuseWhenClosed();
    const at = this.#position;
    if (at !== null && at.logEpoch === change.position.logEpoch && at.seq >= change.position.seq) {
      return { kind: 'already', position: at };
    }
    for (const [key, { forgetAt }] of this.#cues) {
      if (forgetAt <= change.now) this.#cues.delete(key);
    }
    this.#mirror(change.cue);
    this.#position = change.position;
    return { kind: 'applied', transitions: change.transitions.map((step) => this.#step(step)) };
  }

  async applyFeedSnapshot(change: FeedSnapshotChange): Promise<FeedOutcome> {
    this.#refuseWhenClosed();
    this.#cues.clear();
    for (const cue of change.cues) this.#mirror(cue);
    this.#position = change.position;
    return { kind: 'applied', transitions: change.transitions.map((step) => this.#step(step)) };
  }

  status(): LedgerStatus {
    return { state: this.#closed ? 'closed' : 'open', queued: 0, queueLimit: 0 };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #mirror(mirrored: MirroredCue): void {
    this.#cues.set(`${mirrored.cue.stream} ${mirrored.cue.id}`, mirrored);
  }

  #step(transition: Transition): TransitionOutcome {
    const entry = this.#interactions.get(transition.interaction);
    if (entry === undefined) return { kind: 'unknown-interaction' };
    if (entry.facts[transition.kind] !== null) return { kind: 'already' };
    const state = finalStateOf(entry.facts);
    if (state !== null && !mayFollow(transition, state)) return { kind: 'closed', state };
    entry.facts = withTransition(entry.facts, transition);
    return { kind: 'recorded' };
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new FramecueError('ERR_NOT_READY');
  }
}
