import type { DatabaseSync } from 'node:sqlite';
import type { CommandIn, CommandOut } from '../../commands.ts';
import type { Transition } from '../../facts.ts';
import type { TreasuryParts } from './core.ts';

const VOIDED = 'the round was voided';

/**
 * What a round's end does to its rights. The reveal and the cancel themselves are one entry each, however many rights
 * there are; what follows is done in batches, each whole or not at all, and goes on where it was after a crash.
 */
export function prepareRounds(db: DatabaseSync, treasury: TreasuryParts) {
  const known = db.prepare('SELECT phase FROM prize_rounds WHERE interaction = ?');
  const phaseOf = (interaction: string) =>
    (known.get(interaction) as { phase: 'running' | 'released' | 'void' } | undefined)?.phase ?? null;

  const toGrant = db.prepare(`
    SELECT interaction, why FROM prize_rounds
    WHERE phase = 'released' AND waiting + holds + reversible > 0 AND waiting > 0 ORDER BY rowid LIMIT 100`);
  const toVoid = db.prepare(`
    SELECT interaction, why FROM prize_rounds
    WHERE phase = 'void' AND waiting + holds + reversible > 0 ORDER BY rowid LIMIT 100`);
  const byName = db.prepare(`SELECT id FROM rights WHERE state = 'released' ORDER BY seq LIMIT ?`);
  const waiting = db.prepare(`
    SELECT id FROM rights WHERE interaction = ? AND state IN ('earned', 'released') AND expires_us IS NULL
    ORDER BY seq LIMIT ?`);
  const open = db.prepare(
    `SELECT id FROM rights WHERE interaction = ? AND state IN ('earned', 'released') ORDER BY seq LIMIT ?`,
  );
  const reversible = db.prepare(`
    SELECT id FROM grants INDEXED BY grants_to_reverse
    WHERE interaction = ? AND reversible = 1 AND reversed_us IS NULL ORDER BY seq LIMIT ?`);
  const overdue = db.prepare(`
    SELECT id FROM rights INDEXED BY rights_to_expire
    WHERE state = 'earned' AND expires_us IS NOT NULL AND expires_us <= ? ORDER BY expires_us LIMIT ?`);
  const ids = (rows: unknown) => (rows as { id: string }[]).map(({ id }) => id);

  return {
    onTransition(step: Transition): void {
      const interaction = step.interaction;
      if (step.kind === 'revealed' && phaseOf(interaction) === 'running') {
        treasury.append('round.released', { interaction }, step.moment.fireAtUs);
      }
      if (step.kind !== 'canceled') return;
      const phase = phaseOf(interaction);
      if (phase === 'running' || phase === 'released') {
        treasury.append('round.voided', { interaction, why: VOIDED }, step.atUs);
      }
    },

    'grants.make'({ limit, atUs }: CommandIn<'grants.make'>): CommandOut<'grants.make'> {
      let granted = 0;
      const make = (right: string) => {
        if (treasury.grant(right, atUs) === 'granted') granted++;
      };
      for (const right of ids(byName.all(limit))) make(right);
      for (const round of toGrant.all() as unknown as RoundRow[]) {
        if (granted >= limit) break;
        for (const right of ids(waiting.all(round.interaction, limit - granted))) make(right);
      }
      return { granted };
    },

    'rounds.void'({ limit, atUs }: CommandIn<'rounds.void'>): CommandOut<'rounds.void'> {
      const done = { voided: 0, reversed: 0 };
      for (const { interaction, why } of toVoid.all() as unknown as RoundRow[]) {
        const left = () => limit - done.voided - done.reversed;
        if (left() <= 0) break;
        for (const right of ids(open.all(interaction, left()))) {
          treasury.void(right, why ?? VOIDED, atUs);
          done.voided++;
        }
        if (left() <= 0) break;
        for (const grant of ids(reversible.all(interaction, left()))) {
          treasury.reverse(grant, why ?? VOIDED, atUs, { tell: true });
          done.reversed++;
        }
      }
      return done;
    },

    'rights.expire'({ limit, atUs }: CommandIn<'rights.expire'>): CommandOut<'rights.expire'> {
      const due = ids(overdue.all(atUs, limit));
      for (const right of due) treasury.void(right, 'expired', atUs);
      return { expired: due.length };
    },
  };
}

interface RoundRow {
  readonly interaction: string;
  readonly why: string | null;
}
