import { generateKeyPairSync, randomBytes as nodeRandomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FramecueError } from '../packet/errors.ts';
import type { Settings } from './settings.ts';
import { SETTINGS } from './settings.ts';
import { RIGHTS } from './tokens.ts';

/** Everything that must stay secret, as both processes use it. */
export interface Secrets {
  /** What publishers give. */
  readonly streamKey: string;
  readonly tokens: { readonly director: string; readonly feed: string; readonly read: string };
  /** Bearer tokens that an operator has added to the file: one for each director, say. */
  readonly moreTokens: readonly NamedToken[];
  /** HS256 secret that viewer JWTs are signed with. */
  readonly viewerJwtSecret: string;
  /** HMAC key behind the short viewer tokens. */
  readonly sessionKey: string;
  /** Ed25519 private keys (PEM, PKCS #8), newest first: the first signs, all are published. */
  readonly stampKeys: readonly string[];
}

const NamedToken = z.strictObject({
  /** Shown as `by` on cues. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  token: z.string().min(16).max(512),
  rights: z.array(z.enum(RIGHTS)).min(1),
  /** Cues of this token are marked as rehearsal and can never grant. */
  rehearsal: z.boolean().optional(),
});
export type NamedToken = z.infer<typeof NamedToken>;

const SecretsFile = z.strictObject({
  streamKey: z.string().min(16),
  tokens: z.strictObject({
    director: z.string().min(16),
    feed: z.string().min(16),
    read: z.string().min(16),
  }),
  moreTokens: z.array(NamedToken).max(1_000).default([]),
  viewerJwtSecret: z.string().min(16),
  sessionKey: z.string().min(16),
  stampKeys: z.array(z.string().startsWith('-----BEGIN PRIVATE KEY-----')).min(1).max(16),
});

export const SECRETS_FILE = 'secrets.json';

type SecretSettings = Pick<
  Settings,
  | 'dataDir'
  | 'streamKey'
  | 'directorToken'
  | 'feedToken'
  | 'readToken'
  | 'stampKeyFiles'
  | 'sessionKey'
  | 'viewerJwtSecret'
>;

/**
 * Reads `secrets.json` in the data folder, which is made (mode 0600) where there is none; settings go before
 * the file. Two processes may start at once: the file appears whole or not at all, and the later one reads
 * what the earlier one made.
 * @throws {FramecueError} ERR_SETTING when the folder or the file cannot be used.
 */
export function loadSecrets(
  settings: SecretSettings,
  randomBytes: (size: number) => Buffer = nodeRandomBytes,
): Secrets {
  const file = readOrMake(settings.dataDir, randomBytes);
  return {
    streamKey: settings.streamKey ?? file.streamKey,
    tokens: {
      director: settings.directorToken ?? file.tokens.director,
      feed: settings.feedToken ?? file.tokens.feed,
      read: settings.readToken ?? file.tokens.read,
    },
    moreTokens: file.moreTokens,
    viewerJwtSecret: settings.viewerJwtSecret ?? file.viewerJwtSecret,
    sessionKey: settings.sessionKey ?? file.sessionKey,
    stampKeys: settings.stampKeyFiles?.map(readStampKey) ?? file.stampKeys,
  };
}

function readOrMake(dataDir: string, randomBytes: (size: number) => Buffer): Secrets {
  const path = join(dataDir, SECRETS_FILE);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const found = readIfThere(path);
    if (found !== null) return parseFile(path, found);
    const made = `${JSON.stringify(makeSecrets(randomBytes), null, 2)}\n`;
    const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
    writeFileSync(draft, made, { mode: 0o600, flag: 'wx', flush: true });
    try {
      // A link fails where the name exists: of two processes that start at once, one makes the file.
      linkSync(draft, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    return parseFile(path, readFileSync(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof FramecueError) throw cause;
    throw new FramecueError(
      'ERR_SETTING',
      `${SETTINGS.dataDir.name}: ${path} cannot be read or written (${codeOf(cause) ?? 'unknown error'}).`,
      { cause, details: { setting: SETTINGS.dataDir.name } },
    );
  }
}

function readIfThere(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    // A file that was copied in may be open to others.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    return text;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function parseFile(path: string, text: string): Secrets {
  let problem = 'it is not valid JSON';
  try {
    const parsed = SecretsFile.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    // Only where it is wrong is said: what stands there is secret.
    const where = parsed.error.issues.map((issue) => issue.path.join('.') || issue.code).join(', ');
    problem = `not as expected: ${where}`;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new FramecueError('ERR_SETTING', `${path} cannot be used: ${problem}.`, {
    details: { setting: SETTINGS.dataDir.name },
  });
}

function makeSecrets(randomBytes: (size: number) => Buffer): Omit<Secrets, 'moreTokens'> {
  const secret = () => randomBytes(32).toString('base64url');
  return {
    streamKey: secret(),
    tokens: { director: secret(), feed: secret(), read: secret() },
    viewerJwtSecret: secret(),
    sessionKey: secret(),
    stampKeys: [
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
  };
}

function readStampKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FramecueError(
      'ERR_SETTING',
      `${SETTINGS.stampKeyFiles.name}: ${path} cannot be read (${codeOf(cause) ?? 'unknown error'}).`,
      { cause, details: { setting: SETTINGS.stampKeyFiles.name } },
    );
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
