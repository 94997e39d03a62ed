import { fromBase64Url, fromHex, HASH_BYTES, type Sha256, sha256, toBase64Url, toHex } from './bytes.ts';
import { commitmentDigest, commitmentText, SEED_BYTES, seedHashOf, selectionKey } from './commitment.ts';
import { commitmentOf, type DrawBundle, type DrawDocument, type PublishedCommitment } from './document.ts';
import { checkBeacon, type DrandChain, QUICKNET, timeOfRound } from './drand.ts';
import { bitmapBytes, type ListDigest, ListDigester, PAGE_LEAVES, pagesOf } from './entrants.ts';
import { selectWinners } from './selection.ts';

/** What was looked at, in its order; `problem` says what differs. */
export interface DrawCheck {
  readonly what: DrawCheckName;
  readonly problem: string | null;
}

export type DrawCheckName = 'seed' | 'list' | 'commitment' | 'source' | 'randomness' | 'winners';

export type DrawVerdict =
  /** Everything was computed anew and is as published. */
  | { readonly kind: 'good'; readonly checks: readonly DrawCheck[] }
  | { readonly kind: 'bad'; readonly checks: readonly DrawCheck[] }
  /** What there is fits, but the end is not there yet. */
  | { readonly kind: 'unfinished'; readonly missing: string; readonly checks: readonly DrawCheck[] };

export interface VerifyOptions {
  /** Networks whose word counts. */
  readonly chains?: readonly DrandChain[];
  readonly hash?: Sha256;
}

/** Computes a draw anew from what is published of it, and compares. Nothing in it is taken at its word. */
export function verifyDraw(bundle: DrawBundle, options: VerifyOptions = {}): DrawVerdict {
  const { chains = [QUICKNET], hash = sha256 } = options;
  const { draw } = bundle;
  const checks: DrawCheck[] = [];
  const unfinished = (missing: string): DrawVerdict =>
    checks.some(({ problem }) => problem !== null)
      ? { kind: 'bad', checks }
      : { kind: 'unfinished', missing, checks };
  const note = (what: DrawCheckName, problem: string | null): boolean => {
    checks.push({ what, problem });
    return problem === null;
  };

  const { commitment, result } = draw;
  if (result !== null) note('seed', seedProblem(draw, hash));
  if (commitment === null) return unfinished('there is no commitment yet');
  const list = readList(bundle, commitment, hash);
  note('list', list.problem);
  note('commitment', commitmentProblem(draw, commitment, hash));
  note('source', sourceProblem(draw, commitment, chains));
  if (draw.state === 'void')
    return unfinished(`the draw was called off (${draw.void?.why ?? 'no reason given'})`);
  if (result === null) return unfinished('the result has not been shown yet');
  const randomness = readRandomness(draw, commitment, chains);
  note('randomness', randomness.problem);
  if (list.problem !== null || randomness.problem !== null) return { kind: 'bad', checks };
  const seed = fromHex(result.seed, SEED_BYTES)!;
  const key = selectionKey(commitmentOf(draw, list.digest), seed, randomness.bytes, hash);
  note('winners', winnersProblem(draw, key, list, hash));
  const kind = checks.every(({ problem }) => problem === null) ? 'good' : 'bad';
  return { kind, checks };
}

function seedProblem({ result, seedHash }: DrawDocument, hash: Sha256): string | null {
  const made = seedHashOf(fromHex(result!.seed, SEED_BYTES)!, hash);
  return made === seedHash ? null : `the seed's SHA-256 is ${made}, published before was ${seedHash}`;
}

interface WholeList {
  readonly problem: string | null;
  readonly digest: ListDigest;
  readonly leaves: readonly Uint8Array[];
  readonly bitmap: Uint8Array;
}

function readList({ draw, pages }: DrawBundle, committed: PublishedCommitment, hash: Sha256): WholeList {
  const digester = new ListDigester(hash);
  const leaves: Uint8Array[] = [];
  const wrong = (problem: string): WholeList => ({
    ...{ problem, digest: digester.digest(), leaves, bitmap: digester.bitmap },
  });
  if (committed.pages !== pagesOf(committed.count) || pages.length !== committed.pages) {
    return wrong(
      `${committed.count} entrants are ${pagesOf(committed.count)} pages; ${committed.pages} are said, ${pages.length} are here`,
    );
  }
  for (const [number, page] of pages.entries()) {
    const due = Math.min(PAGE_LEAVES, committed.count - number * PAGE_LEAVES);
    const bytes = fromBase64Url(page.leaves);
    const high = fromBase64Url(page.high);
    if (page.page !== number || page.interaction !== draw.interaction) {
      return wrong(`page ${number} is page ${page.page} of ${page.interaction}`);
    }
    if (bytes === null || bytes.length !== due * HASH_BYTES) {
      return wrong(`page ${number} has not ${due} leaves`);
    }
    if (high === null || high.length !== bitmapBytes(due))
      return wrong(`page ${number} has no tier for each leaf`);
    if (due % 8 !== 0 && ((high.at(-1) ?? 0) & (0xff >> (due % 8))) !== 0) {
      return wrong(`page ${number} has tiers beyond its last leaf`);
    }
    digester.add({ leaves: bytes, high });
    leaves.push(bytes);
  }
  const digest = digester.digest();
  const { root, high } = committed;
  if (digest.root !== root) return wrong(`the root over the list is ${digest.root}, committed is ${root}`);
  if (digest.high.digest !== high.digest || digest.high.count !== high.count) {
    return wrong(
      `the tiers of the list are ${digest.high.count} high, ${digest.high.digest}; committed are ${high.count}, ${high.digest}`,
    );
  }
  return { problem: null, digest, leaves, bitmap: digester.bitmap };
}

