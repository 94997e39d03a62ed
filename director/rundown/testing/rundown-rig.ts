import { join } from 'node:path';
import type { Cue, PreparedCue } from '../../../cues/cue.ts';
import { type InteractionFact, readRundownValue } from '../../../cues/rundown/index.ts';
import { ms, unixMsToUs } from '../../../packet/time.ts';
import type { TakeRequest } from '../../cue-request.ts';
import { Rig, STREAM, TEST_LIMITS } from '../../testing/rig.ts';
import type { RundownAction } from '../desk.ts';
import type { LoadRequest } from '../loader.ts';
import { Rundowns } from '../rundowns.ts';
import { openRundownStore, type RundownStore } from '../store.ts';
import type { ItemView, RundownView } from '../view.ts';

export const WHO = { by: 'director', console: null };
const STEP_MS = 100;

/** Rundowns on a real book, log and store, with a clock that is moved by hand and an injector without video. */
export class RundownRig {
  readonly rig = new Rig();
  rundowns!: Rundowns;
  store!: RundownStore;
  rehearsal = false;
  /** Names of tokens that only rehearse. */
  readonly trainees = new Set<string>();
  facts: Readonly<Record<string, InteractionFact>> | null = null;
  /** Ids of cues in the order in which they fired. */
  readonly fired: string[] = [];
  readonly told: (RundownView | null)[] = [];
  readonly actions: RundownAction[] = [];
  /** Items that were missed without a cue: id, why, key of the row. */
  readonly missed: string[] = [];
  /** On which PTS cues that an injector holds fire. */
  readonly #firePts = new Map<string, number>();
  #pts = 1_000;
  #epoch = 0;

  async open(): Promise<this> {
    await this.rig.open({ limits: { ...TEST_LIMITS, cueExpMs: 600_000 } });
    await this.#openRundowns();
    this.goLive();
    return this;
  }

  /** A stream begins, with a new epoch. */
  goLive(): void {
    this.rig.gate.begin(STREAM, `epoch-${++this.#epoch}`, this.#pts);
    this.rig.gate.onSchedule = (cue) => this.#scheduled(cue);
    this.rig.book.streamBegan(STREAM);
  }

  goAway(): void {
    this.rig.gate.end(STREAM);
  }

  async #openRundowns(): Promise<void> {
    const { log, clock, folder, gate, book } = this.rig;
    this.store = await openRundownStore({
      ...{ path: join(folder, 'rundowns.db'), log, maxQueued: 100, timeoutMs: 5_000 },
    });
    book.isRehearsal = () => this.rehearsal;
    book.rehearsesOnly = (by) => this.trainees.has(by);
    this.rundowns = await Rundowns.open({
      ...{ store: this.store, stored: await this.store.all(), book, gate, clock, log, keyIdLength: 11 },
      limits: { cueAnnounceMs: 2_000, stampTextLimit: 1_024, viewerSpreadCapMs: 15_000 },
      lookUp: async (id) => this.facts?.[id] ?? { kind: 'known', state: 'SCHEDULED', stream: null },
      isRehearsal: () => this.rehearsal,
      rehearsesOnly: (by) => this.trainees.has(by),
      onChange: (_, view) => this.told.push(view),
      onAction: (action) => this.actions.push(action),
      onMissed: (_stream, { id }, { code }, key) => this.missed.push(`${id} ${code} ${key}`),
    });
  }

  /** As after `kill -9`, so long after it. */
  async crash(awayMs = 0): Promise<void> {
    // What a dead process had in its queues is lost.
    await this.store.close();
    this.rig.clock.advanceMs(awayMs);
    this.#pts = 1_000;
    this.#firePts.clear();
    await this.rig.crash({ limits: { ...TEST_LIMITS, cueExpMs: 600_000 } });
    await this.#openRundowns();
  }

  async remove(): Promise<void> {
    await this.rundowns.close();
    await this.store.close();
    await this.rig.remove();
  }

  load(items: readonly object[], given: Partial<LoadRequest> = {}): Promise<RundownView> {
    return this.rundowns.load({
      ...{ stream: STREAM, who: WHO, replace: false, unchecked: false },
      reading: readRundownValue({ id: 'quiz', items }),
      ...given,
    });
  }

  /** The item's cue, which has landed by the next picture where it fires now. */
  async take(id: string | null, body: TakeRequest = {}, anyway = false): Promise<Cue> {
    const { cue } = await this.rundowns.take(STREAM, id, body, WHO, this.rig.now, anyway);
    await this.pass(STEP_MS);
    return cue;
  }

  arm = (id: string): Promise<Cue> => this.rundowns.arm(STREAM, id, WHO, this.rig.now);
  skip = (id: string): Promise<RundownView> => this.rundowns.skip(STREAM, id, WHO);
  reset = (id: string): Promise<RundownView> => this.rundowns.reset(STREAM, id, WHO);

  get view(): RundownView {
    const view = this.rundowns.get(STREAM);
    if (view === null) throw new Error('no rundown is loaded');
    return view;
  }

  item(id: string): ItemView {
    const found = this.view.items.find((item) => item.id === id);
    if (found === undefined) throw new Error(`no item ${id}`);
    return found;
  }

  /** `id:state`, and the reason's code where there is one. */
  get states(): string[] {
    return this.view.items.map(({ id, state, reason }) =>
      reason === null ? `${id}:${state}` : `${id}:${state}:${reason.code}`,
    );
  }

  /** Time passes, pictures with it where the stream is live. */
  async pass(spanMs: number): Promise<void> {
    for (let left = spanMs; left > 0; left -= STEP_MS) {
      const step = Math.min(STEP_MS, left);
      this.rig.clock.advanceMs(step);
      this.#pts += step;
      const moment = this.rig.gate.live.get(STREAM);
      if (moment !== undefined) {
        this.rig.gate.live.set(STREAM, { ...moment, nextPts: ms(this.#pts) });
        this.#fireDue();
      }
      this.rig.book.sweep();
      this.rundowns.tick();
      await this.settled();
    }
  }

  /** All that was on its way into the log is there. */
  async settled(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.rundowns.entering > 0);
  }

  #scheduled({ id, fire, landedAtUs }: PreparedCue): void {
    if (landedAtUs !== undefined) return;
    const pts = this.#pts;
    const firePts = {
      next: () => pts,
      delay: () => pts + (fire.kind === 'delay' ? fire.delayMs : 0),
      mediaTime: () => (fire.kind === 'mediaTime' ? fire.pts : 0),
      at: () => pts + (fire.kind === 'at' ? fire.at - this.rig.now : 0),
    }[fire.kind]();
    this.#firePts.set(id, firePts);
  }

  #fireDue(): void {
    for (const [id, firePts] of [...this.#firePts]) {
      if (!this.rig.gate.held.has(`${STREAM} ${id}`)) {
        this.#firePts.delete(id);
        continue;
      }
      if (firePts > this.#pts) continue;
      this.#firePts.delete(id);
      this.fired.push(id);
      const pts = Math.max(firePts, this.#pts - STEP_MS);
      const fireAtUs = unixMsToUs(this.rig.now) - (this.#pts - pts) * 1_000;
      this.rig.land(id, { pts: ms(pts), epoch: `epoch-${this.#epoch}`, fireAtUs: fireAtUs as never });
    }
  }
}
