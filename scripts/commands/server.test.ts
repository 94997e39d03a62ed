import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { LEDGER_LOCK } from '../../events/ledger/place.ts';
import { lockFolder } from '../../service/folder-lock.ts';
import { cueCommand } from './cue.ts';
import { ledgerCommand } from './ledger.ts';
import { ran } from './prizes/testing.ts';
import { reconcileCommand } from './reconcile.ts';
import { statusCommand } from './status.ts';

/** What was sent as a token; without one, `/readyz` is asked. */
const got = { own: new Set<string>(), other: new Set<string>() };
const listening = async (who: keyof typeof got): Promise<Server> => {
  const server = createServer((req, res) => {
    if (req.headers.authorization !== undefined) got[who].add(req.headers.authorization);
    res.writeHead(500).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

let data: string;
let own: Server;
let other: Server;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'framecue-server-cli-'));
  vi.stubEnv('FRAMECUE_DATA_DIR', data);
  [own, other] = await Promise.all([listening('own'), listening('other')]);
  const tokens = { director: 'kept-director', treasurer: 'kept-treasurer', viewer: '' };
  const run = { media: urlOf(own), events: urlOf(own), stream: { app: 'live', name: 'main' }, tokens };
  writeFileSync(join(data, 'run.json'), JSON.stringify(run));
});
afterAll(async () => {
  for (const server of [own, other]) await new Promise((resolve) => server.close(resolve));
  rmSync(data, { recursive: true });
  vi.unstubAllEnvs();
});
beforeEach(() => {
  got.own.clear();
  got.other.clear();
});

/** As the shell says a refusal that a command leaves to it. */
const told = async (command: Command, args: readonly string[]): Promise<string> => {
  try {
    return (await ran(command, args)).err;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

type Case = readonly [command: () => Command, args: readonly string[], option: string, token: string];
const CASES: readonly Case[] = [
  [cueCommand, ['list'], '--media', 'kept-director'],
  [statusCommand, [], '--media', 'kept-director'],
  [statusCommand, [], '--events', 'kept-director'],
  [reconcileCommand, ['--no-rewards'], '--events', 'kept-director'],
  [ledgerCommand, ['erase', 'ann'], '--events', 'kept-treasurer'],
];

test.each(CASES)(
  'a token of run.json goes to the server of run.json alone: %o %j %s',
  async (command, args, option, kept) => {
    const lock = lockFolder(data, LEDGER_LOCK);
    try {
      expect(await told(command(), [...args, option, urlOf(other)])).toContain('with which token');
      expect(got.other).toEqual(new Set());
      await told(command(), [...args, option, `${urlOf(own)}/`]);
      await vi.waitFor(() => expect(got.own).toEqual(new Set([`Bearer ${kept}`])));
      await told(command(), [...args, option, urlOf(other), '--token', 'given']);
      await vi.waitFor(() => expect(got.other).toEqual(new Set(['Bearer given'])));
    } finally {
      lock.release();
    }
  },
);

test.each(['a\nb', 'ü'])('a token that cannot be sent is refused as a token: %j', async (token) => {
  expect(await told(cueCommand(), ['list', '--token', token])).toContain('ERR_TOKEN_INVALID');
  expect(got.own).toEqual(new Set());
});
