import type { Random } from '../lib/random.ts';
import { mutateBytes } from './bytes.ts';

/** JSON values that a field may get, right and wrong ones. */
const VALUES = [
  ...[
    '0',
    '1',
    '-1',
    '1.5',
    '1e999',
    '-0',
    '9007199254740993',
    'null',
    'true',
    '""',
    '"x"',
    '{}',
    '[]',
    '"\\u0000"',
  ],
  ...[
    '{"a":1}',
    '"interaction.open"',
    '"custom.x"',
    '"live/main"',
    '"AAAA"',
    '"\\ud800"',
    '2',
    '1700000000000',
  ],
];
const FIELDS = [
  ...[
    'v',
    'epoch',
    'at',
    'pts',
    'fireIn',
    'fireAt',
    'key',
    'id',
    'rev',
    'stream',
    'show',
    'type',
    'ref',
    'markedAt',
  ],
  ...['alignAt', 'durationMs', 'exp', 'audience', 'data', 'sealed', '__proto__', 'later'],
];
const TOKENS = ['{', '}', '"', ':', ',', '\n', '\\', 'ed25519 ', '\uFEFF', '\u{1F600}', '\u0000'];
const FIELD = /"([^"]*)":("(?:[^"\\]|\\.)*"|-?[\d.]+|\{\}|[a-z]+)/g;
const encoder = new TextEncoder();
const decoder = new TextDecoder('latin1');

/**
 * One change to lines of JSON: mostly a field gets another value, is left out or put in, and it stays JSON; else a
 * token is put in, or a line lost or doubled.
 */
export function mutateText(data: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const text = decoder.decode(data);
  const at = random.int(text.length);
  switch (random.int(12)) {
    case 0:
      return joined(text.slice(0, at), random.pick(TOKENS), text.slice(at));
    case 1: {
      const lines = text.split('\n');
      const line = random.int(lines.length);
      lines.splice(line, random.int(2), ...(random.chance(0.5) ? [lines[line]!] : []));
      return joined(lines.join('\n'), '', '');
    }
    case 2:
      // Text of this length is too long for a stamp.
      return random.chance(0.2) ? joined(text, 'x'.repeat(4000), '') : mutateBytes(data, random, other);
    default:
      return withField(text, random);
  }
}

function withField(text: string, random: Random): Uint8Array {
  const found = [...text.matchAll(FIELD)];
  if (found.length === 0) return joined(text, random.pick(TOKENS), '');
  const { 0: all, 1: name = '', index } = random.pick(found);
  const before = text.slice(0, index);
  const after = text.slice(index + all.length);
  switch (random.int(4)) {
    case 0:
      return joined(before, `"${random.pick(FIELDS)}":${random.pick(VALUES)}`, `,${all}${after}`);
    case 1:
      return after.startsWith(',') ? joined(before, '', after.slice(1)) : joined(before, '"later":0', after);
    case 2:
      return joined(before, `"${name}":${random.int(2 ** 31)}`, after);
    default:
      return joined(before, `"${name}":${random.pick(VALUES)}`, after);
  }
}

/** `before` and `after` are bytes as Latin-1, the token between them is text. */
function joined(before: string, token: string, after: string): Uint8Array {
  const middle = encoder.encode(token);
  const out = new Uint8Array(before.length + middle.length + after.length);
  for (let i = 0; i < before.length; i++) out[i] = before.charCodeAt(i);
  out.set(middle, before.length);
  for (let i = 0; i < after.length; i++) out[before.length + middle.length + i] = after.charCodeAt(i);
  return out;
}
