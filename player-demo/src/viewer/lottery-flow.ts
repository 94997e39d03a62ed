import type { FiredCue, Framecue } from '../../../client/src/index.ts';
import { type LotteryEvent, readLottery } from './lottery-state.ts';

export interface LotteryFlowOptions {
  readonly framecue: Pick<Framecue, 'submit' | 'prefetchSealed' | 'openSealed' | 'mine'>;
  readonly onEvent: (event: LotteryEvent) => void;
  /** The public config of a lottery whose cue does not say it; null where it is none, or cannot be had. */
  readonly lookUp: (interaction: string) => Promise<unknown>;
  readonly setTimeout?: (run: () => void, ms: number) => unknown;
}

/** A page of few viewers: real ones leave the library's own, wider spread. */
const WITHIN_MS = 2000;
const LOOK_FIRST_MS = 1000;
const LOOK_MOST_MS = 10_000;
const LOOKS = 60;

/** What a viewer's page asks for beside the cues of a lottery, and when. */
export class LotteryFlow {
  readonly #options: LotteryFlowOptions;
  /** Interactions by the cue that opened them; few, and gone with the page. */
  readonly #opened = new Map<string, string>();
  readonly #watched = new Set<string>();
  readonly #revealed = new Set<string>();
  #stopped = false;

  constructor(options: LotteryFlowOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** In the task of the cue's picture: what it says itself is shown at once. */
  cue(cue: FiredCue): void {
    const { onEvent } = this.#options;
    if (cue.type === 'interaction.open') {
      this.#open(cue);
      return;
    }
    const interaction = this.#interactionOf(cue);
    onEvent({ kind: 'cue', cue });
    if (interaction === null) return;
    if (cue.type === 'interaction.lock') this.#closed(interaction, cue.rehearsal);
    if (cue.type === 'interaction.reveal') void this.#reveal(interaction, cue);
  }

  close(cue: FiredCue, why: Extract<LotteryEvent, { kind: 'closed' }>['why']): void {
    const interaction = this.#opened.get(cue.id);
    if (interaction === undefined) return;
    this.#options.onEvent({ kind: 'closed', cueId: cue.id, why });
    if (why !== 'canceled') this.#closed(interaction, cue.rehearsal);
  }

  /** @param actedAt monotonic */
  async enter(cue: FiredCue, actedAt: number): Promise<void> {
    const { framecue, onEvent } = this.#options;
    onEvent({ kind: 'entering', cueId: cue.id });
    const outcome = await framecue.submit(cue, { actedAt });
    if (this.#stopped) return;
    if (outcome.ok) onEvent({ kind: 'entered', cueId: cue.id, receipt: outcome.receipt });
    else onEvent({ kind: 'refused', cueId: cue.id, error: outcome.error });
  }

  #open(cue: FiredCue): void {
    const told = readLottery(cue.data);
    if (told !== null) {
      this.#begin(cue, told);
      return;
    }
    const { interaction } = cue.data;
    if (typeof interaction !== 'string' || Array.isArray(cue.data.options)) return;
    void this.#options.lookUp(interaction).then((config) => {
      const found = readLottery(config);
      if (found !== null && !this.#stopped) this.#begin(cue, found);
    });
  }

  #begin(cue: FiredCue, lottery: NonNullable<ReturnType<typeof readLottery>>): void {
    this.#opened.set(cue.id, lottery.interaction);
    this.#options.onEvent({ kind: 'opened', cue, lottery });
  }

  #interactionOf({ ref, data }: FiredCue): string | null {
    const opened = ref === null ? undefined : this.#opened.get(ref);
    // A key comes with reveals of draws alone: one whose opening was not seen here.
    if (opened === undefined && typeof data.resultKey !== 'string') return null;
    return opened ?? (typeof data.interaction === 'string' ? data.interaction : null);
  }

  #closed(interaction: string, isRehearsal: boolean): void {
    if (isRehearsal || this.#watched.has(interaction)) return;
    this.#watched.add(interaction);
    void this.#options.framecue.prefetchSealed(interaction, { withinMs: WITHIN_MS });
    void this.#watch(interaction);
  }

  /** Until the place is known and checked; after the reveal, until a prize is delivered. */
  async #watch(interaction: string): Promise<void> {
    const { framecue, onEvent } = this.#options;
    let waitMs = LOOK_FIRST_MS;
    let wasRevealed = false;
    for (let look = 0; look < LOOKS && !this.#stopped; look++) {
      await this.#pause(waitMs);
      const isRevealed = this.#revealed.has(interaction);
      const outcome = await framecue.mine(interaction);
      if (this.#stopped) return;
      if (!outcome.ok) {
        onEvent({ kind: 'own-failed', interaction, error: outcome.error });
        if (!outcome.error.retryable) return;
      } else {
        const { mine } = outcome;
        onEvent({ kind: 'own', mine });
        if (mine.state === 'void' || mine.entry === null || mine.entry.status === 'refused') return;
        if (isRevealed && mine.state === 'revealed') {
          const { prize } = mine;
          if (prize === null || prize.right === 'voided' || prize.grant?.reversed === true) return;
          if (prize.grant?.delivered === true) return;
        }
      }
      // What comes of a prize is looked at often at first, and then less and less.
      waitMs = isRevealed && !wasRevealed ? LOOK_FIRST_MS : Math.min(LOOK_MOST_MS, waitMs * 1.5);
      wasRevealed = isRevealed;
    }
  }

  async #reveal(interaction: string, cue: FiredCue): Promise<void> {
    const { framecue, onEvent, lookUp } = this.#options;
    this.#revealed.add(interaction);
    if (cue.rehearsal) return;
    if (cue.ref === null || !this.#opened.has(cue.ref)) {
      const lottery = readLottery(await lookUp(interaction));
      if (lottery === null || this.#stopped) return;
      onEvent({ kind: 'recovered', lottery });
    }
    const opened = await framecue.openSealed(cue);
    if (this.#stopped) return;
    if (opened.ok) onEvent({ kind: 'result', result: opened.result });
    else onEvent({ kind: 'result-failed', interaction, error: opened.error });
    if (!this.#watched.has(interaction)) {
      this.#watched.add(interaction);
      void this.#watch(interaction);
    }
  }

  #pause(ms: number): Promise<void> {
    const wait = this.#options.setTimeout ?? globalThis.setTimeout;
    return new Promise((resolve) => {
      wait(resolve, ms * (0.75 + 0.5 * Math.random()));
    });
  }
}
