import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpFailure } from './failure.mjs';
import { npm } from './npm.mjs';
import { formatSeconds } from './progress.mjs';
import { hashFiles, listFiles } from './stamps.mjs';

/** What the pages are made from; the lock file stands for the libraries in them. */
const SOURCES = [
  'player-demo',
  'client',
  'cues/wire',
  'h264-sei-parser',
  'packet',
  'test-streams/barcode.ts',
  'package-lock.json',
  'tsconfig.json',
];
const LIMIT_MS = 5 * 60_000;

/** The viewer, director and stage pages, built by Vite. @param {import('./main.mjs').Context} context */
export function pagesStep({ root, machine, report, records }) {
  const stampOf = () =>
    hashFiles(
      root,
      listFiles(root, SOURCES, (path) => !/\.test\.tsx?$/.test(path)),
    );
  const hasPages = existsSync(join(root, 'player-demo', 'vite.config.ts'));

  return {
    name: 'pages',

    isDone() {
      if (!hasPages) return true;
      return existsSync(join(root, 'player-demo', 'dist')) && records.state.pages === stampOf();
    },

    async make() {
      // Taken first: what changes during the build is built next time.
      const stamp = stampOf();
      const since = performance.now();
      const outcome = await report.step('pages: building', (say) =>
        npm(machine, ['run', '--silent', 'build:pages'], { limitMs: LIMIT_MS, cwd: root, onLine: say }),
      );
      if (outcome.kind !== 'ended' || outcome.code !== 0) {
        const how = outcome.kind === 'timed-out' ? `not ready after ${LIMIT_MS / 60_000} min` : 'failed';
        throw new SetUpFailure(`the pages could not be built (${how})`, {
          output: outcome.output,
          advice: ['mend what the build says, or see all of it with `npm run build:pages`'],
        });
      }
      records.keepPages(stamp);
      report.line(`pages: built in ${formatSeconds(performance.now() - since)}`);
    },
  };
}
