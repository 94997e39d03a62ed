import type { Refused } from '../../treasury.ts';

/** A command's refusal, as a value. */
export const refused = (code: Refused['code'], details: object, message?: string): Refused => ({
  ...{ kind: 'refused', code, details: { ...details } },
  ...(message === undefined ? {} : { message }),
});
