import { ACCOUNTS } from '../../treasury.ts';

/** Column of an account: `free_pieces`, `swept_in_amount`. */
export const columnOf = (account: string, unit: 'pieces' | 'amount'): string =>
  `${account.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_${unit}`;

const MAX = Number.MAX_SAFE_INTEGER;
const UNITS = ['pieces', 'amount'] as const;

const columns = UNITS.flatMap((unit) =>
  ACCOUNTS.map((account) => {
    const name = columnOf(account, unit);
    return `${name} INTEGER NOT NULL DEFAULT 0 CHECK (${name} BETWEEN 0 AND ${MAX})`;
  }),
).join(',\n  ');

/** At all times, in pieces and in money: what came in is free, reserved, granted or swept out. */
const balanced = UNITS.map((unit) => {
  const of = (account: (typeof ACCOUNTS)[number]) => columnOf(account, unit);
  return `CHECK (${of('funded')} + ${of('sweptIn')} <= ${MAX}),
  CHECK (${of('funded')} + ${of('sweptIn')} = ${of('free')} + ${of('reserved')} + ${of('granted')} + ${of('sweptOut')})`;
}).join(',\n  ');

/**
 * All of it follows from the journal. `prize_rounds` holds the interactions that have rights: `waiting` counts those that
 * are released by the reveal, `holds` reservations, `reversible` grants that go back when the round is voided.
 */
export const TREASURY_SCHEMA = `
CREATE TABLE pools (
  id         TEXT PRIMARY KEY,
  show       TEXT NOT NULL,
  terms      TEXT NOT NULL,
  opened_us  INTEGER NOT NULL,
  -- When it is swept by itself; null: by hand.
  sweeps_us  INTEGER,
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  closed_why TEXT,
  ${columns},
  ${balanced}
) STRICT;
CREATE INDEX pools_by_show ON pools (show);
CREATE INDEX pools_to_sweep ON pools (sweeps_us)
WHERE sweeps_us IS NOT NULL AND reserved_pieces = 0 AND free_pieces + free_amount > 0;

CREATE TABLE pool_totals (
  pool TEXT NOT NULL REFERENCES pools (id),
  move TEXT NOT NULL,
  n    INTEGER NOT NULL,
  PRIMARY KEY (pool, move)
) STRICT, WITHOUT ROWID;

CREATE TABLE pool_moves (
  seq    INTEGER PRIMARY KEY,
  pool   TEXT NOT NULL REFERENCES pools (id),
  move   TEXT NOT NULL,
  pieces INTEGER NOT NULL CHECK (pieces >= 0),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  ref    TEXT NOT NULL,
  at_us  INTEGER NOT NULL,
  UNIQUE (pool, move, ref)
) STRICT;
CREATE INDEX pool_moves_by_pool ON pool_moves (pool, seq);

CREATE TABLE prize_rounds (
  interaction TEXT PRIMARY KEY,
  phase       TEXT NOT NULL DEFAULT 'running' CHECK (phase IN ('running', 'released', 'void')),
  why         TEXT,
  at_us       INTEGER,
  waiting     INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
  holds       INTEGER NOT NULL DEFAULT 0 CHECK (holds >= 0),
  reversible  INTEGER NOT NULL DEFAULT 0 CHECK (reversible >= 0)
) STRICT;
CREATE INDEX prize_rounds_to_settle ON prize_rounds (phase)
WHERE phase <> 'running' AND waiting + holds + reversible > 0;

CREATE TABLE rights (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  interaction TEXT NOT NULL,
  viewer      TEXT NOT NULL,
  pool        TEXT NOT NULL REFERENCES pools (id),
  prize       TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount >= 0),
  currency    TEXT NOT NULL,
  cause       TEXT NOT NULL,
  expires_us  INTEGER,
  state       TEXT NOT NULL DEFAULT 'earned' CHECK (state IN ('earned', 'released', 'granted', 'voided')),
  why         TEXT,
  earned_us   INTEGER NOT NULL,
  UNIQUE (interaction, viewer)
) STRICT;
CREATE INDEX rights_by_viewer ON rights (viewer, seq);
CREATE INDEX rights_by_pool ON rights (pool, state, amount);
CREATE INDEX rights_unsettled ON rights (interaction, seq) WHERE state IN ('earned', 'released');
CREATE INDEX rights_released ON rights (seq) WHERE state = 'released';
CREATE INDEX rights_to_expire ON rights (expires_us) WHERE state = 'earned' AND expires_us IS NOT NULL;

CREATE TABLE grants (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  right_id    TEXT NOT NULL UNIQUE REFERENCES rights (id),
  made_us     INTEGER NOT NULL,
  reversed_us INTEGER,
  reversed_why TEXT,
  reversible  INTEGER NOT NULL,
  pool        TEXT NOT NULL REFERENCES pools (id),
  amount      INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_by_pool ON grants (pool, amount) WHERE reversed_us IS NULL;
CREATE INDEX grants_reversed ON grants (pool, amount) WHERE reversed_us IS NOT NULL;

CREATE TABLE prize_shows (
  show      TEXT PRIMARY KEY,
  drop_ppm  INTEGER NOT NULL DEFAULT 0 CHECK (drop_ppm BETWEEN 0 AND 1000000),
  threshold INTEGER NOT NULL DEFAULT 0 CHECK (threshold >= 0),
  -- Answers up to this one were given before boxes dropped here.
  from_answer INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE box_cursor (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  answer INTEGER NOT NULL
) STRICT;

-- Answers that were held when their turn came.
CREATE TABLE box_waiting (answer INTEGER PRIMARY KEY) STRICT;

CREATE TABLE boxes (
  show   TEXT NOT NULL,
  viewer TEXT NOT NULL,
  n      INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (show, viewer)
) STRICT, WITHOUT ROWID;
CREATE INDEX boxes_by_viewer ON boxes (viewer);

CREATE TABLE box_levels (
  show    TEXT NOT NULL,
  n       INTEGER NOT NULL,
  viewers INTEGER NOT NULL CHECK (viewers >= 0),
  PRIMARY KEY (show, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE box_drops (
  seq    INTEGER PRIMARY KEY,
  show   TEXT NOT NULL,
  cause  TEXT NOT NULL,
  viewer TEXT NOT NULL,
  n      INTEGER NOT NULL CHECK (n > 0),
  UNIQUE (show, cause)
) STRICT;

CREATE TABLE measures (
  id         TEXT PRIMARY KEY,
  show       TEXT NOT NULL,
  place      INTEGER NOT NULL,
  terms      TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'prepared' CHECK (state IN ('prepared', 'applied', 'reverted')),
  applied_us INTEGER,
  before     TEXT
) STRICT;
CREATE INDEX measures_by_show ON measures (show, place);
`;

