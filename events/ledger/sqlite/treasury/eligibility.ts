import type { DatabaseSync } from 'node:sqlite';
import { FramecueError } from '../../../../packet/errors.ts';
import type { NewRight, Pool, RegionRule, Tier } from '../../treasury.ts';

/** What the ledger knows of a round, for one viewer. */
export interface RoundOfViewer {
  readonly final: 'RESOLVED' | 'CANCELED' | null;
  readonly isShadow: boolean;
  /** The viewer's answer counts. Answers of rehearsals never come to the ledger, so nobody earns by one. */
  readonly hasAnswered: boolean;
  /** Of the viewer's session, as the answer brought it; null: unknown. */
  readonly region: string | null;
}

export interface Eligibility {
  /** @throws {FramecueError} ERR_INTERACTION_UNKNOWN */
  roundOf(interaction: string, viewer: string): RoundOfViewer;
  mayEarn(round: RoundOfViewer, right: NewRight, pool: Pool): boolean;
  tierOf(show: string, viewer: string): Tier;
}

interface RoundRow {
  readonly shadow: number | null;
  readonly final: string | null;
  readonly verdict: string | null;
  readonly region: string | null;
}

/** Who may have a piece: by the ledger alone, so that no caller can say otherwise. */
export function prepareEligibility(db: DatabaseSync): Eligibility {
  const find = db.prepare(`
    SELECT json_extract(i.record, '$.shadow') AS shadow,
      (SELECT t.kind FROM transitions t WHERE t.interaction = i.seq AND t.kind IN ('revealed', 'canceled')
       ORDER BY t.kind LIMIT 1) AS final,
      coalesce(j.verdict, s.status) AS verdict, json_extract(s.claims, '$.region') AS region
    FROM interactions i
    LEFT JOIN submissions s ON s.interaction = i.seq AND s.viewer = ?2
    LEFT JOIN judgements j ON j.submission = s.seq
    WHERE i.id = ?1`);
  const boxes = db.prepare('SELECT n FROM boxes WHERE show = ? AND viewer = ?');
  const rules = db.prepare('SELECT threshold FROM prize_shows WHERE show = ?');

  const tierOf = (show: string, viewer: string): Tier => {
    const { threshold } = (rules.get(show) as { threshold: number } | undefined) ?? { threshold: 0 };
    if (threshold === 0) return 'high';
    const { n } = (boxes.get(show, viewer) as { n: number } | undefined) ?? { n: 0 };
    return n >= threshold ? 'high' : 'low';
  };
  return {
    roundOf(interaction, viewer) {
      const row = find.get(interaction, viewer) as RoundRow | undefined;
      if (row === undefined) {
        throw new FramecueError('ERR_INTERACTION_UNKNOWN', undefined, { details: { id: interaction } });
      }
      return {
        final: row.final === null ? null : row.final === 'canceled' ? 'CANCELED' : 'RESOLVED',
        isShadow: row.shadow === 1,
        hasAnswered: row.verdict === 'accepted',
        region: row.region,
      };
    },
    mayEarn(round, right, pool) {
      if (round.isShadow || !round.hasAnswered || !isOfRegion(round.region, pool.regions)) return false;
      return pool.tier === 'low' || right.tierJudged === true || tierOf(pool.show, right.viewer) === 'high';
    },
    tierOf,
  };
}

/** A viewer of no known region is in none, so a pool with any rule is not for them. */
function isOfRegion(region: string | null, rule: RegionRule | null): boolean {
  if (rule === null) return true;
  if (region === null) return false;
  return (rule.allow?.includes(region) ?? true) && !(rule.deny?.includes(region) ?? false);
}
