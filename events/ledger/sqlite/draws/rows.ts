import { type UnixMicroseconds, unixUs } from '../../../../packet/time.ts';
import type { DrawCommitment, DrawRecord, DrawState } from '../../draws.ts';

export interface DrawRow {
  readonly interaction: string;
  readonly state: DrawState;
  readonly frozen_us: number;
  readonly commitment: string | null;
  readonly committed_us: number | null;
  readonly published_us: number | null;
  readonly moved: string;
  readonly signature: string | null;
  readonly winners: number;
  readonly booked: number;
  readonly short: number;
  readonly excluded: number;
  readonly drawn_us: number | null;
  readonly void_why: string | null;
  readonly void_us: number | null;
}

const momentOf = (us: number | null): UnixMicroseconds | null => (us === null ? null : unixUs(us));

export const drawOf = (row: DrawRow): DrawRecord => ({
  ...{ interaction: row.interaction, state: row.state, frozenAtUs: unixUs(row.frozen_us) },
  commitment: row.commitment === null ? null : (JSON.parse(row.commitment) as DrawCommitment),
  ...{ committedAtUs: momentOf(row.committed_us), publishedAtUs: momentOf(row.published_us) },
  moved: JSON.parse(row.moved) as DrawRecord['moved'],
  ...{ signature: row.signature, winners: row.winners, booked: row.booked, short: row.short },
  excluded: row.excluded,
  drawnAtUs: momentOf(row.drawn_us),
  void: row.void_us === null ? null : { why: row.void_why ?? 'unknown', atUs: unixUs(row.void_us) },
});

/** Answers that count, on the list's order: as `draw_entrants` is made. */
export const ENTRANTS = `
FROM submissions s NOT INDEXED LEFT JOIN judgements j ON j.submission = s.seq
WHERE s.interaction = ? AND s.seq >= ? AND coalesce(j.verdict, s.status) = 'accepted' ORDER BY s.seq`;
