/** Where the items of a JSON document and their fields stand: lines from 1, by `index` and `index.field`. */
export type JsonLines = ReadonlyMap<string, number>;

/** More than the fields of as many items as are taken; what follows on so many is told without its line. */
const MAX_LINES = 20_000;

/** The lines of `items` in valid JSON text. */
export function linesOfItems(text: string): JsonLines {
  const lines = new Map<string, number>();
  /** Of each container that is open: an object's key at hand, or a list's index. */
  const path: (string | number)[] = [];
  let line = 1;
  let at = 0;
  const readString = (): string => {
    const from = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    return text.slice(from + 1, at++);
  };
  while (at < text.length && lines.size < MAX_LINES) {
    const char = text[at]!;
    if (char === '"') {
      const start = line;
      const value = readString();
      const isKey = /^\s*:/.test(text.slice(at, at + 200));
      if (!isKey) note(start);
      else if (typeof path.at(-1) === 'string') path[path.length - 1] = value;
      continue;
    }
    if (char === '\n') line++;
    else if (char === '{') open('');
    else if (char === '[') open(0);
    else if (char === '}' || char === ']') path.pop();
    else if (char === ',') next();
    else if (/[-0-9tfn]/.test(char)) note(line);
    at++;
  }
  return lines;

  function open(first: string | number): void {
    note(line);
    path.push(first);
  }
  function next(): void {
    const last = path.at(-1);
    if (typeof last === 'number') path[path.length - 1] = last + 1;
  }
  /** The line at which the value at hand begins, where it is an item or a field of one. */
  function note(of: number): void {
    if (path[0] !== 'items' || path.length < 2 || path.length > 3) return;
    const key = path.slice(1).join('.');
    if (!lines.has(key)) lines.set(key, of);
  }
}