function commitmentProblem(draw: DrawDocument, committed: PublishedCommitment, hash: Sha256): string | null {
  const { count, root, high, text, digest } = committed;
  const made = commitmentOf(draw, { count, root, high });
  const madeText = commitmentText(made);
  if (madeText !== text) {
    const [mine, theirs] = [madeText.split('\n'), text.split('\n')];
    const at = mine.findIndex((line, i) => line !== theirs[i]);
    return `line ${at + 1} of the commitment is "${theirs[at] ?? ''}", but the rest says "${mine[at] ?? ''}"`;
  }
  const madeDigest = toHex(commitmentDigest(made, hash));
  return madeDigest === digest ? null : `the commitment's SHA-256 is ${madeDigest}, published is ${digest}`;
}

const sameChain = (a: DrandChain, b: DrandChain): boolean =>
  a.chain === b.chain && a.publicKey === b.publicKey && a.genesis === b.genesis && a.period === b.period;

function sourceProblem(
  { source }: DrawDocument,
  { round, roundAt, committedAt, count, moved }: PublishedCommitment,
  chains: readonly DrandChain[],
): string | null {
  if (source.kind === 'commit-reveal') return round === null ? null : 'a round is named, but no network';
  const chain = chains.find((known) => sameChain(known, source));
  if (chain === undefined) return `${source.chain} with this key is no network that is trusted here`;
  if (round === null) return count === 0 ? null : 'no round is named';
  const at = timeOfRound(chain, round);
  if (roundAt !== at) return `round ${round} is published at ${at}, not at ${roundAt}`;
  if (at <= committedAt) {
    return `round ${round} was published at ${at}, which is not after the commitment (${committedAt})`;
  }
  const wrong = moved.find((earlier, i) => earlier.round >= (moved[i + 1]?.round ?? round));
  return wrong === undefined ? null : `round ${wrong.round} was not moved to a later one`;
}

interface Randomness {
  readonly problem: string | null;
  readonly bytes: Uint8Array | null;
}

function readRandomness(
  { source, result }: DrawDocument,
  { round }: PublishedCommitment,
  chains: readonly DrandChain[],
): Randomness {
  const beacon = result!.beacon;
  const wrong = (problem: string): Randomness => ({ problem, bytes: null });
  if (source.kind === 'commit-reveal' || round === null) {
    return beacon === null ? { problem: null, bytes: null } : wrong('a beacon is given where none was named');
  }
  if (beacon === null) return wrong(`the signature of round ${round} is missing`);
  if (beacon.round !== round) return wrong(`the signature is of round ${beacon.round}, named was ${round}`);
  const chain = chains.find((known) => sameChain(known, source));
  if (chain === undefined) return wrong('it is of a network that is not trusted here');
  const check = checkBeacon(chain, round, beacon.signature);
  if (check.kind === 'bad') return wrong(`the network has not signed round ${round} like this`);
  return { problem: null, bytes: check.randomness };
}

function winnersProblem(draw: DrawDocument, key: Uint8Array, list: WholeList, hash: Sha256): string | null {
  const due = selectWinners(key, { count: list.digest.count, high: list.bitmap }, draw.prizes, hash);
  const { winners } = draw.result!;
  for (let i = 0; i < Math.max(due.length, winners.length); i++) {
    const [mine, theirs] = [due[i], winners[i]];
    if (mine === undefined) return `there are ${due.length} winners, published are ${winners.length}`;
    const leaf = toBase64Url(leafAt(list.leaves, mine.index));
    const prize = draw.prizes[mine.prize]!.prize;
    if (theirs === undefined) return `there are ${due.length} winners, published are ${winners.length}`;
    if (theirs.index !== mine.index || theirs.leaf !== leaf || theirs.prize !== prize) {
      return `winner ${i + 1} is entrant ${mine.index} (${leaf}) with ${prize}; published is entrant ${theirs.index} (${theirs.leaf}) with ${theirs.prize}`;
    }
  }
  return null;
}

function leafAt(pages: readonly Uint8Array[], index: number): Uint8Array {
  const from = (index % PAGE_LEAVES) * HASH_BYTES;
  return pages[Math.floor(index / PAGE_LEAVES)]!.subarray(from, from + HASH_BYTES);
}
