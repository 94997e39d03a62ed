import { z } from 'zod';

/** The kinds of value that a setting can have. Each reads the text of an environment variable. */

const PLAIN_INTEGER = /^\d{1,15}$/;

/** A whole number within its bounds; its unit stands in the setting's name or meaning. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(PLAIN_INTEGER, 'give a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `give at least ${min}`).max(max, `give at most ${max}`));

/** A TCP port; 0 lets the system choose. */
export const port = wholeNumber(0, 65_535);

/** Of setpriority(2), for what is to be served before others; 0 leaves it. */
export const raisedNice = z
  .string()
  .regex(/^(0|-\d{1,2})$/, 'give a whole number from -20 to 0')
  .transform(Number)
  .pipe(z.number().min(-20, 'give at least -20'));

export const flag = z.enum(['0', '1'], { error: 'give 0 or 1' }).transform((text) => text === '1');

export const oneOf = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z.enum(names, { error: `give one of ${names.join(', ')}` });

export const text = (pattern: RegExp, hint: string) => z.string().regex(pattern, hint);

/** An address to listen on. */
export const host = text(/^[A-Za-z0-9.:_-]{1,255}$/, 'give an IP address or a host name');

export const path = z.string().min(1).max(4096);

/** A base URL without a slash at its end, so that paths can be put behind it. */
export const baseUrl = (protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (value) => {
        const parsed = URL.parse(value);
        return (
          parsed !== null &&
          protocols.includes(parsed.protocol.slice(0, -1)) &&
          parsed.username === '' &&
          parsed.search === '' &&
          parsed.hash === ''
        );
      },
      `give a URL that begins with ${protocols.map((name) => `${name}://`).join(' or ')}, without user, ? or #`,
    )
    .transform((value) => value.replace(/\/+$/, ''));

/** Long enough not to be guessed, and safe in a header and in a URL. */
export const secret = text(/^[\x21-\x7e]{16,512}$/, 'give 16 to 512 characters without spaces');

/** Items between commas. */
export const list = <Item extends z.ZodType<string, string>>(item: Item) =>
  z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .pipe(z.array(item).min(1).max(256));
