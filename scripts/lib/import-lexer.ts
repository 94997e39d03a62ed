/** One reference from a source file to another module. */
export interface ImportReference {
  /** As written: './hub.ts', 'node:net', 'hls.js'. */
  readonly specifier: string;
  /**
   * `static` runs the other module first; `type` leaves nothing at run time; `dynamic` is `import()` or
   * `require()`; `url` is `new URL('./x.ts', import.meta.url)`, as for a worker.
   */
  readonly kind: 'static' | 'type' | 'dynamic' | 'url';
  /** Counted from 1. */
  readonly line: number;
}

type Token =
  | { readonly kind: 'word' | 'sign' | 'text'; readonly value: string; readonly line: number }
  /** A number, a regular expression, a template with substitutions: nothing that is read here. */
  | { readonly kind: 'other'; readonly value: ''; readonly line: number };

/** After these a slash begins a regular expression; after other words and after values it divides. */
const BEFORE_EXPRESSION = new Set(
  'return typeof case in of do else void delete throw new instanceof yield await default extends'.split(' '),
);

/**
 * All references of a TypeScript, TSX or JavaScript source, by a light lexer: it knows comments, strings,
 * templates and regular expressions, so that text which only looks like an import is not taken for one.
 */
export function listImports(source: string): ImportReference[] {
  const tokens = [...tokenize(source)];
  const found: ImportReference[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    // `x.import` and `{ import: 1 }` are names, not statements.
    if (token.kind !== 'word' || isSign(tokens[at - 1], '.')) continue;
    const reference =
      token.value === 'import'
        ? readImport(tokens, at)
        : token.value === 'export'
          ? readExport(tokens, at)
          : token.value === 'require'
            ? readCall(tokens, at)
            : token.value === 'URL'
              ? readUrl(tokens, at)
              : null;
    if (reference !== null) found.push(reference);
  }
  return found;
}

function readImport(tokens: readonly Token[], at: number): ImportReference | null {
  const next = tokens[at + 1];
  if (isSign(next, '(')) return readCall(tokens, at);
  if (next?.kind === 'text') return { specifier: next.value, kind: 'static', line: next.line };
  return readFrom(tokens, at + 1);
}

function readExport(tokens: readonly Token[], at: number): ImportReference | null {
  const next = tokens[at + 1];
  const isType = next?.kind === 'word' && next.value === 'type';
  const opening = isType ? tokens[at + 2] : next;
  return isSign(opening, '{') || isSign(opening, '*') ? readFrom(tokens, at + 1) : null;
}

/** The rest of `import` or `export` up to `from '...'`; null when it is something else. */
function readFrom(tokens: readonly Token[], start: number): ImportReference | null {
  const first = tokens[start];
  const second = tokens[start + 1];
  // `import type from './x'` imports a value that is called type.
  const isType =
    first?.kind === 'word' &&
    first.value === 'type' &&
    !(second?.kind === 'word' && second.value === 'from' && tokens[start + 2]?.kind === 'text') &&
    !isSign(second, ',');
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (isSign(token, '{')) depth += 1;
    else if (isSign(token, '}')) depth -= 1;
    else if (token.kind === 'word' && token.value === 'from' && depth === 0) {
      const module = tokens[at + 1];
      if (module?.kind === 'text') {
        return { specifier: module.value, kind: isType ? 'type' : 'static', line: module.line };
      }
    } else if (token.kind === 'text' ? depth === 0 : token.kind === 'sign' && !',*'.includes(token.value)) {
      return null;
    }
  }
  return null;
}

/** `import('...')`, `require('...')`; null where the argument is not a plain text. */
function readCall(tokens: readonly Token[], at: number): ImportReference | null {
  const text = tokens[at + 2];
  if (!isSign(tokens[at + 1], '(') || text?.kind !== 'text') return null;
  return { specifier: text.value, kind: 'dynamic', line: text.line };
}

/** `URL('./x.ts', import.meta.url)` of a source file. */
function readUrl(tokens: readonly Token[], at: number): ImportReference | null {
  const text = tokens[at + 2];
  const isRelative = text?.kind === 'text' && /^\.\.?\/.*\.[cm]?[jt]sx?$/.test(text.value);
  const base = tokens.slice(at + 3, at + 9).map((token) => token.value);
  if (!isSign(tokens[at + 1], '(') || !isRelative || base.join('') !== ',import.meta.url') return null;
  return { specifier: text.value, kind: 'url', line: text.line };
}

