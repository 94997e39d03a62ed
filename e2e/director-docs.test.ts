import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf, curlRequest, wordsOf } from './lib/shell-line.ts';
import { NEAR_HLS, type System, startSystem } from './lib/system.ts';

// docs/director.md is followed line by line, as a stranger would, on a server with a programme delay.

const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/director.md'), 'utf8');
const LIMIT_MS = 30_000;

interface Said {
  readonly ok: boolean;
  readonly text: string;
}

let system: System;
let variables: Record<string, string>;
const said = new Map<string, Said[]>();

beforeAll(async () => {
  system = await startSystem({ ...NEAR_HLS, FRAMECUE_PROGRAMME_DELAY_MS: '1000' });
  const { media, events, tokens } = await system.run();
  const S = `${media}/api/v1/streams/live/main`;
  variables = { MEDIA: media, EVENTS: events, TOKEN: tokens.director, S };
  await system.publish('bframes-25');
});
afterAll(() => system?.stop());

function framecue(args: readonly string[]): Promise<Said> {
  const server = ['--media', variables.MEDIA!, '--token', variables.TOKEN!];
  const own = args[0] === 'trace' ? [...server, '--events', variables.EVENTS!] : server;
  const words = [join(ROOT, 'scripts/framecue.ts'), ...args, ...own];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, words, { cwd: ROOT, timeout: LIMIT_MS }, (_, out, err) =>
      resolve({ ok: child.exitCode === 0, text: out + err }),
    );
  });
}

async function curl(words: readonly string[]): Promise<Said> {
  const { url, init } = curlRequest(words);
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(LIMIT_MS) });
  return { ok: response.ok, text: await response.text() };
}

async function run(line: string): Promise<Said> {
  const words = wordsOf(line, variables);
  const done = await (words[0] === 'curl' ? curl(words) : framecue(words.slice(2)));
  said.set(line, [...(said.get(line) ?? []), done]);
  return done;
}

const commands = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((block) => commandsOf(block[1]!));
const heard = (start: string): Said[] =>
  [...said].flatMap(([line, answers]) => (line.startsWith(start) ? answers : []));

describe('docs/director.md', () => {
  it('has commands of the two kinds that are run here', () => {
    expect(commands.length).toBeGreaterThan(40);
    for (const line of commands) expect(line).toMatch(/^(?:curl|npx framecue) /);
  });

  it.each(commands.map((line, index) => ({ line, n: index + 1 })))('$n: $line', async ({ line }) => {
    const { ok, text } = await run(line);
    expect(ok, text).toBe(true);
  });

  it('has told what it promises', () => {
    const [rehearsed, onAir, ...more] = heard('npx framecue rundown show').slice(1);
    expect(more).toEqual([]);
    expect(rehearsed?.text).toMatch(/REHEARSAL\n. (?:taken|announced|landed|ended) +q1-open/);
    expect(onAir?.text).toMatch(/on live\/main\n. (?:taken|announced|landed|ended) +q1-open/);
    expect(heard('npx framecue cue cancel extra')[0]?.text).toMatch(/^extra: voided; players told on PTS/);
    expect(heard('npx framecue cue custom.check')[0]?.text).toMatch(/^ {2}hls: sei/m);
    const asRun = heard('curl "$S/as-run')[0]?.text;
    for (const row of ['mode', 'mark,Round 1', 'landed,Round 1', 'void,A question', 'panic', 'stamping']) {
      expect(asRun).toContain(`,${row}`);
    }
  });
});
