import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { writeKeptFile } from '../../service/kept-file.ts';
import type { Log } from '../../service/log.ts';
import type { StageTicket } from './shapes.ts';

const Kept = z.strictObject({
  id: z.string(),
  stream: z.string(),
  name: z.string(),
  by: z.string(),
  createdAt: z.number(),
  expiresAt: z.number(),
  /** SHA-256 of the secret, hex. The secret has 256 random bits: no salt, no stretching. */
  secretHash: z.string(),
});
type Kept = z.infer<typeof Kept>;
const File = z.strictObject({ tickets: z.array(Kept) });

const TICKET = /^stage_([A-Za-z0-9_-]{12})_([A-Za-z0-9_-]{43})$/;
const MOST_OF_A_STREAM = 32;

export const isStageTicket = (token: string): boolean => token.startsWith('stage_');

/**
 * Secrets for stage machines: they hang in a hall, so they hold nothing that can direct. One ticket is good for one
 * stream, for showing and for taking what the director gives leave for. Kept as hashes in one small file, so that
 * screens come back after a restart; shown once.
 */
export class StageTickets {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #tickets: readonly Kept[];
  /** One write at a time. */
  #writing: Promise<unknown> = Promise.resolve();

  /** A file that cannot be read holds no tickets: the director makes new ones. */
  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#tickets = this.#read();
  }

  list(stream: string): readonly StageTicket[] {
    const now = this.#clock.unixMs();
    return this.#tickets.filter((kept) => kept.stream === stream && kept.expiresAt > now).map(shown);
  }

  /** @throws {FramecueError} ERR_OVERLOADED: as many as can be; ERR_STORE_UNAVAILABLE. */
  async make(
    stream: string,
    name: string,
    by: string,
    forMs: number,
  ): Promise<{ readonly ticket: StageTicket; readonly token: string }> {
    if (this.list(stream).length >= MOST_OF_A_STREAM) {
      throw new FramecueError('ERR_OVERLOADED', 'This stream has as many stage tickets as can be.', {
        details: { limit: MOST_OF_A_STREAM },
      });
    }
    const secret = randomBytes(32).toString('base64url');
    const id = randomBytes(9).toString('base64url');
    const createdAt = this.#clock.unixMs();
    const expiresAt = createdAt + forMs;
    const kept: Kept = { id, stream, name, by, createdAt, expiresAt, secretHash: hashOf(secret) };
    await this.#change((tickets) => [...tickets, kept]);
    return { ticket: shown(kept), token: `stage_${id}_${secret}` };
  }

  /** Void at once, whatever the disk says. False: there is none. */
  async drop(stream: string, id: string): Promise<boolean> {
    const isOne = (kept: Kept) => kept.stream === stream && kept.id === id;
    if (!this.#tickets.some(isOne)) return false;
    this.#tickets = this.#tickets.filter((kept) => !isOne(kept));
    await this.#change((tickets) => tickets.filter((kept) => !isOne(kept)));
    return true;
  }

  /** Null: it is none, is over, or is another stream's. The time does not tell how much of it is right. */
  find(stream: string, token: string): StageTicket | null {
    const match = TICKET.exec(token);
    if (match === null) return null;
    const kept = this.#tickets.find(({ id }) => id === match[1]);
    const isRight = timingSafeEqual(Buffer.from(kept?.secretHash ?? NO_HASH), Buffer.from(hashOf(match[2]!)));
    if (kept === undefined || !isRight || kept.stream !== stream) return null;
    return kept.expiresAt > this.#clock.unixMs() ? shown(kept) : null;
  }

  #change(change: (tickets: readonly Kept[]) => readonly Kept[]): Promise<void> {
    const mine = this.#writing
      .catch(() => undefined)
      .then(async () => {
        const now = this.#clock.unixMs();
        const next = change(this.#tickets).filter(({ expiresAt }) => expiresAt > now);
        await this.#write(next);
        this.#tickets = next;
      });
    this.#writing = mine;
    return mine;
  }

  async #write(tickets: readonly Kept[]): Promise<void> {
    try {
      await writeKeptFile(this.#path, JSON.stringify({ tickets }));
    } catch (cause) {
      throw new FramecueError('ERR_STORE_UNAVAILABLE', undefined, { cause });
    }
  }

  #read(): readonly Kept[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#log.warn({ err: error }, 'stage tickets cannot be read: make new ones');
      }
      return [];
    }
    const parsed = File.safeParse(parseJson(text));
    if (parsed.success) return parsed.data.tickets;
    this.#log.warn('the file of stage tickets is not as expected: make new ones');
    return [];
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const shown = ({ secretHash: _, ...ticket }: Kept): StageTicket => ticket;
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const NO_HASH = '0'.repeat(64);
