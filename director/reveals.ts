import type { Cue } from '../cues/cue.ts';
import { ID_PATTERN, type JsonObject } from '../cues/wire/index.ts';
import { FramecueError } from '../packet/errors.ts';

/** What events says of the reveal of an interaction. */
export type RevealFact =
  /** `data` that its reveal has to carry beside what the director gives: nothing for most, a key for draws. */
  | { readonly kind: 'carries'; readonly data: JsonObject }
  /** Events knows no such interaction. */
  | { readonly kind: 'unknown' }
  /** It could not be asked; `why` in a few words. */
  | { readonly kind: 'away'; readonly why: string };

/** Asks events; `server/` gives it. Bounded in time, and never rejects. */
export type RevealLookup = (interaction: string) => Promise<RevealFact>;

/** What opens the sealed result of a draw (docs/draws.md). Of a rehearsal it never travels: the draw itself is to come. */
const KEY = 'resultKey';
const KEPT = 256;
/** base64url of 32 bytes. */
const LONGEST_KEY = 'x'.repeat(43);

/**
 * What reveals carry that no person should have to copy. Asked for when a round opens and when it is locked, so that it is
 * there at the reveal, which then waits for nobody; never logged.
 */
export class Reveals {
  readonly #lookUp: RevealLookup | null;
  readonly #known = new Map<string, JsonObject>();
  readonly #asked = new Map<string, Promise<RevealFact>>();

  constructor(lookUp: RevealLookup | null) {
    this.#lookUp = lookUp;
  }

  /** A round begins or is closed: its reveal will come. */
  expect(cue: Pick<Cue, 'data'>): void {
    const interaction = namedIn(cue.data);
    if (interaction !== null && this.#asked.size < KEPT) void this.#ask(interaction);
  }

  /**
   * What stands in the reveal's data beside its own; null: nothing, known without asking anybody.
   * @param opening data of the cue that it refers to
   */
  wantedFor(type: string, data: JsonObject, opening: JsonObject): { readonly interaction: string } | null {
    if (this.#lookUp === null || type !== 'interaction.reveal' || data[KEY] !== undefined) return null;
    const interaction = namedIn(data) ?? namedIn(opening);
    return interaction === null ? null : { interaction };
  }

  /** What its reveal will have to carry, where that is not known yet at its longest. */
  atMost(interaction: string): JsonObject {
    return this.#known.get(interaction) ?? { interaction, [KEY]: LONGEST_KEY };
  }

  /**
   * @param own what the reveal brings itself: where that says more than the interaction, it can do without.
   * @throws {FramecueError} ERR_REVEAL_UNKNOWN
   */
  async of(interaction: string, own: JsonObject): Promise<JsonObject> {
    const fact = await this.#ask(interaction);
    if (fact.kind === 'carries') return fact.data;
    if (fact.kind === 'unknown' || Object.keys(own).some((name) => name !== 'interaction')) return {};
    const text = `What the reveal of "${interaction}" has to carry is not known: ${fact.why}. Nothing was marked.`;
    throw new FramecueError('ERR_REVEAL_UNKNOWN', text, { details: { interaction, why: fact.why } });
  }

  async #ask(interaction: string): Promise<RevealFact> {
    const known = this.#known.get(interaction);
    if (known !== undefined) return { kind: 'carries', data: known };
    if (this.#lookUp === null) return { kind: 'unknown' };
    const asked = this.#asked.get(interaction) ?? this.#askEvents(interaction, this.#lookUp);
    this.#asked.set(interaction, asked);
    return asked;
  }

  /** Whoever asks until it is answered waits for the same answer. */
  async #askEvents(interaction: string, lookUp: RevealLookup): Promise<RevealFact> {
    const fact = await lookUp(interaction).finally(() => this.#asked.delete(interaction));
    if (fact.kind !== 'carries') return fact;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KEPT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(interaction, fact.data);
    return fact;
  }
}

/** A reveal with what it has to carry; of a rehearsal without the key, whoever gave it. */
export function withRevealData<Of extends Pick<Cue, 'type' | 'data' | 'rehearsal'>>(
  cue: Of,
  carries: JsonObject | null,
): Of {
  if (cue.type !== 'interaction.reveal') return cue;
  if (cue.rehearsal !== true) return carries === null ? cue : { ...cue, data: { ...carries, ...cue.data } };
  if (cue.data[KEY] === undefined) return cue;
  const { [KEY]: _, ...data } = cue.data;
  return { ...cue, data };
}

/** Whoever edits a reveal that waits gives what viewers read; its key stays. */
export const editedData = ({ data }: Pick<Cue, 'data'>, given: JsonObject): JsonObject =>
  data[KEY] === undefined ? given : { [KEY]: data[KEY], ...given };

function namedIn(data: JsonObject): string | null {
  const { interaction } = data;
  return typeof interaction === 'string' && ID_PATTERN.test(interaction) ? interaction : null;
}
