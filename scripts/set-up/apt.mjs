import { readdirSync } from 'node:fs';
import { run } from './run.mjs';

const LISTS = '/var/lib/apt/lists';

/**
 * Installs Debian packages as root, without questions. Missing or outdated package lists are fetched once.
 * @param {readonly string[]} packages
 * @param {{ limitMs: number, env: NodeJS.ProcessEnv, say: (detail: string) => void }} options
 * @returns {Promise<{ kind: 'done' } | { kind: 'failed', why: string, output: string }>}
 */
export async function aptInstall(packages, { limitMs, env, say }) {
  /** @param {readonly string[]} args */
  const apt = (args) =>
    run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2', ...args], {
      limitMs,
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      onLine: say,
    });
  const install = () => apt(['install', '-y', '--no-install-recommends', ...packages]);

  let isUpdated = false;
  const update = () => {
    isUpdated = true;
    return apt(['update']);
  };
  if (!hasPackageLists()) await update();
  let outcome = await install();
  const isOutdated = /Unable to locate package|has no installation candidate|404|Failed to fetch/.test(
    outcome.output,
  );
  if (outcome.kind === 'ended' && outcome.code !== 0 && isOutdated && !isUpdated) {
    await update();
    outcome = await install();
  }
  if (outcome.kind === 'ended' && outcome.code === 0) return { kind: 'done' };
  const what = `apt-get install ${packages.join(' ')}`;
  const why =
    outcome.kind === 'timed-out'
      ? `${what} took longer than ${Math.round(limitMs / 60_000)} min`
      : outcome.kind === 'not-started'
        ? `${what} did not start`
        : `${what} ended with code ${outcome.code}`;
  return { kind: 'failed', why, output: outcome.output };
}

function hasPackageLists() {
  try {
    return readdirSync(LISTS).some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}
