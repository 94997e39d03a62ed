/** Other SQL in the place of some; one whose pattern is found nowhere is found out before anything runs. */
export type Replacement = readonly [pattern: RegExp, by: string];

/** A fault put into the simulation's own wiring, never into the product: the simulation must catch it. */
export interface Planted {
  readonly name: string;
  readonly what: string;
  /** Number of a sequence that shows it, where a short test begins. Default 1. */
  readonly shownBy?: number;
  /** The SQL of the connection that writes runs as another; also what makes the tables. */
  readonly sql?: readonly Replacement[];
  /** ... and of the one that answers questions. */
  readonly readSql?: readonly Replacement[];
  /** Promises of the writer are kept before the commit. */
  readonly acknowledgesFirst?: boolean;
  /** Each call bears another key. */
  readonly newKeys?: boolean;
  /** A call is taken to be answered before it is sent. */
  readonly answersFirst?: boolean;
}

const SUBMISSIONS_UNIQUE = /(CREATE TABLE submissions[^;]*?),\s*UNIQUE \(interaction, viewer\)/g;
const RIGHTS_UNIQUE = /(CREATE TABLE rights[^;]*?),\s*UNIQUE \(interaction, viewer\)/g;
const MOVES_UNIQUE = /(CREATE TABLE pool_moves[^;]*?),\s*UNIQUE \(pool, move, ref\)/g;

