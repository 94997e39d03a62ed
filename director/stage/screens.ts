import type { Clock } from '../../packet/clock.ts';
import type { StageScreen } from './shapes.ts';

/** Screens say that they are there every two seconds; one that misses three of them is lost. */
export const SCREEN_LOST_MS = 6_000;
/** One that stands by and is lost is forgotten after this long. */
const FORGOTTEN_MS = 60_000;
/** Of one stream: more of them are somebody's mistake. */
export const MAX_SCREENS = 16;

interface Known {
  readonly screen: string;
  readonly name: string;
  readonly auto: boolean;
  readonly since: number;
  heardUs: number;
  heardAt: number;
}

/** What has happened to who is shown; null: nothing. */
export type ScreensChange = {
  readonly kind: 'shown' | 'taken-over' | 'lost' | 'back' | 'left' | 'joined';
  readonly screen: string;
} | null;

/**
 * The stage screens of one stream, of which one at most is shown. All of it is synchronous: of two that take over at
 * once the later one is shown, and the other stands by and is told so. In memory alone: screens come back by
 * themselves, and say what they were.
 */
export class Screens {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  #shown: string | null = null;
  #shownIsLost = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get shown(): string | null {
    return this.#shown;
  }

  get size(): number {
    return this.#known.size;
  }

  has(screen: string): boolean {
    return this.#known.has(screen);
  }

  list(): readonly StageScreen[] {
    return Array.from(this.#known.values(), (known) => ({
      ...{ screen: known.screen, name: known.name, since: known.since, heardAt: known.heardAt },
      role: known.screen === this.#shown ? 'show' : 'standby',
      ...{ lost: this.#isLost(known), auto: known.auto },
    }));
  }

  /** It hangs there; it stands by where another one does that is there. */
  show(screen: string, name: string): ScreensChange {
    const isNew = this.#hear(screen, name, false);
    const shown = this.#shown === null ? undefined : this.#known.get(this.#shown);
    if (shown === undefined || (shown.screen !== screen && this.#isLost(shown))) {
      return this.#makeShown(screen, 'shown');
    }
    return isNew ? { kind: 'joined', screen } : null;
  }

  standBy(screen: string, name: string, auto: boolean): ScreensChange {
    const isNew = this.#hear(screen, name, auto);
    if (this.#shown === screen) {
      this.#shown = null;
      this.#shownIsLost = false;
      return { kind: 'left', screen };
    }
    return isNew ? { kind: 'joined', screen } : null;
  }

  takeOver(screen: string, name: string): ScreensChange {
    this.#hear(screen, name, false);
    if (this.#shown === screen) return null;
    return this.#makeShown(screen, this.#shown === null ? 'shown' : 'taken-over');
  }

  /** False: it is not known (any more), and has to say what it is. */
  keep(screen: string): boolean {
    const known = this.#known.get(screen);
    if (known === undefined) return false;
    this.#hear(screen, known.name, known.auto);
    return true;
  }

  leave(screen: string): ScreensChange {
    if (!this.#known.delete(screen)) return null;
    if (this.#shown !== screen) return { kind: 'joined', screen };
    this.#shown = null;
    this.#shownIsLost = false;
    return { kind: 'left', screen };
  }

  /** To be called every second: what has changed by silence alone. */
  sweep(): ScreensChange {
    for (const [screen, known] of this.#known) {
      const silentMs = (this.#clock.monotonicUs() - known.heardUs) / 1000;
      if (screen !== this.#shown && silentMs > FORGOTTEN_MS) {
        this.#known.delete(screen);
        return { kind: 'joined', screen };
      }
    }
    const shown = this.#shown === null ? undefined : this.#known.get(this.#shown);
    if (shown === undefined) return null;
    const lost = this.#isLost(shown);
    if (lost) {
      const next = [...this.#known.values()].find((known) => known.auto && !this.#isLost(known));
      if (next !== undefined) return this.#makeShown(next.screen, 'taken-over');
    }
    if (lost === this.#shownIsLost) return null;
    this.#shownIsLost = lost;
    return { kind: lost ? 'lost' : 'back', screen: shown.screen };
  }

  #makeShown(screen: string, kind: 'shown' | 'taken-over'): ScreensChange {
    this.#shown = screen;
    this.#shownIsLost = false;
    return { kind, screen };
  }

  /** True: it is new here, or something that others see of it has changed. */
  #hear(screen: string, name: string, auto: boolean): boolean {
    const known = this.#known.get(screen);
    const heard = { heardUs: this.#clock.monotonicUs(), heardAt: this.#clock.unixMs() };
    if (known !== undefined && known.name === name && known.auto === auto) {
      Object.assign(known, heard);
      return false;
    }
    this.#known.set(screen, { screen, name, auto, since: known?.since ?? heard.heardAt, ...heard });
    return true;
  }

  #isLost = ({ heardUs }: Known): boolean => this.#clock.monotonicUs() - heardUs > SCREEN_LOST_MS * 1000;
}
