import { type ErrorCode, FramecueError } from '../../../packet/errors.ts';
import { sentenceOf } from '../../../server/process.ts';

export type Advice = Partial<Readonly<Record<ErrorCode, string>>>;

/** What to do about a refusal, where the server's own sentence does not say it. */
const ADVICE: Advice = {
  ERR_STREAM_NOT_LIVE: 'Start the encoder; `npx framecue status` says what the server sees of it.',
  ERR_CUE_UNKNOWN: 'See `npx framecue cue list`, and mind --stream.',
  ERR_CUE_EXISTS: 'Give another --id, or none.',
  ERR_IDEMPOTENCY_CONFLICT: 'This --id was used for another cue: give another one, or none.',
  ERR_CUE_STATE: 'See `npx framecue cue show`; once players know a cue it can only be cancelled.',
  ERR_CUE_CHANGED: 'Somebody was faster: look with `npx framecue cue show`, then edit with its revision.',
  ERR_CUE_MOMENT_PASSED: 'Give a later moment, or none: now.',
  ERR_CUE_TOO_MANY_OPEN: 'Lock or cancel one that is open, or wait.',
  ERR_CUE_TOO_LARGE: 'Shorten --data: a stamp travels in the picture.',
  ERR_RATE_LIMITED: 'Wait a second.',
  ERR_STORE_UNAVAILABLE: 'The cue log cannot be written now: look at the disk of media, then try again.',
  ERR_TOKEN_MISSING: 'Give --token, or set FRAMECUE_DIRECTOR_TOKEN.',
  ERR_TOKEN_INVALID: 'Give --token, or set FRAMECUE_DIRECTOR_TOKEN; `npm start` prints it.',
  ERR_RIGHT_MISSING: 'This needs the director token; the read token can only look.',
  ERR_CONTROL_HELD: 'Another console is in control: let it release, or take over there.',
  ERR_RUNDOWN_NONE: 'Load one by `npx framecue rundown load FILE`.',
  ERR_TRIGGER_UNKNOWN: 'See `npx framecue trigger list`.',
};

/** Codes that say that the command line was wrong, not the show. */
const USED_WRONGLY: ReadonlySet<string> = new Set(['ERR_REQUEST_INVALID', 'ERR_REQUEST_MALFORMED']);

/**
 * Runs a command's action. A refusal is told with what to do about it; with `--json` as the error's envelope on
 * stdout. Exit code 1, or 2 where the request itself was wrong.
 */
export async function telling(
  json: boolean | undefined,
  action: () => Promise<void>,
  advices: Advice = ADVICE,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    const { code, message, retryable, details } = error;
    if (json === true)
      process.stdout.write(`${JSON.stringify({ error: { code, message, retryable, details } })}\n`);
    const advice = advices[code];
    process.stderr.write(`${sentenceOf(error)}\n${advice === undefined ? '' : `  ${advice}\n`}`);
    process.exitCode = USED_WRONGLY.has(code) ? 2 : 1;
  }
}
