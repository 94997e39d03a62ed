import { generateKeyPairSync, randomBytes as nodeRandomBytes } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FramecueError } from '../packet/errors.ts';
import type { Settings } from './settings.ts';
import { SETTINGS } from './settings.ts';
import { RIGHTS } from './tokens.ts';
import { isWebhookSecret, newWebhookSecret } from './webhooks.ts';

/** Everything that must stay secret, as both processes use it. */
export interface Secrets {
  /** What publishers give. */
  readonly streamKey: string;
  readonly tokens: {
    readonly director: string;
    readonly feed: string;
    readonly read: string;
    readonly treasurer: string;
  };
  /** Bearer tokens that an operator has added to the file: one for each director, say. */
  readonly moreTokens: readonly NamedToken[];
  /** HS256 secret that viewer JWTs are signed with. */
  readonly viewerJwtSecret: string;
  /** HMAC key behind the short viewer tokens. */
  readonly sessionKey: string;
  /**
   * What seeds and keys of draws and the drop of boxes follow from. Apart from `sessionKey`, which is changed to end all
   * sessions: a draw that is under way needs this one to the end.
   */
  readonly prizeKey: string;
  /** Ed25519 private keys (PEM, PKCS #8), newest first: the first signs, all are published. */
  readonly stampKeys: readonly string[];
  /** What calls to the reward platform are signed with (`whsec_...`), newest first: all sign. */
  readonly rewardsSecrets: readonly string[];
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

/** What a later version has added is kept and passed over, so that one can go back to this one. */
const SecretsFile = z.looseObject({
  streamKey: z.string().min(16),
  tokens: z.looseObject({
    director: z.string().min(16),
    feed: z.string().min(16),
    read: z.string().min(16),
    /** Files of earlier versions have none: it is added. */
    treasurer: z.string().min(16).optional(),
  }),
  moreTokens: z.array(NamedToken).max(1_000).default([]),
  viewerJwtSecret: z.string().min(16),
  sessionKey: z.string().min(16),
  /** Here too. */
  prizeKey: z.string().min(16).optional(),
  stampKeys: z.array(z.string().startsWith('-----BEGIN PRIVATE KEY-----')).min(1).max(16),
  /** Here too. */
  rewardsSecrets: z.array(z.string().refine(isWebhookSecret)).min(1).max(2).optional(),
});

type SecretsFile = z.infer<typeof SecretsFile>;
type WholeFile = SecretsFile & {
  readonly tokens: { readonly treasurer: string };
  readonly prizeKey: string;
  readonly rewardsSecrets: readonly string[];
};

export const SECRETS_FILE = 'secrets.json';

type SecretSettings = Pick<
  Settings,
  | 'dataDir'
  | 'streamKey'
  | 'directorToken'
  | 'feedToken'
  | 'readToken'
  | 'treasurerToken'
  | 'stampKeyFiles'
  | 'sessionKey'
  | 'prizeKey'
  | 'viewerJwtSecret'
  | 'rewardsSecrets'
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
      treasurer: settings.treasurerToken ?? file.tokens.treasurer,
    },
    moreTokens: file.moreTokens,
    viewerJwtSecret: settings.viewerJwtSecret ?? file.viewerJwtSecret,
    sessionKey: settings.sessionKey ?? file.sessionKey,
    prizeKey: settings.prizeKey ?? file.prizeKey,
    stampKeys: settings.stampKeyFiles?.map(readStampKey) ?? file.stampKeys,
    rewardsSecrets: settings.rewardsSecrets ?? file.rewardsSecrets,
  };
}

function readOrMake(dataDir: string, randomBytes: (size: number) => Buffer): WholeFile {
  const path = join(dataDir, SECRETS_FILE);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const found = readIfThere(path);
    if (found !== null) return whole(path, parseFile(path, found), randomBytes);
    appearOnce(path, makeSecrets(randomBytes), randomBytes);
    return whole(path, parseFile(path, readFileSync(path, 'utf8')), randomBytes);
  } catch (cause) {
    if (cause instanceof FramecueError) throw cause;
    throw new FramecueError(
      'ERR_SETTING',
      `${SETTINGS.dataDir.name}: ${path} cannot be read or written (${codeOf(cause) ?? 'unknown error'}).`,
      { cause, details: { setting: SETTINGS.dataDir.name } },
    );
  }
}

/** Of two processes that do this at once, one makes the file: a link fails where the name exists. */
function appearOnce(path: string, secrets: object, randomBytes: (size: number) => Buffer): void {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Adds what a file of an earlier version does not have: whole or not at all, and the same for all who start at once. */
function whole(path: string, file: SecretsFile, randomBytes: (size: number) => Buffer): WholeFile {
  if (hasAll(file)) return file;
  const next = `${path}.next`;
  const treasurer = file.tokens.treasurer ?? randomBytes(32).toString('base64url');
  const prizeKey = file.prizeKey ?? randomBytes(32).toString('base64url');
  const rewardsSecrets = file.rewardsSecrets ?? [newWebhookSecret(randomBytes)];
  const tokens = { ...file.tokens, treasurer };
  appearOnce(next, { ...file, tokens, prizeKey, rewardsSecrets }, randomBytes);
  // Another may have been through all of this since we read: then theirs stands.
  const now = parseFile(path, readFileSync(path, 'utf8'));
  if (hasAll(now)) {
    rmSync(next, { force: true });
    return now;
  }
  try {
    renameSync(next, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const made = parseFile(path, readFileSync(path, 'utf8'));
  if (!hasAll(made))
    throw new FramecueError('ERR_SETTING', `${path} cannot be used: secrets are missing in it.`);
  return made;
}

const hasAll = (file: SecretsFile): file is WholeFile =>
  file.tokens.treasurer !== undefined && file.prizeKey !== undefined && file.rewardsSecrets !== undefined;

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

function parseFile(path: string, text: string): SecretsFile {
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
    tokens: { director: secret(), feed: secret(), read: secret(), treasurer: secret() },
    viewerJwtSecret: secret(),
    sessionKey: secret(),
    prizeKey: secret(),
    rewardsSecrets: [newWebhookSecret(randomBytes)],
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
