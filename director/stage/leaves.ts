import { randomBytes } from 'node:crypto';
import type { Clock } from '../../packet/clock.ts';
import type { Actor } from '../action.ts';
import type { AsRunLog } from '../as-run/as-run-log.ts';
import type { ControlLock } from '../console/control-lock.ts';
import { isStillThere, type LeaveSources, targetOf } from './leave-rules.ts';
import { LEAVE_DEFAULT_MS, type LeaveRequest } from './requests.ts';
import type { StageLeave } from './shapes.ts';
import { type HeldStage, type StageStreams, withoutMode } from './stage-streams.ts';

export interface LeavesOptions extends LeaveSources {
  readonly clock: Clock;
  readonly lock: Pick<ControlLock, 'state'>;
  readonly asRun: Pick<AsRunLog, 'add'>;
  readonly isRehearsal: (stream: string) => boolean;
  /** Names of tokens that may direct: nobody else's leave counts. */
  readonly mayDirect: (by: string) => boolean;
}

/** What a touch may take: given by the director for one thing, and ended by whatever makes it another's. */
export class Leaves {
  readonly #streams: StageStreams;
  readonly #options: LeavesOptions;

  constructor(streams: StageStreams, options: LeavesOptions) {
    this.#streams = streams;
    this.#options = options;
  }

  /** Gives leave for one thing in the place of what leave was given for before, or takes it back. */
  async give(stream: string, request: LeaveRequest, who: Actor): Promise<StageLeave | null> {
    const { clock, asRun, isRehearsal } = this.#options;
    const target = await targetOf(stream, request, this.#options);
    const held = this.#streams.of(stream);
    if (target === null) {
      this.#end(held, 'leave taken back', who);
      return null;
    }
    const at = clock.unixMs();
    held.leave = {
      id: randomBytes(9).toString('base64url'),
      ...target,
      ...{ label: request.label ?? null, at, until: at + (request.forMs ?? LEAVE_DEFAULT_MS) },
      ...who,
      rehearsal: isRehearsal(stream),
    };
    const { item, cue, title } = target;
    asRun.add(stream, { what: 'stage', ...who, item, cue, title, reason: 'leave given' });
    this.#streams.tell(stream);
    return withoutMode(held.leave);
  }

  /** True: it has ended, by time, by mode, by control, or because what it was for is gone. */
  look(held: HeldStage): boolean {
    if (held.leave === null) return false;
    const why = this.#whyOver(held.stream, held.leave);
    if (why === null) return false;
    this.#end(held, why, { by: 'stage', console: null });
    return true;
  }

  #whyOver(stream: string, leave: NonNullable<HeldStage['leave']>): string | null {
    const { clock, mayDirect, isRehearsal, lock, rundown } = this.#options;
    const { holder } = lock.state(stream);
    const isOthers =
      holder !== null &&
      leave.console !== null &&
      (holder.console !== leave.console || holder.by !== leave.by);
    if (clock.unixMs() >= leave.until) return 'leave has run out';
    if (isOthers || !mayDirect(leave.by)) return 'leave ended with control';
    if (isRehearsal(stream) !== leave.rehearsal) return 'leave ended with the mode';
    return isStillThere(leave, rundown(stream)) ? null : 'leave ended: it was taken otherwise';
  }

  #end(held: HeldStage, reason: string, who: Actor): void {
    if (held.leave === null) return;
    const { item, cue, title } = held.leave;
    held.leave = null;
    this.#options.asRun.add(held.stream, { what: 'stage', ...who, item, cue, title, reason });
    this.#streams.tell(held.stream);
  }
}
