import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import { eventsOperations } from '../server/events/api.ts';
import { mediaOperations } from '../server/media/api.ts';
import { until } from './lib/api.ts';
import { type System, startSystem } from './lib/system.ts';

const ROOT = join(import.meta.dirname, '..');
const PROCESSES = {
  media: { operations: mediaOperations(), rooms: ['director', 'server/media', 'service'] },
  events: { operations: eventsOperations({ demo: true }), rooms: ['events', 'server/events', 'service'] },
} as const;
/** Not for whoever writes programs against the API: pages, their configuration, and this description's own page. */
const NOT_TOLD = ['/demo/config.json', '/status', '/', '/docs'];
/** Answered beside Express. */
const HOT = ['/api/v1/clock', '/api/v1/interactions/{id}/submissions'];

let system: System;
let bases: Readonly<Record<keyof typeof PROCESSES, string>>;
let token: string;
let viewer: string;

beforeAll(async () => {
  system = await startSystem();
  await system.publish('bframes-25');
  const run = await system.run();
  bases = { media: run.media, events: run.events };
  token = run.tokens.director;
  const session = await fetch(`${run.events}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: run.tokens.viewer }),
  });
  viewer = ((await session.json()) as { token: string }).token;
  const config = { question: 'Is it told?', options: ['Yes', 'No'], durationMs: 10_000 };
  await post(`${run.events}/api/v1/interactions`, { id: 'q1', type: 'quiz', config });
  const cues = `${run.media}/api/v1/streams/live/main/cues`;
  await post(cues, { id: 'shown', type: 'custom.test', data: { n: 1 } });
  await until('the cue has landed', 20_000, async () => {
    const cue = (await (await fetch(`${cues}/shown`, { headers: bearer() })).json()) as Cue;
    return cue.landing;
  });
  // Events hears of it by the feed.
  const presentations = `${run.events}/api/v1/cues/shown/presentations`;
  await until('events knows the cue', 20_000, async () => {
    const response = await fetch(presentations, { headers: bearer() });
    await response.body?.cancel();
    return response.ok ? true : null;
  });
});
const bearer = () => ({ Authorization: `Bearer ${token}` });
const headersFor = (right: string | null): Record<string, string> =>
  right === null ? {} : right === 'viewer' ? { Authorization: `Bearer ${viewer}` } : bearer();
async function post(url: string, body: object): Promise<void> {
  const headers = { ...bearer(), 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect([url, response.status]).toEqual([url, url.endsWith('cues') ? 202 : 201]);
  await response.body?.cancel();
}
afterAll(() => system?.stop());

/** An address of that path, of things that are there where this test has made some. */
const filled = (path: string): string =>
  path
    .replace('{app}', 'live')
    .replace('{name}', 'main')
    .replace('cues/{id}', 'cues/shown')
    .replace('interactions/{id}', 'interactions/q1')
    .replaceAll(/\{[^}]*\}/g, 'none');

describe.each(['media', 'events'] as const)('%s', (process) => {
  const { operations, rooms } = PROCESSES[process];

  test('tells at /openapi.json what its routes take', async () => {
    const response = await fetch(`${bases[process]}/openapi.json`);
    expect(response.status).toBe(200);
    const document = (await response.json()) as { openapi: string; paths: Record<string, object> };
    expect(document.openapi).toBe('3.1.1');
    expect(Object.keys(document.paths).sort()).toEqual(
      [...new Set(operations.map(({ path }) => path))].sort(),
    );
  });

  test('has each path that is told, with those methods and no others', async () => {
    const told = new Map<string, string[]>();
    for (const { path, method } of operations)
      told.set(path, [...(told.get(path) ?? []), method.toUpperCase()]);
    for (const [path, methods] of told) {
      if (HOT.includes(path)) continue;
      const response = await fetch(`${bases[process]}${filled(path)}`, { method: 'REPORT' });
      const allowed = response.headers
        .get('allow')
        ?.split(/, */)
        .filter((name) => name !== 'HEAD');
      // Health and metrics are plain routes: what does not fit is not found there.
      if (allowed === undefined) expect([path, response.status]).toEqual([path, 404]);
      else expect([path, allowed.sort()]).toEqual([path, methods.sort()]);
    }
  });

  test('tells each path that stands in its routes', () => {
    const known = new Set<string>(operations.map(({ path }) => path));
    const inCode = rooms.flatMap((room) => pathsIn(join(ROOT, room)));
    expect(inCode.length).toBeGreaterThan(5);
    const untold = inCode.filter((path) => !NOT_TOLD.includes(path) && !isTold(path, known));
    expect(untold).toEqual([]);
  });

  test('answers as it says', async () => {
    let checked = 0;
    for (const operation of operations) {
      const { method, path, answers } = operation;
      if (method !== 'get' || filled(path).includes('/none')) continue;
      // Event streams go on.
      if (answers[200]?.type === 'text/event-stream') continue;
      const response = await fetch(`${bases[process]}${filled(path)}`, {
        headers: headersFor(operation.right),
        signal: AbortSignal.timeout(10_000),
      });
      const answer = answers[response.status];
      if (answer === undefined) {
        expect([path, response.status]).toEqual([path, 404]);
        await response.body?.cancel();
        continue;
      }
      if (answer.schema === undefined) {
        await response.body?.cancel();
        continue;
      }
      const { error } = answer.schema.safeParse(await response.json());
      expect([path, error?.issues ?? []]).toEqual([path, []]);
      checked++;
    }
    expect(checked).toBeGreaterThan(6);
  });

  test('shows it to people at /docs, without another host', async () => {
    const page = await fetch(`${bases[process]}/docs/`);
    expect(page.status).toBe(200);
    const html = await page.text();
    for (const [, name] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(name).not.toMatch(/^(?:https?:)?\/\//);
      expect((await fetch(`${bases[process]}/docs/${name}`)).status).toBe(200);
    }
  });
});

/** Paths of `route`, `get` and the like in a folder's sources, in the form of OpenAPI. */
function pathsIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|test-?support|testing|openapi\//.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const paths = text.matchAll(/\.(?:route|get|post|put|patch|delete)\(\s*['`](\/[^'`]*)['`]/g);
      return Array.from(paths, ([, path]) => path!.replaceAll(/:([A-Za-z]+)/g, '{$1}'));
    });
}

/** Routers are mounted somewhere: then the end of the path is all that stands in the code; and parts are put in. */
function isTold(path: string, known: ReadonlySet<string>): boolean {
  const source = path
    .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
    .replaceAll(/\\\$\{[^}]*\}/g, '[^/]+')
    .replaceAll(/\{[^}]*\}/g, '\\{[^}]*\\}');
  const end = new RegExp(`${source}$`);
  return [...known].some((each) => end.test(each));
}
