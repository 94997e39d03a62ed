import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpFailure } from './failure.mjs';
import { findOnPath } from './machine.mjs';
import { run } from './run.mjs';

export const RUNTIME_MAJOR = 24;

/** The Node that everything after set-up runs on. @param {import('./main.mjs').Context} context */
export function runtimeStep({ root, machine, report, records }) {
  const packaged = join(root, 'node_modules', '.bin', 'node');

  return {
    name: 'runtime',

    isDone() {
      return records.isKnown('node') && (records.tools.node === packaged) === existsSync(packaged);
    },

    async make() {
      const isPackaged = existsSync(packaged);
      if (isPackaged) {
        const version = await versionOf(packaged);
        if (version !== null && majorOf(version) >= RUNTIME_MAJOR) {
          records.keep('node', packaged);
          return report.line(`runtime: Node ${version}, from npm`);
        }
      }
      const own = findOnPath(['node'], machine.env);
      const version = own === null ? null : await versionOf(own);
      if (own !== null && version !== null && majorOf(version) >= RUNTIME_MAJOR) {
        // npm puts node_modules/.bin first on PATH: one there that does not start would be taken all the same.
        if (isPackaged) unlinkSync(packaged);
        records.keep('node', own);
        return report.line(`runtime: Node ${version}, the machine's own`);
      }
      throw new SetUpFailure(
        runtimeTrouble(machine, { isPackaged, version: version ?? process.versions.node }),
        {
          advice: adviceForRuntime(machine, isPackaged),
        },
      );
    },
  };
}

/**
 * @param {{ platform: string, arch: string }} machine
 * @param {{ isPackaged: boolean, version: string }} found
 */
export function runtimeTrouble({ platform, arch }, { isPackaged, version }) {
  const why = isPackaged
    ? 'the one from npm does not start on this system'
    : `npm brought none for ${platform} ${arch}`;
  return `framecue runs on Node ${RUNTIME_MAJOR}: ${why}, and the machine's own is ${version}`;
}

/**
 * @param {{ platform: string, arch: string }} machine
 * @param {boolean} isPackaged
 */
export function adviceForRuntime({ platform, arch }, isPackaged) {
  const isServed = platform === 'linux' && (arch === 'x64' || arch === 'arm64');
  const again = 'and run the same command again';
  return [
    `install Node ${RUNTIME_MAJOR} (https://nodejs.org, \`nvm install ${RUNTIME_MAJOR}\`, ` +
      `\`brew install node@${RUNTIME_MAJOR}\`, \`apk add nodejs\`) so that \`node --version\` shows it, ${again}`,
    ...(isServed && !isPackaged
      ? [
          'or, if npm is set to leave out optional packages (`npm config get omit`), remove node_modules and that setting',
        ]
      : []),
  ];
}

/** @param {string} version such as 24.21.0 */
function majorOf(version) {
  return Number(version.split('.')[0]);
}

/**
 * @param {string} node
 * @returns {Promise<string | null>} null when it does not run
 */
async function versionOf(node) {
  const outcome = await run(node, ['--version'], { limitMs: 20_000 });
  if (outcome.kind !== 'ended' || outcome.code !== 0) return null;
  return /v(\d+\.\d+\.\d+)/.exec(outcome.output)?.[1] ?? null;
}
