import type { PublishedResult, PublishedWinner } from '../../draws/document.ts';
import { toBase64Url, toHex } from '../../draws/index.ts';
import type { Books } from '../ledger/commands.ts';
import type { DrawRecord } from '../ledger/draws.ts';
import { type EntrantLists, kept } from './lists.ts';
import type { DrawSecrets, SealedResult } from './secrets.ts';
import type { DrawFacts } from './views.ts';

const RESULTS_KEPT = 16;

/** What a draw came to; it never changes once all rights have been asked for. */
export class DrawResults {
  readonly #books: Books;
  readonly #lists: EntrantLists;
  readonly #secrets: DrawSecrets;
  readonly #winners = new Map<string, Promise<readonly PublishedWinner[]>>();
  readonly #sealed = new Map<string, Promise<SealedResult>>();

  constructor(books: Books, lists: EntrantLists, secrets: DrawSecrets) {
    this.#books = books;
    this.#lists = lists;
    this.#secrets = secrets;
  }

  /** For everybody, once it is shown. */
  async result({ facts, record }: DrawFacts): Promise<PublishedResult> {
    return {
      seed: toHex(this.#secrets.seedOf(facts.record)),
      beacon: beaconOf(record!),
      winners: await this.#winnersOf(record!),
    };
  }

  /** For everybody, once it is drawn; opened by the key that the reveal carries. */
  sealed(draw: DrawFacts & { readonly record: DrawRecord }): Promise<SealedResult> {
    const { facts, config, record } = draw;
    return kept(this.#sealed, RESULTS_KEPT, record.interaction, async () => {
      const winners = await this.#winnersOf(record);
      const titles = new Map(config.prizes.map(({ prize, title = prize }) => [prize, title]));
      const text = JSON.stringify({
        ...{ interaction: record.interaction, root: record.commitment!.root },
        randomness: beaconOf(record),
        winners: winners.map(({ leaf, prize }) => ({ leaf, prize, title: titles.get(prize)! })),
        total: record.commitment!.count,
      });
      return this.#secrets.seal(facts.record, text);
    });
  }

  #winnersOf({ interaction, commitment }: DrawRecord): Promise<readonly PublishedWinner[]> {
    return kept(this.#winners, RESULTS_KEPT, interaction, async () => {
      const booked = await this.#books.ask('draw.winners', { interaction });
      // In the order of the list: each page is read once, however many there are.
      const leaves = new Map<number, string>();
      for (const entrant of booked.map(({ entrant }) => entrant).sort((a, b) => a - b)) {
        leaves.set(entrant, toBase64Url(await this.#lists.leafAt(interaction, entrant)));
      }
      return booked.map(({ entrant, prize }) => ({
        ...{ index: entrant, leaf: leaves.get(entrant)!, prize: commitment!.prizes[prize]!.prize },
      }));
    });
  }
}

const beaconOf = ({ signature, commitment }: DrawRecord): PublishedResult['beacon'] =>
  signature === null || commitment?.beacon == null ? null : { round: commitment.beacon.round, signature };