export const PLANTED: readonly Planted[] = [
  {
    name: 'acknowledge-before-commit',
    what: 'An answer is acknowledged before its commit.',
    acknowledgesFirst: true,
  },
  {
    name: 'no-unique-key-on-answers',
    what: 'The ledger takes any number of answers of one viewer to one round.',
    sql: [
      [SUBMISSIONS_UNIQUE, '$1'],
      [/(INSERT INTO submissions[^;]*?)ON CONFLICT \(interaction, viewer\) DO NOTHING/g, '$1'],
    ],
  },
  {
    name: 'no-unique-key-on-rights',
    shownBy: 15,
    what: 'A viewer can have several rights in one round.',
    sql: [
      [RIGHTS_UNIQUE, '$1'],
      [/SELECT 1 FROM rights WHERE interaction = \? AND viewer = \?/g, '$& AND 0'],
    ],
  },
  {
    name: 'no-key-on-payments',
    what: 'A payment that is sent again under its key counts again.',
    sql: [
      [MOVES_UNIQUE, '$1'],
      [/FROM pool_moves WHERE pool = \? AND move = \? AND ref = \?/g, '$& AND 0'],
    ],
  },
  {
    name: 'balance-not-checked',
    shownBy: 2,
    what: 'Nobody looks whether the pool has a piece left, and the tables take any balance.',
    sql: [
      [/ CHECK \(\w+_(?:pieces|amount) BETWEEN 0 AND \d+\)/g, ''],
      [
        /SELECT \* FROM pools WHERE id = \?/g,
        'SELECT *, 9 AS free_pieces, 9999 AS free_amount FROM pools WHERE id = ?',
      ],
    ],
  },
  {
    name: 'grant-before-the-reveal',
    shownBy: 5,
    what: 'Rights become grants before their round is revealed.',
    sql: [
      [/WHERE phase = 'released' AND waiting/g, "WHERE phase <> 'void' AND waiting"],
      [/AND p\.phase = 'released' THEN 'released'/g, "THEN 'released'"],
    ],
  },
  {
    name: 'void-after-grant-does-not-reverse',
    what: 'A round is voided after its grants, and they stay.',
    sql: [[/WHERE interaction = \? AND reversible = 1 AND reversed_us IS NULL/g, '$& AND 0']],
  },
  {
    name: 'expiry-twice',
    what: 'A reservation that is over goes back to its pool each time somebody looks.',
    sql: [
      [MOVES_UNIQUE, '$1'],
      [
        /UPDATE rights SET state = \?2,/g,
        "UPDATE rights SET state = CASE ?2 WHEN 'voided' THEN state ELSE ?2 END,",
      ],
    ],
  },
  {
    name: 'reserved-piece-sold-to-another',
    shownBy: 24,
    what: 'A sale that has run out takes pieces of reservations that are not over yet.',
    sql: [
      [
        /(WHERE state = 'earned' AND expires_us <= \?2)( AND pool = \?1 ORDER BY expires_us)/g,
        '$1 + 3600000000$2',
      ],
    ],
  },
  {
    name: 'entrant-left-out-of-the-list',
    shownBy: 2,
    what: 'A draw commits to a list without the one who entered first, and counts them out.',
    sql: [
      [
        /SELECT coalesce\(sum\(t\.n\), 0\) AS n FROM tallies t/g,
        'SELECT max(coalesce(sum(t.n), 0) - 1, 0) AS n FROM tallies t',
      ],
    ],
    readSql: [
      [
        /(WHERE s\.interaction = \? AND s\.seq >= \?)( AND coalesce\(j\.verdict, s\.status\) = 'accepted' ORDER BY s\.seq)/g,
        '$1 AND s.seq > (SELECT min(f.seq) FROM submissions f WHERE f.interaction = s.interaction)$2',
      ],
    ],
  },
  {
    name: 'winner-without-a-right',
    shownBy: 2,
    what: 'A winner for whom the pool had nothing is written down as one who has a right.',
    sql: [
      [
        /(INSERT INTO draw_winners \(interaction, place, entrant, prize, submission, right_id, outcome\)\s+VALUES \(\?, \?, \?, \?, \?, \?, )\?\)/g,
        "$1iif(? = '', '', 'earned'))",
      ],
    ],
  },
  {
    name: 'leaf-left-out-of-the-chain',
    what: 'Blocks count the answers that they seal and leave out what was answered.',
    sql: [[/(arrived_us, ' ', )leaf(,\s+' ', length\(id\))/g, "$1''$2"]],
  },
  {
    name: 'salt-left-out-of-the-row',
    what: 'The salt of an entry is not kept, so that nobody can check its leaf.',
    sql: [
      [
        /INSERT INTO journal \(kind, at_us, viewer, body, salt, leaf\) VALUES \(\?, \?, \?, \?, \?, \?\)/g,
        'INSERT INTO journal (kind, at_us, viewer, body, salt, leaf) VALUES (?1, ?2, ?3, ?4, iif(?5 IS NULL, NULL, NULL), ?6)',
      ],
    ],
  },
  {
    name: 'retry-with-a-new-key',
    what: 'Each call to the reward platform bears a key of its own.',
    newKeys: true,
  },
  {
    name: 'delivered-before-the-answer',
    shownBy: 3,
    what: 'A grant is called delivered when it is sent, not when it is answered.',
    answersFirst: true,
  },
  {
    name: 'reversal-overtakes-its-grant',
    shownBy: 40,
    what: 'What is taken back is told without waiting for what was given.',
    readSql: [
      [
        /AND \(after IS NULL OR NOT EXISTS \(SELECT 1 FROM outbox f WHERE f\.id = o\.after AND f\.state = 'queued'\)\)/g,
        '',
      ],
    ],
  },
  {
    name: 'feed-position-not-kept',
    what: 'A cue is applied, and where the feed is stays where it was.',
    sql: [
      [
        /ON CONFLICT \(one\) DO UPDATE SET log_epoch = excluded\.log_epoch, seq = excluded\.seq/g,
        'ON CONFLICT (one) DO NOTHING',
      ],
    ],
  },
  {
    name: 'what-was-refused-stays',
    shownBy: 24,
    what: 'What a command has written stays, though it was refused.',
    sql: [[/^ROLLBACK TO op$/g, 'SELECT 1']],
  },
  {
    name: 'batch-done-in-part',
    shownBy: 24,
    what: 'What was done of a batch that breaks off is committed.',
    sql: [[/^ROLLBACK$/g, 'COMMIT']],
  },
];
