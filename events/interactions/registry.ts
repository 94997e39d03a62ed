import type { Cue } from '../../cues/cue.ts';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { CueMoment } from '../ledger/facts.ts';
import { lottery } from './lottery/lottery.ts';
import { quiz } from './quiz/quiz.ts';
import { flashSale } from './sale/flash-sale.ts';
import type { InteractionType } from './type.ts';

/** Every interaction type; another one is a folder here and a line. */
export const INTERACTION_TYPES: ReadonlyMap<string, InteractionType> = new Map(
  [quiz, lottery, flashSale].map((type) => [type.name, type]),
);

/** The name under which a cue speaks of an interaction; null where it names none. */
export function interactionNamedBy(cue: Pick<Cue, 'data'>): string | null {
  const named = cue.data.interaction;
  return typeof named === 'string' && ID_PATTERN.test(named) ? named : null;
}

/** Where a cue landed, as the ledger keeps it; null before. */
export const momentOf = (cue: Cue): CueMoment | null =>
  cue.landing === null
    ? null
    : {
        cue: cue.id,
        rev: cue.rev,
        stream: cue.stream,
        epoch: cue.landing.epoch,
        pts: cue.landing.pts,
        fireAtUs: cue.landing.fireAtUs,
      };

/** What a cue asks for, before it is known whether its interaction is in a state for it. */
export type CueIntent =
  | { readonly kind: 'none' }
  /** An interaction cue that has not landed, or says nothing that can be followed. */
  | { readonly kind: 'not-yet' }
  | {
      readonly kind: 'voided';
      readonly cue: string;
      readonly stream: string;
      /** What it may have opened before it was voided; null: nobody has seen it. */
      readonly interaction: string | null;
      /** Null: it was taken back before anybody heard of it. */
      readonly at: UnixMilliseconds | null;
    }
  | { readonly kind: 'open'; readonly interaction: string; readonly moment: CueMoment }
  | {
      readonly kind: 'lock' | 'reveal' | 'cancel';
      /** The opening cue; goes before `interaction`. */
      readonly ref: string | null;
      readonly interaction: string | null;
      readonly moment: CueMoment;
    };

/** The way from a cue to an interaction, the same for all types. */
export function intentOf(cue: Cue): CueIntent {
  const moment = momentOf(cue);
  const interaction = interactionNamedBy(cue);
  switch (cue.type) {
    case 'interaction.open':
      if (cue.state === 'cancelled' || cue.voided !== undefined) {
        const seen = cue.voided !== undefined && (moment !== null || cue.state === 'uncertain');
        return {
          ...{ kind: 'voided', cue: cue.id, stream: cue.stream },
          ...{ interaction: seen ? interaction : null, at: cue.voided?.at ?? null },
        };
      }
      if (moment === null || interaction === null) return { kind: 'not-yet' };
      return { kind: 'open', interaction, moment };
    case 'interaction.lock':
    case 'interaction.reveal':
    case 'interaction.cancel': {
      const ref = cue.ref ?? null;
      if (moment === null || (ref === null && interaction === null)) return { kind: 'not-yet' };
      const kind = (
        {
          'interaction.lock': 'lock',
          'interaction.reveal': 'reveal',
          'interaction.cancel': 'cancel',
        } as const
      )[cue.type];
      return { kind, ref, interaction, moment };
    }
    default:
      return { kind: 'none' };
  }
}
