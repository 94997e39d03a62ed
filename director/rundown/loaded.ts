import type { Cue } from '../../cues/cue.ts';
import { isOpening, type RundownItem } from '../../cues/rundown/index.ts';
import {
  cueIdOf,
  type ItemMark,
  type ItemState,
  isWaiting,
  type KeptRundown,
  reasonOf,
  settledBy,
  stateOf,
  UNMARKED,
  type Why,
} from './kept.ts';
import type { Pass } from './messages.ts';
import type { Marks } from './store.ts';

/** Runs by itself. */
export const isAutomatic = (item: RundownItem): boolean => item.at !== undefined || item.after !== undefined;

/** A stream's rundown in memory: the document, what is noted of its items, and their cues as the log has them. */
export class LoadedRundown {
  readonly stream: string;
  readonly rev: number;
  kept: KeptRundown;
  readonly openings: readonly RundownItem[];
  readonly #items: ReadonlyMap<string, RundownItem>;
  readonly #closings: ReadonlyMap<string, readonly RundownItem[]>;
  readonly #marks: Record<Pass, Map<string, ItemMark>>;
  /** Of the present pass, by the item's id. */
  #cues = new Map<string, Cue>();
  /** Items by the ids of their cues. */
  #byCue = new Map<string, string>();
  /** Items whose marks are not on the disk yet: of either pass, since the mode may be switched before they are. */
  readonly #unsaved: Readonly<Record<Pass, Set<string>>> = { show: new Set(), rehearsal: new Set() };
  /** Items whose cue is on its way into the log. */
  readonly entering = new Map<string, Promise<unknown>>();
  /** Why an item that runs by itself could not be entered when it was last tried. */
  readonly refusals = new Map<string, Why>();
  #paused = false;

  constructor(
    stream: string,
    rev: number,
    kept: KeptRundown,
    marks: { readonly show: Marks; readonly rehearsal: Marks },
  ) {
    this.stream = stream;
    this.rev = rev;
    this.kept = kept;
    const { items } = kept.document;
    this.#items = new Map(items.map((item) => [item.id, item]));
    this.openings = items.filter(isOpening);
    const closings = new Map<string, RundownItem[]>();
    for (const item of items) {
      if (item.ref !== undefined) closings.set(item.ref, [...(closings.get(item.ref) ?? []), item]);
    }
    this.#closings = closings;
    this.#marks = { show: new Map(marks.show), rehearsal: new Map(marks.rehearsal) };
    this.#nameCues();
  }

  get items(): readonly RundownItem[] {
    return this.kept.document.items;
  }

  /** Nothing runs by itself while somebody changes the rundown as a whole. */
  get paused(): boolean {
    return this.#paused;
  }

  item(id: string): RundownItem | undefined {
    return this.#items.get(id);
  }

  markOf(item: string): ItemMark {
    return this.#marks[this.kept.pass].get(item) ?? UNMARKED;
  }

  cueOf(item: string): Cue | null {
    return this.#cues.get(item) ?? null;
  }

  cueIdOf(item: string): string {
    return cueIdOf(item, this.kept.tags[this.kept.pass], this.markOf(item));
  }

  stateOf(item: string): ItemState {
    return stateOf(this.markOf(item), this.cueOf(item));
  }

  reasonOf(item: string): Why | null {
    return reasonOf(this.markOf(item), this.cueOf(item));
  }

  /** Where and when its picture passed; null: it has not, or nobody knows. */
  landingOf(
    item: string,
  ): { readonly at: number; readonly pts: number; readonly epoch: string | null } | null {
    const { settled } = this.markOf(item);
    const landing = this.cueOf(item)?.landing;
    if (landing != null) return { at: landing.fireAtUs / 1_000, pts: landing.pts, epoch: landing.epoch };
    if (settled?.landedAt == null || settled.landedPts === null) return null;
    return { at: settled.landedAt, pts: settled.landedPts, epoch: null };
  }

  /** The marks of these items, of the present pass or of `pass`, are still to be written. */
  toSave(items: Iterable<string>, pass: Pass = this.kept.pass): void {
    for (const item of items) this.#unsaved[pass].add(item);
  }

  /** Marks of a pass that are still to be written; whoever takes them sees to it. */
  takeUnsaved(pass: Pass): Marks {
    const marks = new Map<string, ItemMark>();
    for (const item of this.#unsaved[pass]) {
      const mark = this.#marks[pass].get(item);
      if (mark !== undefined) marks.set(item, mark);
    }
    this.#unsaved[pass].clear();
    return marks;
  }

  /** Notes what is on the disk already, or will be by way of `toSave`. */
  mark(item: string, mark: ItemMark): void {
    this.#byCue.delete(this.cueIdOf(item));
    this.#marks[this.kept.pass].set(item, mark);
    this.#byCue.set(this.cueIdOf(item), item);
    const cue = this.#cues.get(item);
    if (cue !== undefined && cue.id !== this.cueIdOf(item)) this.#cues.delete(item);
  }

  /** A cue as it now stands. @returns its item; null: it is none of this rundown's. */
  noteCue(cue: Cue): string | null {
    const item = this.#byCue.get(cue.id);
    if (item === undefined || cue.stream !== this.stream) return null;
    this.#cues.set(item, cue);
    const mark = this.markOf(item);
    const settled = settledBy(cue);
    // Kept apart from the cue log, which lets go of cues that are long over.
    if (settled !== null && mark.settled?.state !== settled.state) {
      this.#marks[this.kept.pass].set(item, { ...mark, settled });
      this.toSave([item]);
    }
    return item;
  }

  /** Nothing of it is on its way into the log while `change` runs, and nothing begins. */
  async whilePaused<T>(change: () => Promise<T>): Promise<T> {
    this.#paused = true;
    try {
      await Promise.allSettled(this.entering.values());
      return await change();
    } finally {
      this.#paused = false;
    }
  }

  /** Another pass, whose items begin as its marks say. */
  switchTo(kept: KeptRundown, clear: Pass | null): void {
    this.kept = kept;
    if (clear !== null) {
      this.#marks[clear].clear();
      this.#unsaved[clear].clear();
    }
    this.#cues = new Map();
    this.refusals.clear();
    this.#nameCues();
  }

  /** Items that close what `opening` opens, in their order. */
  closingsOf(opening: string): readonly RundownItem[] {
    return this.#closings.get(opening) ?? [];
  }

  /**
   * What a plain take takes: what is armed, else the first item by hand behind the last one by hand that has had its
   * turn; null at the end.
   */
  next(): string | null {
    const armed = this.items.find(({ id }) => this.stateOf(id) === 'armed');
    if (armed !== undefined) return armed.id;
    const byHand = this.items.filter((item) => !isAutomatic(item));
    const last = byHand.findLastIndex(({ id }) => !isWaiting(this.stateOf(id)));
    return byHand.slice(last + 1).find(({ id }) => this.stateOf(id) === 'pending')?.id ?? null;
  }

  #nameCues(): void {
    this.#byCue = new Map(this.items.map(({ id }) => [this.cueIdOf(id), id]));
  }
}
