/** The commands of a `sh` block: comments gone, lines that end in a backslash joined. */
export function commandsOf(block: string): string[] {
  return block
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Words as a shell makes them: quotes, and `$NAME` outside of single quotes. @throws where a variable is not given. */
export function wordsOf(line: string, variables: Readonly<Record<string, string>>): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    words.push(
      word.replaceAll(
        /'([^']*)'|"([^"]*)"|([^'"]+)/g,
        (_, single?: string, double?: string, bare?: string) =>
          single !== undefined ? single : expanded(double ?? bare ?? '', variables),
      ),
    );
  }
  return words;
}

const expanded = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$([A-Z]+)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`the page does not say what $${name} is`);
    return value;
  });

/** The request that a `curl` line makes. @throws where it has an option that is not known here. */
export function curlRequest(words: readonly string[]): { readonly url: string; readonly init: RequestInit } {
  let url = '';
  let method: string | null = null;
  let body: string | null = null;
  const headers = new Headers();
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-')) url = word;
    else {
      const value = words[++i];
      if (value === undefined) throw new Error(`curl ${word} lacks its value`);
      if (word === '-X') method = value;
      else if (word === '-d') body = value;
      else if (word === '-H')
        headers.append(value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1));
      else if (word !== '-o') throw new Error(`curl ${word} is not known here`);
    }
  }
  const init = { method: method ?? (body === null ? 'GET' : 'POST'), headers };
  return { url, init: body === null ? init : { ...init, body } };
}
