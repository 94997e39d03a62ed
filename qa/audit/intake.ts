import {
  type Carrier,
  type CueStamp,
  DATERANGE_TEXT,
  EMSG_SCHEME,
  fromHexSequence,
  parseStamp,
  readId3,
  readScriptCue,
  SCRIPT_NAME,
  type Stamp,
  StampError,
} from '../../cues/wire/index.ts';
import { decodeAmf0 } from '../../packet/amf0.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { AccessUnitItem, SourceItem } from '../sources/items.ts';
import { stampsOf } from '../stamps/read-stamps.ts';
import type { CueSighting, OutputJudge } from './judge.ts';
import type { UncertainSearch } from './search.ts';
import type { StampCheck } from './stamp-check.ts';

export interface IntakeOptions {
  /** `app/name`: stamps of other streams are nobody's business here. */
  readonly stream: string;
  readonly judge: OutputJudge;
  readonly search: UncertainSearch;
  readonly check: StampCheck;
}

/** What a reader has read, told to the judge: pictures, stamps in them, and what stands beside. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @returns true for a picture. */
  take(item: SourceItem, arrivedUs: number): boolean {
    switch (item.kind) {
      case 'access-unit':
        this.#accessUnit(item, arrivedUs);
        return true;
      case 'script':
        if (item.name === SCRIPT_NAME) this.#carrier('onframecue', scriptText(item.data), arrivedUs);
        return false;
      case 'emsg':
        if (item.schemeIdUri === EMSG_SCHEME) this.#carrier('emsg', readId3(item.data), arrivedUs);
        return false;
      case 'daterange':
        this.#carrier('daterange', fromHexSequence(item.attributes[DATERANGE_TEXT] ?? ''), arrivedUs);
        return false;
      default:
        return false;
    }
  }

  #accessUnit(unit: AccessUnitItem, arrivedUs: number): void {
    const { pts } = unit;
    if (pts === null) return;
    const { judge, search } = this.#options;
    judge.picture(pts);
    for (const { stamp } of stampsOf(unit)) {
      if (stamp === null) continue;
      if (stamp.kind === 'clock') judge.stamp(pts, stamp.head.pts ?? null);
      else if (!this.#isOurs(stamp)) continue;
      else {
        judge.cueStamp(sightingOf(stamp), pts, arrivedUs);
        search.copy({ stamp, framePts: pts }, arrivedUs);
      }
      search.stamp(stamp.head.epoch, stamp.head.at);
    }
  }

  /** Beside the video; what cannot be read is as good as absent. */
  #carrier(kind: Carrier, text: string | null, arrivedUs: number): void {
    const stamp = text === null ? null : stampOf(text);
    if (stamp === null) return;
    const { judge } = this.#options;
    // A script tag stands right before the picture that it is about.
    const belongsToNext = kind === 'onframecue';
    if (stamp.kind === 'cue') {
      if (this.#isOurs(stamp)) judge.carrier(kind, sightingOf(stamp), belongsToNext, arrivedUs);
    } else if (belongsToNext) judge.carriedClock(stamp.head.pts ?? null);
  }

  #isOurs(stamp: CueStamp): boolean {
    const { stream, judge, check } = this.#options;
    if (stamp.body.stream !== stream) return false;
    if (check.isGood(stamp)) return true;
    judge.forged(stamp.body.id);
    return false;
  }
}

const sightingOf = ({ head, body }: CueStamp): CueSighting => ({
  id: body.id,
  rev: body.rev,
  epoch: head.epoch,
  atUs: head.at,
  fireIn: head.fireIn,
  streamPts: head.pts ?? null,
});

function scriptText(data: Uint8Array): string | null {
  try {
    return readScriptCue(decodeAmf0(data)[1])?.text ?? null;
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    return null;
  }
}

function stampOf(text: string): Stamp | null {
  try {
    return parseStamp(text);
  } catch (error) {
    if (!(error instanceof StampError)) throw error;
    return null;
  }
}
