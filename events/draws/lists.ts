import {
  entrantLeaf,
  HASH_BYTES,
  isHigh,
  PAGE_LEAVES,
  pathThroughPage,
  type Tier,
} from '../../draws/index.ts';
import { nodeSha256 } from '../../packet/node-sha256.ts';
import type { Books } from '../ledger/commands.ts';
import { levelsInTurns } from './page-tree.ts';

interface KnownPage {
  readonly leaves: Uint8Array;
  readonly high: Uint8Array;
  /** Its tree: some thousands of hashes, made once somebody asks for a way through it. */
  readonly levels: () => Promise<readonly Uint8Array[]>;
}

/** One entrant's place in a list, and the way from their leaf to its root. */
export interface Place {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly tier: Tier;
  readonly path: readonly Uint8Array[];
}

/** Half a megabyte each, with its tree. */
const PAGES_KEPT = 128;
const ROOTS_KEPT = 64;

/** The lists that are committed to, as far as somebody asks for them: they never change, so what is known stays good. */
export class EntrantLists {
  readonly #books: Books;
  readonly #pages = new Map<string, Promise<KnownPage | null>>();
  readonly #roots = new Map<string, Promise<Uint8Array>>();

  constructor(books: Books) {
    this.#books = books;
  }

  page(interaction: string, page: number): Promise<KnownPage | null> {
    return kept(this.#pages, PAGES_KEPT, `${interaction} ${page}`, async () => {
      const row = await this.#books.ask('draw.page', { interaction, page });
      if (row === null) return null;
      const { leaves, high } = row;
      let levels: Promise<readonly Uint8Array[]> | null = null;
      return { leaves, high, levels: () => (levels ??= levelsInTurns(leaves, nodeSha256)) };
    });
  }

  async leafAt(interaction: string, index: number): Promise<Uint8Array> {
    const page = await this.page(interaction, Math.floor(index / PAGE_LEAVES));
    const from = (index % PAGE_LEAVES) * HASH_BYTES;
    return page!.leaves.slice(from, from + HASH_BYTES);
  }

  /** Where on this page the entrant is; null: not there. */
  async placeOf(
    interaction: string,
    page: number,
    { receipt, viewer }: { readonly receipt: string; readonly viewer: string },
  ): Promise<Place | null> {
    const known = await this.page(interaction, page);
    if (known === null) return null;
    for (const tier of ['high', 'low'] as const) {
      const leaf = entrantLeaf({ receipt, viewer, tier }, nodeSha256);
      const at = indexOf(known.leaves, leaf);
      if (at === null || isHigh(known.high, at) !== (tier === 'high')) continue;
      const index = page * PAGE_LEAVES + at;
      const roots = await kept(this.#roots, ROOTS_KEPT, interaction, () =>
        this.#books.ask('draw.roots', { interaction }),
      );
      return { index, leaf, tier, path: pathThroughPage(await known.levels(), roots, index, nodeSha256) };
    }
    return null;
  }
}

function indexOf(leaves: Uint8Array, leaf: Uint8Array): number | null {
  const bytes = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.byteLength);
  for (let from = 0; ; from++) {
    const at = bytes.indexOf(leaf, from);
    if (at === -1) return null;
    if (at % HASH_BYTES === 0) return at / HASH_BYTES;
    from = at;
  }
}

/** The newest `limit` that were asked for. A failure is nobody's but theirs who wait for it now; nothing yet is asked again. */
export function kept<Value>(
  store: Map<string, Promise<Value>>,
  limit: number,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const found = store.get(key);
  if (found !== undefined) {
    store.delete(key);
    store.set(key, found);
    return found;
  }
  const made = make();
  store.set(key, made);
  const forget = () => {
    if (store.get(key) === made) store.delete(key);
  };
  made.then((value) => value === null && forget(), forget);
  if (store.size > limit) store.delete(store.keys().next().value!);
  return made;
}
