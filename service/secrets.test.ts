import { spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FramecueError } from '../packet/errors.ts';
import { loadSecrets, SECRETS_FILE } from './secrets.ts';
import { loadSettings } from './settings.ts';

let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-secrets-'));
  dataDir = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const load = (env: Record<string, string> = {}) =>
  loadSecrets(loadSettings({ FRAMECUE_DATA_DIR: dataDir, ...env }).settings);

const errorOf = (run: () => unknown): FramecueError => {
  try {
    run();
  } catch (error) {
    if (error instanceof FramecueError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('the first start', () => {
  test('makes secrets of 256 bits, none like another, that only the owner can read', () => {
    const made = load();
    const all = [
      made.streamKey,
      ...Object.values(made.tokens),
      made.viewerJwtSecret,
      made.sessionKey,
      made.prizeKey,
    ];
    expect(new Set(all).size).toBe(8);
    for (const secret of all) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(createPrivateKey(made.stampKeys[0]!).asymmetricKeyType).toBe('ed25519');
    expect(statSync(join(dataDir, SECRETS_FILE)).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(readdirSync(dataDir)).toEqual([SECRETS_FILE]);
  });

  test('the next start reads the same', () => {
    expect(load()).toEqual(load());
  });

  test('many processes that start at once agree, and leave one file', async () => {
    const script = `
      import { loadSecrets } from ${JSON.stringify(new URL('./secrets.ts', import.meta.url).href)};
      import { loadSettings } from ${JSON.stringify(new URL('./settings.ts', import.meta.url).href)};
      process.stdin.once('data', () => {
        process.stdout.write(JSON.stringify(loadSecrets(loadSettings(process.env).settings)));
        process.exit(0);
      });
      process.stderr.write('ready');
    `;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
        env: { ...process.env, FRAMECUE_DATA_DIR: dataDir, NODE_NO_WARNINGS: '1' },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    );
    await Promise.all(
      children.map((child) => new Promise<void>((resolve) => child.stderr.once('data', () => resolve()))),
    );
    const printed = children.map(
      (child) =>
        new Promise<string>((resolve) => {
          let text = '';
          child.stdout.on('data', (chunk) => (text += chunk));
          child.stdout.once('end', () => resolve(text));
        }),
    );
    for (const child of children) child.stdin.write('go');
    const results = await Promise.all(printed);
    expect(JSON.parse(results[0]!).streamKey).toHaveLength(43);
    expect(new Set(results).size).toBe(1);
    expect(readdirSync(dataDir)).toEqual([SECRETS_FILE]);
  }, 30_000);
});

describe('a file of a version that knew no treasurer', () => {
  const older = () => {
    const { tokens, ...made } = load();
    const { treasurer: _, ...before } = tokens;
    writeFileSync(join(dataDir, SECRETS_FILE), JSON.stringify({ ...made, tokens: before }), { mode: 0o600 });
    return { ...made, tokens: before };
  };

  test('gets a token for one, and keeps all else', () => {
    const before = older();
    const now = load();
    expect(now).toMatchObject(before);
    expect(Buffer.from(now.tokens.treasurer, 'base64url')).toHaveLength(32);
    expect(load()).toEqual(now);
    expect(readdirSync(dataDir)).toEqual([SECRETS_FILE]);
    expect(statSync(join(dataDir, SECRETS_FILE)).mode & 0o777).toBe(0o600);
  });

  test('gets what calls to the reward platform are signed with', () => {
    const { rewardsSecrets: _, ...before } = load();
    writeFileSync(join(dataDir, SECRETS_FILE), JSON.stringify(before), { mode: 0o600 });
    const now = load();
    expect(now).toMatchObject(before);
    expect(now.rewardsSecrets).toEqual([expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/)]);
    expect(load()).toEqual(now);
  });

  test('gets what draws are made from, apart from the key of sessions', () => {
    const { prizeKey: _, ...before } = load();
    writeFileSync(join(dataDir, SECRETS_FILE), JSON.stringify(before), { mode: 0o600 });
    const now = load();
    expect(now).toMatchObject(before);
    expect(Buffer.from(now.prizeKey, 'base64url')).toHaveLength(32);
    expect(now.prizeKey).not.toBe(now.sessionKey);
    expect(load()).toEqual(now);
  });

  test('of a later version keeps what this one does not know, also where it adds something', () => {
    const { prizeKey: _, ...made } = load();
    const later = { ...made, tokens: { ...made.tokens, auditor: 'of-a-later-version' }, newKey: 'x' };
    writeFileSync(join(dataDir, SECRETS_FILE), JSON.stringify(later), { mode: 0o600 });
    expect(load().prizeKey).toHaveLength(43);
    expect(JSON.parse(readFileSync(join(dataDir, SECRETS_FILE), 'utf8'))).toMatchObject(later);
  });

  test('takes the one that another process was about to add when it ended', () => {
    const before = older();
    const tokens = { ...before.tokens, treasurer: 'made-by-the-other-one' };
    writeFileSync(join(dataDir, `${SECRETS_FILE}.next`), JSON.stringify({ ...before, tokens }));
    expect(load().tokens.treasurer).toBe('made-by-the-other-one');
    expect(readdirSync(dataDir)).toEqual([SECRETS_FILE]);
  });
});

describe('settings go before the file', () => {
  test('one by one', () => {
    const made = load();
    const set = load({
      FRAMECUE_STREAM_KEY: 'stream-key-of-16-or-more',
      FRAMECUE_DIRECTOR_TOKEN: 'director-of-16-or-more',
      FRAMECUE_SESSION_KEY: 'session-of-16-or-more',
    });
    expect(set).toEqual({
      ...made,
      streamKey: 'stream-key-of-16-or-more',
      tokens: { ...made.tokens, director: 'director-of-16-or-more' },
      sessionKey: 'session-of-16-or-more',
    });
  });

  test('stamp keys come from their files, newest first', () => {
    const other = join(folder, 'other');
    const older = loadSecrets(loadSettings({ FRAMECUE_DATA_DIR: other }).settings).stampKeys[0]!;
    const newer = load().stampKeys[0]!;
    writeFileSync(join(folder, 'new.pem'), newer);
    writeFileSync(join(folder, 'old.pem'), older);
    const paths = `${join(folder, 'new.pem')},${join(folder, 'old.pem')}`;
    expect(load({ FRAMECUE_STAMP_KEYS: paths }).stampKeys).toEqual([newer, older]);
  });

  test('a stamp key file that is not there is named', () => {
    const error = errorOf(() => load({ FRAMECUE_STAMP_KEYS: '/nowhere/key.pem' }));
    expect(error).toMatchObject({ code: 'ERR_SETTING', details: { setting: 'FRAMECUE_STAMP_KEYS' } });
    expect(error.message).toContain('/nowhere/key.pem');
  });
});

describe('a file that cannot be used', () => {
  test('is refused without repeating what stands in it, and is not overwritten', () => {
    load();
    const path = join(dataDir, SECRETS_FILE);
    const broken = readFileSync(path, 'utf8').replace('"streamKey"', '"streamkey"');
    writeFileSync(path, broken);
    const error = errorOf(load);
    expect(error.code).toBe('ERR_SETTING');
    expect(error.message).toContain('streamKey');
    expect(error.message).not.toContain(JSON.parse(broken).sessionKey);
    expect(readFileSync(path, 'utf8')).toBe(broken);
  });

  test('is refused when it is cut off', () => {
    load();
    const path = join(dataDir, SECRETS_FILE);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40));
    expect(errorOf(load).message).toContain('not valid JSON');
  });

  test('is closed to others when it was open', () => {
    load();
    chmodSync(join(dataDir, SECRETS_FILE), 0o644);
    load();
    expect(statSync(join(dataDir, SECRETS_FILE)).mode & 0o777).toBe(0o600);
  });

  test('a folder that is a file is named with its setting', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(dataDir, 'a file');
    expect(errorOf(load)).toMatchObject({ code: 'ERR_SETTING', details: { setting: 'FRAMECUE_DATA_DIR' } });
  });
});
