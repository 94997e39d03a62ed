import { commitmentDigest, commitmentText } from '../../draws/commitment.ts';
import type {
  DrawDocument,
  PageDocument,
  PublishedCommitment,
  PublishedResult,
} from '../../draws/document.ts';
import { type DrandChain, timeOfRound } from '../../draws/drand.ts';
import { pagesOf, toBase64Url, toHex } from '../../draws/index.ts';
import { type UnixMicroseconds, type UnixMilliseconds, unixUsToMs } from '../../packet/time.ts';
import type { LotteryConfig } from '../interactions/lottery/config.ts';
import type { DrawCommitment, DrawRecord } from '../ledger/draws.ts';
import type { InteractionFacts } from '../ledger/facts.ts';
import type { StuckDraw } from './draws.ts';
import { nextStepOf } from './next-step.ts';

/** How draws look over HTTP: as `framecue verify-draw` reads them (draws/document.ts). */

export interface DrawFacts {
  readonly facts: InteractionFacts;
  readonly config: LotteryConfig;
  readonly seedHash: string;
  /** Null: its list is not closed yet. */
  readonly record: DrawRecord | null;
  readonly chain: DrandChain;
}

export const isRevealed = ({ facts, record }: Pick<DrawFacts, 'facts' | 'record'>): boolean =>
  record?.state === 'drawn' && facts.revealed !== null && facts.canceled === null;

export function drawDocument(draw: DrawFacts, result: PublishedResult | null): DrawDocument {
  const { facts, config, seedHash, record, chain } = draw;
  return {
    ...{ v: 1, interaction: facts.record.id, state: stateOf(draw), seedHash },
    source: config.randomness.kind === 'drand' ? { kind: 'drand', ...chain } : { kind: 'commit-reveal' },
    prizes: config.prizes.map(({ prize, pieces, tier = 'any' }) => ({ prize, pieces, tier })),
    commitment: record?.commitment == null ? null : publishedCommitment(draw, record, record.commitment),
    result,
    void: voidOf(draw),
  };
}

/** What a draw's public document follows from: as long as it is the same, so is the document. */
export const stampOf = ({ facts, record }: Pick<DrawFacts, 'facts' | 'record'>): string =>
  JSON.stringify([
    ...[record?.state, record?.committedAtUs, record?.commitment?.beacon, record?.moved, record?.void],
    ...[facts.revealed !== null, facts.canceled?.atUs],
  ]);

function stateOf({ facts, record }: DrawFacts): DrawDocument['state'] {
  if (facts.canceled !== null || record?.state === 'void') return 'void';
  switch (record?.state) {
    case undefined:
      return 'open';
    case 'frozen':
      return 'frozen';
    case 'committed':
    case 'booking':
      return 'committed';
    case 'drawn':
      return facts.revealed === null ? 'drawn' : 'revealed';
  }
}

function voidOf({ facts, record }: DrawFacts): DrawDocument['void'] {
  if (record?.void != null) return { why: record.void.why, at: unixUsToMs(record.void.atUs) };
  return facts.canceled === null
    ? null
    : { why: 'the round was cancelled', at: unixUsToMs(facts.canceled.atUs) };
}

function publishedCommitment(
  { facts, chain }: DrawFacts,
  { committedAtUs, moved }: DrawRecord,
  { seedHash, beacon, count, root, high, prizes }: DrawCommitment,
): PublishedCommitment {
  const commitment = {
    ...{ interaction: facts.record.id, seedHash, prizes, list: { count, root, high } },
    beacon: beacon === null ? ({ kind: 'none' } as const) : ({ kind: 'drand', ...beacon } as const),
  };
  return {
    ...{ text: commitmentText(commitment), digest: toHex(commitmentDigest(commitment)) },
    ...{ count, root, high, pages: pagesOf(count) },
    round: beacon?.round ?? null,
    roundAt: beacon === null ? null : timeOfRound(chain, beacon.round),
    committedAt: unixUsToMs(committedAtUs!),
    moved: moved.map(({ round, atUs }) => ({ round, at: unixUsToMs(atUs) })),
  };
}

/** What only staff are told with a draw. */
export function staffBody(
  { facts, record }: DrawFacts,
  { state }: Pick<DrawDocument, 'state'>,
  stuck: StuckDraw | null,
) {
  const { winners = 0, booked = 0, short = 0, excluded = 0 } = record ?? {};
  const { publishedAtUs = null, drawnAtUs = null } = record ?? {};
  const next = nextStepOf({
    ...{ interaction: facts.record.id, state: record?.state === 'booking' ? 'booking' : state },
    ...{ problem: stuck?.problem ?? null, round: record?.commitment?.beacon?.round ?? null },
    ...{ short, excluded, lacks: null, isShadow: facts.record.shadow === true },
  });
  return {
    ...{ problem: stuck?.problem ?? null, problemSince: atOrNull(stuck?.since ?? null), next },
    ...{ winners, booked, short, excluded },
    ...{ publishedAt: atOrNull(publishedAtUs), drawnAt: atOrNull(drawnAtUs) },
  };
}

const atOrNull = (moment: UnixMicroseconds | null): UnixMilliseconds | null =>
  moment === null ? null : unixUsToMs(moment);

export const pageDocument = (
  interaction: string,
  root: string,
  page: number,
  { leaves, high }: { readonly leaves: Uint8Array; readonly high: Uint8Array },
): PageDocument => ({
  ...{ v: 1, interaction, root, page },
  ...{ leaves: toBase64Url(leaves), high: toBase64Url(high) },
});
