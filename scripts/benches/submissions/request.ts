import { ViewerTokens } from '../../../events/http/viewer-token.ts';
import { unixMs } from '../../../packet/time.ts';

/** As the client library sends it, by an app that plays HTTP-FLV. */
const bodyFor = (interaction: string): string =>
  JSON.stringify({
    choice: 1,
    cue: `open-${interaction}`,
    rev: 0,
    epoch: EPOCH,
    firePts: FIRE_PTS,
    actedPts: FIRE_PTS + 1_840,
    answerMs: 1_833.4,
    path: 'flv',
  });

export const EPOCH = 'bench1';
export const FIRE_PTS = 1_000_000;
/** All interactions have ids of this length, so that all requests do. */
export const interactionOf = (round: number): string => `bench-${String(round).padStart(4, '0')}`;

/**
 * Requests of distinct signed viewers, as bytes and beforehand, all of one length in one buffer: what is measured is
 * the server, not the making of requests.
 */
export class Requests {
  readonly #bytes: Buffer;
  readonly #length: number;
  readonly #places: readonly number[];
  readonly count: number;

  constructor(sessionKey: string, count: number, now: number) {
    const tokens = new ViewerTokens(sessionKey);
    const exp = unixMs(now + 3_600_000);
    const blank = interactionOf(0);
    const body = bodyFor(blank);
    const textFor = (n: number) =>
      [
        `POST /api/v1/interactions/${blank}/submissions HTTP/1.1`,
        'Host: 127.0.0.1',
        `Authorization: Bearer ${tokens.issue(`viewer-${String(n).padStart(8, '0')}`, exp)}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n');
    const first = textFor(0);
    this.count = count;
    this.#length = first.length;
    this.#places = [first.indexOf(blank), first.lastIndexOf(blank)];
    this.#bytes = Buffer.alloc(count * this.#length);
    for (let n = 0; n < count; n++) {
      if (this.#bytes.write(textFor(n), n * this.#length, 'latin1') !== this.#length) {
        throw new Error('requests are not of one length');
      }
    }
  }

  /** All of them go to this interaction from now on. */
  aimAt(interaction: string): void {
    for (let n = 0; n < this.count; n++) {
      for (const place of this.#places) this.#bytes.write(interaction, n * this.#length + place, 'latin1');
    }
  }

  at(n: number): Buffer {
    return this.#bytes.subarray(n * this.#length, (n + 1) * this.#length);
  }
}
