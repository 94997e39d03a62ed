import { formatCueBody, formatCueStamp } from '../wire/index.ts';
import { cueAudienceOf, cueDataOf, isClosing, type RundownItem } from './document.ts';

/** Numbers and names of a stamp at their longest. */
const LONGEST = {
  unixMs: 9_999_999_999_999,
  unixUs: 9_007_199_254_740_991,
  pts: 999_999_999_999,
  rev: 999,
  /** What is added to an item's id to make its cue's. */
  idSuffix: 14,
  epoch: 24,
  /** base64url of 32 bytes. */
  key: 43,
  /** `,"rehearsal":true` of a rehearsed cue. */
  rehearsal: 17,
} as const;
/** AES-256-GCM: nonce and tag. */
const SEAL_BYTES = 28;
const SIGNATURE_CHARS = 86;

/** The most bytes of text that a stamp of this item's cue can have; never less than it will have. */
export function stampBytesOf(
  item: RundownItem,
  facts: {
    readonly stream: string;
    readonly show: string | undefined;
    readonly keyIdLength: number;
    /** The interaction of the round that it closes; null: none is known. */
    readonly reveals: string | null;
  },
): number {
  const { type, durationMs, alignAt, alignInMs, ref } = item;
  const audience = cueAudienceOf(item);
  const dataBytes = Buffer.byteLength(
    JSON.stringify({ ...filledIn(item, facts.reveals), ...cueDataOf(item) }),
  );
  const body = formatCueBody({
    id: 'x'.repeat(item.id.length + LONGEST.idSuffix),
    rev: LONGEST.rev,
    stream: facts.stream,
    ...(facts.show === undefined ? {} : { show: facts.show }),
    type,
    ...(ref === undefined || !isClosing(type) ? {} : { ref: 'x'.repeat(ref.length + LONGEST.idSuffix) }),
    markedAt: LONGEST.unixMs,
    ...(alignAt === undefined && alignInMs === undefined ? {} : { alignAt: LONGEST.unixMs }),
    ...(durationMs === undefined ? {} : { durationMs }),
    exp: LONGEST.unixMs,
    ...(audience === undefined ? {} : { audience }),
    sealed: 'x'.repeat(Math.ceil(((dataBytes + SEAL_BYTES) * 4) / 3)),
  });
  const head = {
    epoch: 'x'.repeat(LONGEST.epoch),
    at: LONGEST.unixUs,
    pts: LONGEST.pts,
    fireIn: -LONGEST.pts,
    fireAt: LONGEST.unixUs,
    key: 'x'.repeat(LONGEST.key),
  };
  const signature = `ed25519 ${'x'.repeat(facts.keyIdLength)} ${'x'.repeat(SIGNATURE_CHARS)}`;
  return Buffer.byteLength(formatCueStamp(head, body, signature)) + LONGEST.rehearsal;
}

/** What a reveal gets with its take: which interaction it is of, and the key where that is a draw. */
function filledIn({ type, data }: RundownItem, reveals: string | null): object {
  if (type !== 'interaction.reveal' || data?.resultKey !== undefined || reveals === null) return {};
  return { interaction: reveals, resultKey: 'x'.repeat(LONGEST.key) };
}
