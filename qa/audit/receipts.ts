import type { OutputReceipt } from '../../cues/output-receipt.ts';
import type { ExpectedCue, FromAuditor } from './messages.ts';

/** How long answers are gathered before they are told: FLV's come at once, HLS is seconds behind. */
const GATHER_US = [1_500_000, 4_000_000] as const;

interface Gathering {
  readonly cue: ExpectedCue;
  /** Not told yet. */
  unsent: Record<string, OutputReceipt>;
  /** Since when something is there to be told; null: nothing is. */
  sinceUs: number | null;
  /** Times that something was told. */
  told: number;
}

/** Gathers what the outputs say of each cue, so that its receipt changes three times at most: soon, when
 * the slow ones have answered, and when those that cannot be read are given up. */
export class ReceiptGatherer {
  readonly #gathering = new Map<string, Gathering>();

  expect(cue: ExpectedCue): void {
    this.#gathering.set(nameOf(cue), { cue, unsent: {}, sinceUs: null, told: 0 });
  }

  settled(cue: ExpectedCue, output: string, receipt: OutputReceipt, nowUs: number): void {
    const gathering = this.#gathering.get(nameOf(cue));
    if (gathering === undefined) return;
    gathering.unsent[output] = receipt;
    gathering.sinceUs ??= nowUs;
  }

  /** @param isAwaited some output has not answered for this cue. */
  take(
    nowUs: number,
    isAwaited: (cue: ExpectedCue) => boolean,
  ): Extract<FromAuditor, { kind: 'receipts' }>[] {
    const messages: Extract<FromAuditor, { kind: 'receipts' }>[] = [];
    for (const [name, gathering] of this.#gathering) {
      const { cue, unsent, sinceUs, told } = gathering;
      const gatherUs = GATHER_US[told];
      const final = !isAwaited(cue);
      const isEarly = gatherUs !== undefined && sinceUs !== null && nowUs - sinceUs >= gatherUs;
      if (!final && !isEarly) continue;
      messages.push({ kind: 'receipts', cue, outputs: unsent, final });
      if (final) this.#gathering.delete(name);
      else Object.assign(gathering, { unsent: {}, sinceUs: null, told: told + 1 });
    }
    return messages;
  }
}

const nameOf = ({ stream, id, rev, epoch }: ExpectedCue): string => `${stream} ${id} ${rev} ${epoch}`;