/**
 * `open_rights` counts rights that are neither granted nor voided, by what they wait for: `waiting` for the reveal, or the
 * grant behind it; `held` as reservations; `released` those that were released by name. A pool and a round without any
 * has no row. A measure is of its show: two shows may have one of the same id. Indices are by what pages ask, from the
 * newest on; with the amount in it the account of a pool needs no row.
 */
export const TREASURY_SCHEMA_3 = `
CREATE TABLE open_rights (
  pool        TEXT NOT NULL REFERENCES pools (id),
  interaction TEXT NOT NULL REFERENCES prize_rounds (interaction),
  waiting     INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
  held        INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  released    INTEGER NOT NULL DEFAULT 0 CHECK (released >= 0),
  PRIMARY KEY (pool, interaction)
) STRICT, WITHOUT ROWID;
INSERT INTO open_rights (pool, interaction, waiting, held, released)
SELECT pool, interaction, sum(state = 'earned' AND expires_us IS NULL), sum(state = 'earned' AND expires_us IS NOT NULL),
  sum(state = 'released')
FROM rights WHERE state IN ('earned', 'released') GROUP BY pool, interaction;

DROP INDEX rights_by_pool;
DROP INDEX rights_released;
DROP INDEX rights_to_expire;
CREATE INDEX rights_by_pool ON rights (pool, seq, state, amount);
CREATE INDEX rights_by_round ON rights (interaction, seq);
CREATE INDEX rights_by_state ON rights (state, seq);
CREATE INDEX rights_to_expire ON rights (expires_us, pool) WHERE state = 'earned' AND expires_us IS NOT NULL;

ALTER TABLE grants RENAME TO grants_of_before;
CREATE TABLE grants (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  right_id    TEXT NOT NULL UNIQUE REFERENCES rights (id),
  made_us     INTEGER NOT NULL,
  reversed_us INTEGER,
  reversed_why TEXT,
  reversible  INTEGER NOT NULL,
  interaction TEXT NOT NULL,
  pool        TEXT NOT NULL REFERENCES pools (id),
  amount      INTEGER NOT NULL
) STRICT;
INSERT INTO grants (seq, id, right_id, made_us, reversed_us, reversed_why, reversible, interaction, pool, amount)
SELECT g.seq, g.id, g.right_id, g.made_us, g.reversed_us, g.reversed_why, g.reversible, r.interaction, g.pool, g.amount
FROM grants_of_before g JOIN rights r ON r.id = g.right_id;
DROP TABLE grants_of_before;
CREATE INDEX grants_by_pool ON grants (pool, seq, reversed_us, amount);
CREATE INDEX grants_by_round ON grants (interaction, seq);
CREATE INDEX grants_to_reverse ON grants (interaction, seq) WHERE reversible = 1 AND reversed_us IS NULL;

CREATE INDEX box_drops_by_viewer ON box_drops (viewer);

ALTER TABLE measures RENAME TO measures_of_before;
CREATE TABLE measures (
  show       TEXT NOT NULL,
  id         TEXT NOT NULL,
  place      INTEGER NOT NULL,
  terms      TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'prepared' CHECK (state IN ('prepared', 'applied', 'reverted')),
  applied_us INTEGER,
  before     TEXT,
  PRIMARY KEY (show, id)
) STRICT;
INSERT INTO measures (show, id, place, terms, state, applied_us, before)
SELECT show, id, place, terms, state, applied_us, before FROM measures_of_before;
DROP TABLE measures_of_before;
CREATE INDEX measures_by_show ON measures (show, place);
CREATE INDEX measures_by_id ON measures (id);
`;
