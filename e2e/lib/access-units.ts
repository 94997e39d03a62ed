import { parseStamp, readScriptCue, SCRIPT_NAME } from '../../cues/wire/index.ts';
import { decodeAmf0 } from '../../packet/amf0.ts';
import { FlvReader } from '../../packet/flv-reader.ts';

/** One access unit as its stamps tell of it. */
export interface StampedUnit {
  /** When it passed the injector, Unix microseconds. */
  readonly atUs: number;
  readonly pts: number;
  /** Cues that it carries, and how far their fire PTS is from its own. */
  readonly fireIn: ReadonlyMap<string, number>;
}

/**
 * Every access unit of a live stream, in decode order, from HTTP-FLV beside the players. The server has to stamp
 * every one of them (`FRAMECUE_CLOCK_STAMPS=frame`).
 */
export class StampedUnits {
  readonly #units: { atUs: number; pts: number; fireIn: Map<string, number> }[] = [];
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>;

  constructor(url: string) {
    this.#reading = this.#read(url);
  }

  get all(): readonly StampedUnit[] {
    return this.#units;
  }

  async #read(url: string): Promise<void> {
    const reader = new FlvReader();
    try {
      const response = await fetch(url, { signal: this.#abort.signal });
      for await (const chunk of response.body!) {
        for (const item of reader.read(chunk)) {
          if (item.kind !== 'packet' || item.packet.kind !== 'script') continue;
          const [name, value] = decodeAmf0(item.packet.data);
          const said = name === SCRIPT_NAME ? readScriptCue(value) : null;
          if (said !== null) this.#learn(said.text, said.pts);
        }
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  #learn(text: string, pts: number): void {
    const stamp = parseStamp(text);
    let unit = this.#units.at(-1);
    if (unit === undefined || unit.pts !== pts) {
      unit = { atUs: stamp.head.at, pts, fireIn: new Map() };
      this.#units.push(unit);
    }
    if (stamp.kind === 'cue') unit.fireIn.set(stamp.body.id, stamp.head.fireIn);
  }

  /** Of those that are judged already nothing is needed any more. */
  forget(): void {
    this.#units.length = 0;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }
}
