import type { Cue } from '../../cues/cue.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Actor } from '../action.ts';
import type { CueBook } from '../cue-book.ts';
import type { TakeRequest } from '../cue-request.ts';
import type { TriggerDeeds } from './triggers.ts';

/** What triggers need of the rundown. */
export interface RundownDeeds {
  /** @param id null: the next item. */
  take(
    stream: string,
    id: string | null,
    body: TakeRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
  ): Promise<{ readonly cue: Cue }>;
  arm(stream: string, id: string, who: Actor, receivedAt: UnixMilliseconds): Promise<Cue>;
}

/** @param rundown null: there is none here. */
export function deedsOf(book: CueBook, rundown: () => RundownDeeds | null): TriggerDeeds {
  const need = (): RundownDeeds => {
    const deeds = rundown();
    if (deeds === null) throw new FramecueError('ERR_RUNDOWN_NONE');
    return deeds;
  };
  return {
    next: async (stream, who, at) => (await need().take(stream, null, {}, who, at)).cue,
    take: async (stream, item, who, at) => (await need().take(stream, item, {}, who, at)).cue,
    arm: async (stream, item, who, at) => need().arm(stream, item, who, at),
    async cue(stream, request, who, receivedAt) {
      const outcome = await book.accept({ stream, request, key: null, who, receivedAt });
      if (outcome.kind === 'refused') throw outcome.error;
      return outcome.cue;
    },
    async panic(stream, who) {
      await book.panic({ stream, who });
    },
  };
}
