import type { OutputReceipt } from '../../cues/output-receipt.ts';
import type { ExpectedCue, FromAuditor } from './messages.ts';

/** What is known this long after the first answer is told at once; HLS is seconds behind. */
const EARLY_US = 1_500_000;

interface Gathering {
  readonly cue: ExpectedCue;
  /** Not told yet. */
  unsent: Record<string, OutputReceipt>;
  /** Since when something is there to be told; null: nothing is. */
  sinceUs: number | null;
  toldEarly: boolean;
}

/** Gathers what the outputs say of each cue, so that its receipt changes twice at most: soon, and once all is known. */
export class ReceiptGatherer {
  readonly #gathering = new Map<string, Gathering>();

  expect(cue: ExpectedCue): void {
    this.#gathering.set(nameOf(cue), { cue, unsent: {}, sinceUs: null, toldEarly: false });
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
      const { cue, unsent, sinceUs, toldEarly } = gathering;
      const final = !isAwaited(cue);
      const isEarly = !toldEarly && sinceUs !== null && nowUs - sinceUs >= EARLY_US;
      if (!final && !isEarly) continue;
      messages.push({ kind: 'receipts', cue, outputs: unsent, final });
      if (final) this.#gathering.delete(name);
      else Object.assign(gathering, { unsent: {}, sinceUs: null, toldEarly: true });
    }
    return messages;
  }
}

const nameOf = ({ stream, id, rev, epoch }: ExpectedCue): string => `${stream} ${id} ${rev} ${epoch}`;
