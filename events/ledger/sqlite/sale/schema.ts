/** All of it follows from the journal. Reservations and orders are rights and grants of the treasury. */
export const SALE_SCHEMA = `
-- end_us: where the line ends, as a theoretical arrival time (line.ts).
CREATE TABLE sale_lines (
  interaction TEXT PRIMARY KEY,
  end_us      INTEGER NOT NULL,
  places      INTEGER NOT NULL CHECK (places > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE sale_places (
  interaction TEXT NOT NULL,
  viewer      TEXT NOT NULL,
  number      INTEGER NOT NULL,
  turn_us     INTEGER NOT NULL,
  PRIMARY KEY (interaction, viewer)
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_places_by_viewer ON sale_places (viewer);

-- key_hash: SHA-256 of the Idempotency-Key; the same key of one viewer is never of two orders.
CREATE TABLE sale_orders (
  right_id   TEXT PRIMARY KEY,
  viewer     TEXT NOT NULL,
  key_hash   TEXT NOT NULL,
  ordered_us INTEGER NOT NULL,
  UNIQUE (viewer, key_hash)
) STRICT, WITHOUT ROWID;
`;