const isSign = (token: Token | undefined, value: string): boolean =>
  token?.kind === 'sign' && token.value === value;

function* tokenize(source: string): Generator<Token> {
  let line = 1;
  let at = 0;
  let last: Token | null = null;
  /** For each template that is open around here: how many braces are open in its substitution. */
  const templates: number[] = [];

  while (at < source.length) {
    const char = source[at]!;
    const rest = source.slice(at, at + 2);
    let token: Token | null = null;
    let end = at + 1;

    if (char === '\n') line += 1;
    else if (rest === '//') end = endOfLine(source, at);
    else if (rest === '/*') end = after(source, '*/', at + 2);
    else if (char === "'" || char === '"') {
      const close = endOfString(source, at);
      // An apostrophe in JSX text closes nowhere on its line: it is passed over.
      if (close !== null) {
        token = { kind: 'text', value: unescaped(source.slice(at + 1, close)), line };
        end = close + 1;
      }
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      const part = templatePart(source, at + 1);
      const isWhole = char === '`' && !part.hasSubstitution;
      const value = unescaped(source.slice(at + 1, part.end - 1));
      token = isWhole ? { kind: 'text', value, line } : { kind: 'other', value: '', line };
      if (char === '`' && part.hasSubstitution) templates.push(0);
      else if (char === '}' && !part.hasSubstitution) templates.pop();
      end = part.end;
    } else if (char === '/' && mayBeginExpression(last)) {
      const close = endOfRegExp(source, at);
      if (close === null) token = { kind: 'sign', value: char, line };
      else {
        token = { kind: 'other', value: '', line };
        end = close;
      }
    } else if (/[\p{ID_Start}$_#]/u.test(char)) {
      end = at + /^[\p{ID_Continue}$#]*/u.exec(source.slice(at, at + 200))![0].length;
      token = { kind: 'word', value: source.slice(at, end), line };
    } else if (/\d/.test(char)) {
      end = at + /^[\w.]*/.exec(source.slice(at, at + 200))![0].length;
      token = { kind: 'other', value: '', line };
    } else if (!/\s/.test(char)) {
      if (templates.length > 0 && char === '{') templates[templates.length - 1]! += 1;
      if (templates.length > 0 && char === '}') templates[templates.length - 1]! -= 1;
      token = { kind: 'sign', value: char, line };
    }

    if (token !== null) {
      yield token;
      last = token;
    }
    if (end > at + 1) line += source.slice(at, end).split('\n').length - 1;
    at = Math.max(end, at + 1);
  }
}

/** Whether a slash after this token begins a regular expression. After `<` it closes a JSX element. */
function mayBeginExpression(last: Token | null): boolean {
  if (last === null) return true;
  if (last.kind === 'word') return BEFORE_EXPRESSION.has(last.value);
  return last.kind === 'sign' && !')]}<'.includes(last.value);
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}

function after(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from);
  return at < 0 ? source.length : at + mark.length;
}

/** Where the quote at `from` is closed; null when its line ends first. */
function endOfString(source: string, from: number): number | null {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === source[from]) return at;
    else if (source[at] === '\n') return null;
  }
  return null;
}

/** From inside a template to behind its closing backtick or its next `${`. */
function templatePart(source: string, from: number): { end: number; hasSubstitution: boolean } {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '`') return { end: at + 1, hasSubstitution: false };
    else if (source.startsWith('${', at)) return { end: at + 2, hasSubstitution: true };
  }
  return { end: source.length, hasSubstitution: false };
}

/** Behind the regular expression that begins at `from`; null when its line ends first, so that it is none. */
function endOfRegExp(source: string, from: number): number | null {
  let isInClass = false;
  for (let at = from + 1; at < source.length; at++) {
    const char = source[at]!;
    if (char === '\n') return null;
    if (char === '\\') at += 1;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '/' && !isInClass)
      return at + 1 + /^\w*/.exec(source.slice(at + 1, at + 20))![0].length;
  }
  return null;
}

const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, '$1');
