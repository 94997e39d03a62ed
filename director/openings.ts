import type { Cue } from '../cues/cue.ts';
import { ID_PATTERN, type JsonObject } from '../cues/wire/index.ts';
import type { Milliseconds } from '../packet/time.ts';
import type { CueRequest } from './cue-request.ts';

/** How an interaction was prepared to open. */
export interface PreparedOpening {
  /** What viewers read when it opens, its type's own: a question and its options, what is sold and for how much. */
  readonly data: JsonObject;
  /** Its window; absent: it is open until a lock. */
  readonly durationMs?: Milliseconds;
}

/** What events says of the opening of an interaction. */
export type OpeningFact =
  | ({ readonly kind: 'shows' } & PreparedOpening)
  /** Events knows no such interaction, or could not be asked. */
  | { readonly kind: 'unknown' };

/** Asks events; `server/` gives it. Bounded in time to what an opening may wait, and never rejects. */
export type OpeningLookup = (interaction: string) => Promise<OpeningFact>;

/** As many as a rundown has items. */
const KEPT = 512;

/**
 * What opening cues show where the director says no more than which interaction: as it was prepared on events, which never
 * changes. Asked for when a rundown is loaded, so that a take waits for nobody.
 */
export class Openings {
  readonly #lookUp: OpeningLookup | null;
  readonly #known = new Map<string, PreparedOpening>();
  readonly #asked = new Map<string, Promise<PreparedOpening | null>>();

  constructor(lookUp: OpeningLookup | null) {
    this.#lookUp = lookUp;
  }

  /** The interaction of an opening that says nothing else; null: it is as the director wants it, or no opening. */
  wantedFor(type: string, data: JsonObject): string | null {
    const { interaction, ...own } = data;
    if (this.#lookUp === null || type !== 'interaction.open' || Object.keys(own).length > 0) return null;
    return typeof interaction === 'string' && ID_PATTERN.test(interaction) ? interaction : null;
  }

  /** They will be opened: asked for one after another, and no more where one is not known. */
  async expect(cues: Iterable<{ readonly type: string; readonly data: JsonObject }>): Promise<void> {
    for (const { type, data } of cues) {
      const interaction = this.wantedFor(type, data);
      if (interaction !== null && (await this.of(interaction)) === null) return;
    }
  }

  /** Null: not known; the cue goes as it is, and pages that know the interaction by themselves open it. */
  of(interaction: string): Promise<PreparedOpening | null> {
    const known = this.#known.get(interaction);
    if (known !== undefined) return Promise.resolve(known);
    const asked = this.#asked.get(interaction) ?? this.#ask(interaction);
    this.#asked.set(interaction, asked);
    return asked;
  }

  async #ask(interaction: string): Promise<PreparedOpening | null> {
    const asking = this.#lookUp?.(interaction) ?? Promise.resolve({ kind: 'unknown' as const });
    const fact = await asking.finally(() => this.#asked.delete(interaction));
    if (fact.kind === 'unknown') return null;
    const { kind: _, ...opening } = fact;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KEPT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(interaction, opening);
    return opening;
  }
}

/** An opening with what viewers read; what the director said goes before. */
export const withOpeningData = (cue: Cue, { data }: PreparedOpening): Cue => ({
  ...cue,
  data: { ...data, ...cue.data },
});

/** ... and with its window: events closes the round by it, so that pages have to know. */
export const withOpeningWindow = (request: CueRequest, { durationMs }: PreparedOpening): CueRequest =>
  durationMs === undefined ? request : { ...request, durationMs: request.durationMs ?? durationMs };
