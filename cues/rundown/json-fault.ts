/** Where text stops being JSON (RFC 8259), from 1. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
}

type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma' | 'nothing';

const SPACE = /[ \t\n\r]*/y;
const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The first place at which text that `JSON.parse` refuses cannot be JSON any more; its end where it is cut short. */
export function jsonFaultOf(text: string): JsonFault {
  const at = faultAt(text);
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function faultAt(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  const skip = (what: RegExp): boolean => {
    what.lastIndex = at;
    const found = what.exec(text)?.[0] ?? '';
    at += found.length;
    return found !== '';
  };
  const behindValue = (): Expected => (open.length === 0 ? 'nothing' : 'comma');
  for (;;) {
    skip(SPACE);
    const char = text[at];
    if (char === undefined) return at;
    const isValue = expected === 'value' || expected === 'value-or-end';
    const isKey: boolean = expected === 'key' || expected === 'key-or-end';
    if (isValue && (char === '{' || char === '[')) {
      open.push(char);
      expected = char === '{' ? 'key-or-end' : 'value-or-end';
      at++;
    } else if ((isValue || isKey) && char === '"') {
      const end = endOfString(text, at);
      if (!end.isWhole) return end.at;
      at = end.at;
      expected = isKey ? 'colon' : behindValue();
    } else if (isValue && skip(WORD)) {
      expected = behindValue();
    } else if (expected === 'colon' && char === ':') {
      expected = 'value';
      at++;
    } else if (expected === 'comma' && char === ',') {
      expected = open.at(-1) === '{' ? 'key' : 'value';
      at++;
    } else if (
      (char === '}' && open.at(-1) === '{' && (expected === 'comma' || expected === 'key-or-end')) ||
      (char === ']' && open.at(-1) === '[' && (expected === 'comma' || expected === 'value-or-end'))
    ) {
      open.pop();
      expected = behindValue();
      at++;
    } else {
      return at;
    }
  }
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Behind its closing quote, or where it stops being a string. */
function endOfString(text: string, from: number): { readonly at: number; readonly isWhole: boolean } {
  let at = from + 1;
  for (;;) {
    const char = text[at];
    if (char === '"') return { at: at + 1, isWhole: true };
    if (char === undefined || char < ' ') return { at, isWhole: false };
    if (char !== '\\') at++;
    else {
      ESCAPE.lastIndex = at;
      const escaped = ESCAPE.exec(text)?.[0];
      if (escaped === undefined) return { at, isWhole: false };
      at += escaped.length;
    }
  }
}
