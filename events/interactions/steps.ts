import type { Cue } from '../../cues/cue.ts';
import { type UnixMicroseconds, unixMsToUs } from '../../packet/time.ts';
import { finalStateOf, type Transition } from '../ledger/facts.ts';
import type { BookView } from './book.ts';
import { intentOf, interactionNamedBy } from './registry.ts';

/** What a cue does to an interaction, or why it does nothing. */
export type CueEffect =
  | { readonly kind: 'step'; readonly step: Transition }
  /** Not about an interaction, not landed yet, or known already. */
  | { readonly kind: 'none' }
  /** Somebody should hear of it: the director meant something that cannot be. */
  | { readonly kind: 'passed-over'; readonly why: PassedOver; readonly interaction: string | null };

export type PassedOver =
  | 'unknown-interaction'
  | 'other-stream'
  | 'opened-by-another-cue'
  | 'not-opened'
  | 'had-one-already'
  | 'over';

const NONE: CueEffect = { kind: 'none' };
const passedOver = (why: PassedOver, interaction: string | null): CueEffect => ({
  kind: 'passed-over',
  why,
  interaction,
});

/**
 * The effect of a cue as the feed shows it. The first cue that opens an interaction binds it to its stream; steps
 * come from that stream alone.
 * @param nowUs when it became known, where the cue itself has no moment for it.
 * @param cueOf other cues that are known, for a `ref` to a cue that has opened nothing yet.
 */
export function effectOf(
  cue: Cue,
  nowUs: UnixMicroseconds,
  book: BookView,
  cueOf: (stream: string, id: string) => Cue | undefined,
): CueEffect {
  const intent = intentOf(cue);
  switch (intent.kind) {
    case 'none':
    case 'not-yet':
      return NONE;
    case 'voided': {
      // Taken back before it landed, nobody has seen it: the interaction waits for another cue to open it.
      const id = book.openedBy(intent.stream, intent.cue) ?? intent.interaction;
      const entry = id === null ? undefined : book.get(id);
      if (entry === undefined || entry.facts.canceled !== null) return NONE;
      const { opened, revealed, record } = entry.facts;
      const isAnothers =
        opened === null
          ? record.stream !== undefined && record.stream !== intent.stream
          : opened.moment.cue !== intent.cue || opened.moment.stream !== intent.stream;
      if (isAnothers || (revealed !== null && intent.at === null)) return NONE;
      // From then on it counts for nothing, also where its result has been shown.
      const atUs = intent.at === null ? nowUs : unixMsToUs(intent.at);
      return { kind: 'step', step: { kind: 'canceled', interaction: entry.id, cue: intent.cue, atUs } };
    }
    case 'open': {
      const { interaction, moment } = intent;
      const entry = book.get(interaction);
      if (entry === undefined) return passedOver('unknown-interaction', interaction);
      const { facts, prepared } = entry;
      if (facts.record.stream !== undefined && facts.record.stream !== moment.stream) {
        return passedOver('other-stream', interaction);
      }
      if (facts.opened !== null) {
        const same = facts.opened.moment.cue === moment.cue && facts.opened.moment.stream === moment.stream;
        return same ? NONE : passedOver('opened-by-another-cue', interaction);
      }
      if (finalStateOf(facts) !== null) return passedOver('over', interaction);
      const durationMs = cue.durationMs ?? prepared.durationMs;
      return { kind: 'step', step: { kind: 'opened', interaction, moment, durationMs } };
    }
    case 'lock':
    case 'reveal':
    case 'cancel': {
      const { moment } = intent;
      const byRef = intent.ref === null ? undefined : book.openedBy(moment.stream, intent.ref);
      const id = byRef ?? intent.interaction ?? namedByRef(cue, intent.ref, cueOf);
      const entry = id === null ? undefined : book.get(id);
      if (entry === undefined) return passedOver('unknown-interaction', id);
      const { facts } = entry;
      const stream = facts.opened?.moment.stream ?? facts.record.stream;
      if (stream !== undefined && stream !== moment.stream) return passedOver('other-stream', entry.id);
      if (intent.kind === 'cancel') {
        if (facts.canceled !== null) return NONE;
        if (facts.revealed !== null) return passedOver('over', entry.id);
        const { cue, fireAtUs: atUs } = moment;
        return { kind: 'step', step: { kind: 'canceled', interaction: entry.id, cue, atUs } };
      }
      const known = intent.kind === 'lock' ? facts.locked : facts.revealed;
      if (known !== null) {
        return known.moment.cue === moment.cue ? NONE : passedOver('had-one-already', entry.id);
      }
      if (finalStateOf(facts) !== null) return passedOver('over', entry.id);
      if (facts.opened === null) return passedOver('not-opened', entry.id);
      return intent.kind === 'lock'
        ? { kind: 'step', step: { kind: 'locked', interaction: entry.id, moment } }
        : { kind: 'step', step: { kind: 'revealed', interaction: entry.id, moment, data: cue.data } };
    }
  }
}

function namedByRef(
  cue: Cue,
  ref: string | null,
  cueOf: (stream: string, id: string) => Cue | undefined,
): string | null {
  const opening = ref === null ? undefined : cueOf(cue.stream, ref);
  return opening === undefined ? null : interactionNamedBy(opening);
}

const RANK: Readonly<Record<string, number>> = {
  'interaction.open': 0,
  'interaction.lock': 1,
  'interaction.reveal': 2,
  'interaction.cancel': 2,
};

/** The cues of a snapshot in an order in which each finds what it belongs to: what opens first, then by landing. */
export const inOrderOfEffect = (cues: readonly Cue[]): readonly Cue[] =>
  [...cues].sort(
    (a, b) =>
      (RANK[a.type] ?? 3) - (RANK[b.type] ?? 3) ||
      (a.landing?.fireAtUs ?? 0) - (b.landing?.fireAtUs ?? 0) ||
      a.acceptedAt - b.acceptedAt,
  );
