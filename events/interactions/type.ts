import type { z } from 'zod';
import type { JsonObject } from '../../cues/wire/index.ts';
import type { Milliseconds } from '../../packet/time.ts';
import type { InteractionFacts, Tally } from '../ledger/facts.ts';
import type { Attempt, JudgeLimits, Verdict } from './judge.ts';

/**
 * What one kind of interaction is: one folder under `interactions/`, one entry in `registry.ts`. Life cycle,
 * store, transport, one answer for one viewer: those are the same for all and not its matter.
 */
export interface InteractionType {
  /** As it stands in `type` of an interaction. */
  readonly name: string;
  /** What `config` must be when an interaction is created. No transforms: what was sent is what is kept. */
  readonly configSchema: z.ZodType;
  /** Binds the type to a config, once for an interaction; null for one that does not fit the schema. */
  prepare(config: JsonObject): PreparedInteraction | null;
}

export interface PreparedInteraction {
  /**
   * The domain of the ledger that books each answer too, in the same transaction (`ledger/sqlite/domains.ts`), and may
   * refuse it; such answers are never held.
   */
  readonly bookedBy?: string;
  /** Length of the window where the opening cue says none; null: until a lock. */
  readonly durationMs: Milliseconds | null;
  /** The hot path: reads this type's own fields of a submission's body. Never throws. */
  readAnswer(body: JsonObject): AnswerRead;
  judge(facts: InteractionFacts, attempt: Attempt, limits: JudgeLimits): Verdict;
  /** What the opening cue shows where it names the interaction alone: no more than viewers read at once. */
  readonly openingData: JsonObject;
  /** What viewers may see of the config now. */
  publicConfig(facts: InteractionFacts): JsonObject;
  /** This type's own fields of the public result. */
  result(tally: Tally, facts: InteractionFacts): JsonObject;
}

export type AnswerRead =
  /** `bucket`: under which name the answer is counted. */
  | { readonly kind: 'answer'; readonly answer: JsonObject; readonly bucket: string }
  | { readonly kind: 'invalid'; readonly field: string; readonly problem: string };

/** Ties a schema to the code that relies on it. */
export const defineType = <Schema extends z.ZodType<JsonObject>>(type: {
  readonly name: string;
  readonly configSchema: Schema;
  readonly prepare: (config: z.output<Schema>) => PreparedInteraction;
}): InteractionType => ({
  name: type.name,
  configSchema: type.configSchema,
  prepare(config) {
    const parsed = type.configSchema.safeParse(config);
    return parsed.success ? type.prepare(parsed.data) : null;
  },
});
