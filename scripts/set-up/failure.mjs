import { stripVTControlCharacters } from 'node:util';

/**
 * A set-up that cannot go on: what happened, the end of what the failing tool said, and what a person can do.
 * Everything else that is thrown is a fault of set-up itself.
 */
export class SetUpFailure extends Error {
  /**
   * @param {string} what one sentence without a full stop
   * @param {{ advice: readonly string[], output?: string }} more
   */
  constructor(what, { advice, output = '' }) {
    super(what);
    this.name = 'SetUpFailure';
    this.advice = advice;
    this.output = output;
  }
}

/**
 * The failure as people read it, with at most `lines` lines of the tool's output.
 * @param {SetUpFailure} failure
 */
export function describeFailure(failure, lines = 25) {
  const said = stripVTControlCharacters(failure.output).trimEnd().split('\n').slice(-lines).join('\n').trim();
  const parts = [`set-up: FAILED: ${failure.message}.`];
  if (said !== '') parts.push('The last it said:', said.replaceAll(/^/gm, '  | '));
  parts.push('What to do:', ...failure.advice.map((line) => `  - ${line}`));
  return parts.join('\n');
}
