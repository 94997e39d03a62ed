import type { AccessUnitItem, ConfigItem } from '../sources/source.ts';
import type { FrameRef } from './findings.ts';

/** What is needed to decode one picture: everything from the keyframe before it on. */
export interface KeptPicture {
  readonly frame: FrameRef & { readonly pts: number };
  readonly config: ConfigItem | null;
  readonly units: readonly AccessUnitItem[];
}

/** One GOP is never kept beyond this; an encoder without keyframes has no pictures to show. */
const GOP_BYTES = 64 * 1024 * 1024;
const KEPT_BYTES = 256 * 1024 * 1024;
/** Access units after the wanted one in decode order that its decoding may wait for. */
const TRAILING = 4;

interface Wanted {
  readonly pts: number;
  /** Access units that have come since the one wanted; null before it. */
  trailing: number | null;
  index: number;
}

/**
 * Keeps the pictures that a report is going to show, while a stream passes that cannot be read twice. What is kept
 * is coded, and shared by pictures of one GOP.
 */
export class GopKeeper {
  readonly kept: KeptPicture[] = [];
  readonly #limit: number;
  #config: ConfigItem | null = null;
  #gop: AccessUnitItem[] = [];
  #gopBytes = 0;
  #gopTooLarge = false;
  #keptBytes = 0;
  #wanted: Wanted[] = [];

  constructor(limit = 50) {
    this.#limit = limit;
  }

  config(item: ConfigItem): void {
    if (item.record !== null || this.#config === null) this.#config = item;
  }

  /** The picture at this PTS of the source, in this GOP or a later one. */
  want(pts: number): void {
    const isKnown = [...this.kept.map(({ frame }) => frame.pts), ...this.#wanted.map((w) => w.pts)];
    if (this.kept.length + this.#wanted.length >= this.#limit || isKnown.includes(pts)) return;
    const at = this.#gop.findIndex((unit) => unit.pts === pts);
    const trailing = at === -1 ? null : this.#gop.length - 1 - at;
    this.#wanted.push({ pts, trailing, index: at === -1 ? -1 : this.#gop[at]!.index });
  }

  add(unit: AccessUnitItem): void {
    if (unit.isKeyframe) {
      // Leading pictures of the next GOP (open GOP) are wanted seldom enough to be shown from their own keyframe on.
      this.#settle(true);
      this.#gop = [];
      this.#gopBytes = 0;
      this.#gopTooLarge = false;
    }
    this.#gopBytes += unit.data.length;
    if (this.#gopBytes > GOP_BYTES) this.#gopTooLarge = true;
    if (this.#gopTooLarge) this.#gop = [];
    else if (this.#gop.length > 0 || unit.isKeyframe) this.#gop.push(unit);
    for (const wanted of this.#wanted) {
      if (wanted.trailing !== null) wanted.trailing++;
      else if (unit.pts !== null && Math.abs(unit.pts - wanted.pts) <= 1) {
        wanted.trailing = 0;
        wanted.index = unit.index;
      }
    }
    this.#settle(false);
  }

  end(): void {
    this.#settle(true);
  }

  #settle(isGopOver: boolean): void {
    this.#wanted = this.#wanted.filter((wanted) => {
      const { trailing, pts, index } = wanted;
      if (trailing === null) return true;
      if (trailing < TRAILING && !isGopOver) return true;
      const bytes = this.#gop.reduce((sum, { data }) => sum + data.length, 0);
      if (this.#gop.length > 0 && this.#keptBytes + bytes <= KEPT_BYTES) {
        this.#keptBytes += bytes;
        this.kept.push({ frame: { index, pts }, config: this.#config, units: [...this.#gop] });
      }
      return false;
    });
  }
}
