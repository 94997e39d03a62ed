import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAGE_LEAVES } from '../../draws/entrants.ts';
import { aBundle } from '../../draws/testing.ts';
import { ROOT } from '../lib/tools.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const run = (command: string, ...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
const framecue = (...args: string[]) => run(process.execPath, 'scripts/framecue.ts', 'verify-draw', ...args);
const python = (...args: string[]) => run('python3', 'docs/examples/verify_draw.py', ...args);

/** Each starts several processes. */
describe('framecue verify-draw', { timeout: 120_000 }, () => {
  let folder: string;
  const good = aBundle(PAGE_LEAVES + 40);
  const file = (name: string) => join(folder, name);
  const save = (name: string, value: unknown) => writeFile(file(name), JSON.stringify(value));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'framecue-draw-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('reads a server or a file, and keeps the draw with its list', async () => {
    const server = createServer((req, res) => {
      const url = new URL(req.url ?? '', 'http://x');
      const page = url.pathname.endsWith('/entrants')
        ? good.pages[Number(url.searchParams.get('page'))]
        : null;
      const found = url.pathname === '/api/v1/interactions/final/draw' ? good.draw : page;
      res.statusCode = found == null ? 404 : 200;
      res.end(JSON.stringify(found ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/interactions`;
    try {
      const read = await framecue(`${base}/final`, '--save', file('saved.json'));
      expect(read).toMatchObject({ code: 0, out: expect.stringContaining('All is as published') });
      expect(JSON.parse(await readFile(file('saved.json'), 'utf8'))).toEqual(good);
      expect(await framecue(`${base}/final/draw`, '--json')).toMatchObject({ code: 0 });
      expect(await framecue(`${base}/other`)).toMatchObject({ code: 1, err: expect.stringContaining('404') });
    } finally {
      server.closeAllConnections();
      server.close();
    }
    expect((await framecue(file('saved.json'))).code).toBe(0);
    // The second implementation, in another language, agrees.
    expect(await python(file('saved.json'))).toMatchObject({ code: 0 });
  });

  test('says in words what differs', async () => {
    const { draw } = good;
    const [first, ...others] = draw.result!.winners;
    const replaced = [{ ...first!, index: first!.index + 1 }, ...others];
    await save('winner.json', { ...good, draw: { ...draw, result: { ...draw.result, winners: replaced } } });
    const wrong = await framecue(file('winner.json'));
    expect(wrong.code).toBe(1);
    expect(wrong.out).toMatch(/WRONG {2}winners: winner 1 is entrant \d+/);
    expect(await python(file('winner.json'))).toMatchObject({
      code: 1,
      out: expect.stringContaining('winners'),
    });
    await save('open.json', { ...good, draw: { ...draw, state: 'drawn', result: null } });
    expect(await framecue(file('open.json'))).toMatchObject({
      code: 1,
      out: expect.stringContaining('cannot be verified whole'),
    });
  });

  test('says nothing of a round or of winners where there are none', async () => {
    const seedOnly = aBundle(5, 'commit-reveal');
    await save('seed.json', seedOnly);
    const whole = await framecue(file('seed.json'));
    expect(whole).toMatchObject({ code: 0, out: expect.stringContaining('the seed alone') });
    expect(whole.out).not.toMatch(/network|round that/);
    const { draw } = seedOnly;
    await save('closed.json', { ...seedOnly, draw: { ...draw, state: 'drawn', result: null } });
    const { out } = await framecue(file('closed.json'));
    expect(out).toContain('5 entrants. It cannot be verified whole');
    expect(out).not.toContain('winners');
  });

  test('trusts another network only where it is given', async () => {
    const info = { hash: 'ab'.repeat(32), public_key: 'ab'.repeat(96), genesis_time: 5, period: 3 };
    await save('chain.json', { ...info, schemeID: 'bls-unchained-g1-rfc9380' });
    await save('good.json', good);
    const other = await framecue(file('good.json'), '--chain', file('chain.json'));
    expect(other).toMatchObject({ code: 1, out: expect.stringContaining('WRONG  source') });
  });

  test('used wrongly, or with what is no draw', async () => {
    expect((await framecue()).code).toBe(2);
    await save('none.json', { v: 1 });
    expect(await framecue(file('none.json'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('no draw'),
    });
    expect(await framecue(file('gone.json'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be read'),
    });
  });

  test('and the vectors come out in Python as they do here', async () => {
    expect(await python('--vectors', 'draws/vectors.json')).toMatchObject({ code: 0 });
    const vectors = JSON.parse(await readFile(join(ROOT, 'draws/vectors.json'), 'utf8'));
    vectors.draws[0].winners.reverse();
    await save('vectors.json', vectors);
    expect(await python('--vectors', file('vectors.json'))).toMatchObject({ code: 1 });
  });
});
