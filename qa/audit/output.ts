import type { Clock } from '../../packet/clock.ts';
import type { SourceItem } from '../sources/items.ts';
import { Intake } from './intake.ts';
import { OutputJudge, type Settled } from './judge.ts';
import type { OutputHealth, OutputKind, WantedCue } from './messages.ts';
import { UncertainSearch } from './search.ts';
import type { StampCheck } from './stamp-check.ts';

export interface OutputOptions {
  readonly stream: string;
  readonly label: string;
  readonly isOwn: boolean;
  readonly clock: Clock;
  readonly check: StampCheck;
  readonly timeoutMs: number;
  readonly wanted: Map<string, WantedCue>;
}

/** Pictures that come farther apart than this do not come without a break. */
const BREAK_US = 15_000_000;

/** One output that is read: what its reader tells, judged and counted. */
export class Output {
  readonly stream: string;
  readonly label: string;
  readonly isOwn: boolean;
  readonly judge: OutputJudge;
  readonly search: UncertainSearch;
  readonly #clock: Clock;
  readonly #intake: Intake;
  #kind: OutputKind | null = null;
  #state: OutputHealth['state'] = 'connecting';
  #bytes = 0;
  #pictures = 0;
  #begun = 0;
  #problem: string | null = null;
  #readingSinceUs: number | null = null;
  #lastPictureUs: number | null = null;

  constructor({ stream, label, isOwn, clock, check, timeoutMs, wanted }: OutputOptions) {
    this.stream = stream;
    this.label = label;
    this.isOwn = isOwn;
    this.#clock = clock;
    this.judge = new OutputJudge({ isOwn, timeoutMs });
    this.search = new UncertainSearch(label, wanted);
    this.#intake = new Intake({ stream, judge: this.judge, search: this.search, check });
  }

  /** Pictures so far: a reader asks whether any have come. */
  get pictures(): number {
    return this.#pictures;
  }

  /** A recording, read to its end. */
  get isOver(): boolean {
    return this.#state === 'ended';
  }

  connecting(): void {
    this.#state = 'connecting';
  }

  /** The answer is there; items follow. */
  began(kind: OutputKind): void {
    this.#kind = kind;
    this.#state = 'reading';
    this.#begun++;
    this.judge.began();
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  take(item: SourceItem): void {
    const nowUs = this.#clock.unixUs();
    if (!this.#intake.take(item, nowUs)) return;
    this.#pictures++;
    if (this.#lastPictureUs === null || nowUs - this.#lastPictureUs > BREAK_US) this.#readingSinceUs = null;
    this.#readingSinceUs ??= nowUs;
    this.#lastPictureUs = nowUs;
    this.#problem = null;
  }

  /** Something of it could not be read, and reading goes on. */
  lost(code: string): void {
    this.#problem = code;
    this.#readingSinceUs = null;
  }

  /** Reading is over for now. @param code why; null: it ended in order. */
  stopped(code: string | null, isForGood: boolean): void {
    this.#state = isForGood ? 'ended' : 'waiting';
    this.#problem = code;
    this.#readingSinceUs = null;
  }

  settle(): Settled[] {
    const nowUs = this.#clock.unixUs();
    return this.judge.settle(nowUs, { readingSinceUs: this.#unbrokenSince(nowUs), problem: this.#problem });
  }

  health(): OutputHealth {
    const nowUs = this.#clock.unixUs();
    return {
      stream: this.stream,
      output: this.label,
      isOwn: this.isOwn,
      kind: this.#kind,
      state: this.#state,
      bytes: this.#bytes,
      pictures: this.#pictures,
      reconnects: Math.max(0, this.#begun - 1),
      lastPictureAgeMs:
        this.#lastPictureUs === null ? null : Math.round((nowUs - this.#lastPictureUs) / 1000),
      problem: this.#problem,
    };
  }

  #unbrokenSince(nowUs: number): number | null {
    if (this.#lastPictureUs === null || nowUs - this.#lastPictureUs > BREAK_US) return null;
    return this.#readingSinceUs;
  }
}
