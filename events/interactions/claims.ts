import { ID_PATTERN, type JsonObject, STAMP_TEXT_LIMIT } from '../../cues/wire/index.ts';
import type { Claims } from '../ledger/facts.ts';

export type ClaimsRead =
  | {
      readonly kind: 'claims';
      readonly claims: Claims;
      readonly stamp: string | null;
      /** The viewer knows that it is a rehearsal. */
      readonly rehearsal: boolean;
    }
  | { readonly kind: 'invalid'; readonly field: string; readonly problem: string };

const EPOCH = /^[A-Za-z0-9._-]{1,64}$/;
const PATH = /^[a-z][a-z0-9-]{0,15}$/;
/** Some 30 years in milliseconds: beyond it a number is no time in a stream. */
const MS_LIMIT = 1e12;

/**
 * The fields that every submission has, whatever its type. By hand: this is the hot path, and a schema library
 * costs more here than all the rest of the request's parsing. Fields that are not known are passed over.
 */
export function readClaims(body: JsonObject): ClaimsRead {
  const { cue, rev, epoch, firePts, actedPts, answerMs, path, stamp, rehearsal } = body;
  if (typeof cue !== 'string' || !ID_PATTERN.test(cue))
    return invalid('cue', 'give the id of the opening cue');
  if (rev !== undefined && !(Number.isSafeInteger(rev) && (rev as number) >= 0)) {
    return invalid('rev', 'give a whole number');
  }
  if (epoch !== undefined && !(typeof epoch === 'string' && EPOCH.test(epoch))) {
    return invalid('epoch', "give the epoch of the cue's stamp");
  }
  if (!isSpanOrAbsent(firePts)) return invalid('firePts', 'give milliseconds');
  if (!isSpanOrAbsent(actedPts)) return invalid('actedPts', 'give milliseconds');
  if (!isSpanOrAbsent(answerMs) || (answerMs as number) < 0) return invalid('answerMs', 'give milliseconds');
  if (path !== undefined && !(typeof path === 'string' && PATH.test(path))) {
    return invalid('path', 'give flv, ws, hls or events');
  }
  if (stamp !== undefined && !(typeof stamp === 'string' && stamp.length <= STAMP_TEXT_LIMIT)) {
    return invalid('stamp', `give the stamp's text, ${STAMP_TEXT_LIMIT} characters at most`);
  }
  if (rehearsal !== undefined && typeof rehearsal !== 'boolean') {
    return invalid('rehearsal', 'give true or false');
  }
  const claims: { -readonly [Field in keyof Claims]: Claims[Field] } = { cue };
  if (rev !== undefined) claims.rev = rev as number;
  if (epoch !== undefined) claims.epoch = epoch;
  if (firePts !== undefined) claims.firePts = firePts as number;
  if (actedPts !== undefined) claims.actedPts = actedPts as number;
  if (answerMs !== undefined) claims.answerMs = answerMs as number;
  if (path !== undefined) claims.path = path;
  return { kind: 'claims', claims, stamp: stamp ?? null, rehearsal: rehearsal === true };
}

const isSpanOrAbsent = (value: unknown): boolean =>
  value === undefined || (typeof value === 'number' && Math.abs(value) < MS_LIMIT);

const invalid = (field: string, problem: string): ClaimsRead => ({ kind: 'invalid', field, problem });
