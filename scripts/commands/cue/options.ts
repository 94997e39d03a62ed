import { type Command, InvalidArgumentError } from 'commander';
import { ID_PATTERN } from '../../../cues/wire/index.ts';
import { moment, type ServerOptions, span, wholeNumber } from '../server.ts';

/** Of every command that answers with one cue. */
export interface ReportOptions extends ServerOptions {
  readonly json?: boolean;
}

export interface MomentOptions {
  readonly delay?: number;
  readonly at?: string | number;
  readonly mediaTime?: number;
  readonly announce?: number;
  readonly alignIn?: number;
  readonly alignAt?: string | number;
}

/** When: the same words wherever a moment is given. */
export const withMoment = (command: Command): Command =>
  command
    .option('--delay <span>', 'that much after now: 500ms, 2s, 1m', span)
    .option('--at <time>', 'at this moment: RFC 3339 with its offset, or Unix milliseconds', moment)
    .option('--media-time <pts>', 'at this PTS of the stream, milliseconds', wholeNumber)
    .option('--announce <span>', 'tell players that long ahead, where the moment is known', span)
    .option('--align-in <span>', 'all viewers open that long after the picture (the hold)', span)
    .option('--align-at <time>', 'all viewers open at this moment', moment);

/** Those fields of a request that say when. */
export const momentFields = ({ delay, at, mediaTime, announce, alignIn, alignAt }: MomentOptions) => ({
  delayMs: delay,
  at,
  mediaTime,
  announceMs: announce,
  alignInMs: alignIn,
  alignAt,
});

export function cueId(text: string): string {
  if (ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('give 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first.');
}
