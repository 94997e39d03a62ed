import {
  type Carrier,
  DATERANGE_CUE_CLASS,
  DATERANGE_EPOCH_CLASS,
  DATERANGE_TEXT,
  EMSG_SCHEME,
  EMSG_VALUE,
  fromHexSequence,
  readId3,
  readScriptCue,
  SCRIPT_NAME,
} from '../../cues/wire/index.ts';
import { decodeAmf0 } from '../../packet/amf0.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { DaterangeItem, EmsgItem, ScriptItem } from '../sources/items.ts';
import type { StampVerifier } from './keys.ts';
import { type Finding, finding } from './lint-codes.ts';
import { readStampText, type SeenCue, StampRecord } from './stamps.ts';

/** What stands beside the video. */
export type BesideItem = ScriptItem | EmsgItem | DaterangeItem;

/** Stamps that one carrier brought, docs/wire-format.md. */
export interface CarrierSummary {
  readonly carrier: Carrier;
  readonly clock: number;
  readonly cue: number;
  readonly unreadable: number;
  readonly cues: readonly SeenCue[];
}

/** Others' data: script tags by name, event messages by scheme, date ranges by class. */
export interface OtherData {
  readonly kind: BesideItem['kind'];
  readonly name: string;
  readonly count: number;
}

interface Carried {
  readonly carrier: Carrier;
  /** Null: it should be a stamp, and cannot be read. */
  readonly text: string | null;
}

const MAX_NAMES = 200;

/** Reads the stamps in script tags, event messages and date ranges, and counts the rest by name. */
export class CarrierReader {
  readonly #verifier: StampVerifier | null;
  readonly #records = new Map<Carrier, { readonly stamps: StampRecord; unreadable: number }>();
  readonly #others = new Map<string, { kind: BesideItem['kind']; name: string; count: number }>();

  constructor(verifier: StampVerifier | null) {
    this.#verifier = verifier;
  }

  /** @param index of the access unit that comes next. */
  add(item: BesideItem, index: number): Finding[] {
    const carried = carriedBy(item);
    if (carried === null) {
      this.#countOther(item);
      return [];
    }
    const { carrier, text } = carried;
    const record = this.#records.get(carrier) ?? { stamps: new StampRecord(), unreadable: 0 };
    this.#records.set(carrier, record);
    const read = text === null ? null : readStampText(text, this.#verifier);
    if (read === null || read.kind === 'unreadable') {
      record.unreadable++;
      return [finding('STAMP_UNREADABLE', null, `${carrier}: ${read?.text ?? 'not its form'}`)];
    }
    return record.stamps.note(read, index, read.stamp.head.pts ?? null, 0);
  }

  carriers(): CarrierSummary[] {
    return Array.from(this.#records, ([carrier, { stamps, unreadable }]) => ({
      carrier,
      clock: stamps.clockStamps,
      cue: stamps.cueStamps,
      unreadable,
      cues: [...stamps.cues.values()],
    }));
  }

  others(): OtherData[] {
    return [...this.#others.values()];
  }

  #countOther(item: BesideItem): void {
    const name = nameOf(item).slice(0, 200);
    const key = `${item.kind} ${name}`;
    const known = this.#others.get(key);
    if (known !== undefined) known.count++;
    else if (this.#others.size < MAX_NAMES) this.#others.set(key, { kind: item.kind, name, count: 1 });
  }
}

function nameOf(item: BesideItem): string {
  switch (item.kind) {
    case 'script':
      return item.name;
    case 'emsg':
      return item.schemeIdUri;
    case 'daterange':
      return item.attributes.CLASS ?? 'no CLASS';
    default:
      return item satisfies never;
  }
}

/** Null for others' data. */
function carriedBy(item: BesideItem): Carried | null {
  switch (item.kind) {
    case 'script':
      return item.name === SCRIPT_NAME ? { carrier: 'onframecue', text: scriptTextOf(item.data) } : null;
    case 'emsg': {
      const isOurs = item.schemeIdUri === EMSG_SCHEME && item.value === EMSG_VALUE;
      return isOurs ? { carrier: 'emsg', text: readId3(item.data) } : null;
    }
    case 'daterange': {
      const { CLASS: name, [DATERANGE_TEXT]: hex } = item.attributes;
      const isOurs = name === DATERANGE_CUE_CLASS || name === DATERANGE_EPOCH_CLASS;
      return isOurs ? { carrier: 'daterange', text: hex === undefined ? null : fromHexSequence(hex) } : null;
    }
    default:
      return item satisfies never;
  }
}

function scriptTextOf(data: Uint8Array): string | null {
  try {
    return readScriptCue(decodeAmf0(data)[1])?.text ?? null;
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    return null;
  }
}
