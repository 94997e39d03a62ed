import { aptInstall } from './apt.mjs';
import { findOnPath } from './machine.mjs';
import { run } from './run.mjs';
import { waysToStrace } from './ways.mjs';

/**
 * strace, with which a test watches what reaches the disk before an answer leaves. Where there is none (macOS,
 * Windows, no root, a container that forbids tracing) set-up goes on and `tools.json` has no entry for it.
 * @param {import('./main.mjs').Context} context
 */
export function straceStep({ machine, report, records, limitMs }) {
  const onPath = () => findOnPath(['strace'], machine.env);
  const find = async () => {
    const path = onPath();
    if (path === null) return { trouble: 'it is not there' };
    const trial = await run(path, ['-f', '-e', 'trace=fdatasync', 'true'], { limitMs: 20_000 });
    return trial.kind === 'ended' && trial.code === 0 ? { path } : { trouble: 'tracing is not allowed here' };
  };

  return {
    name: 'strace',

    isDone() {
      return records.isKnown('strace') || records.state.without.strace === (onPath() ?? '');
    },

    async make() {
      let found = await find();
      if ('trouble' in found && onPath() === null) {
        for (const way of waysToStrace(machine)) {
          await report.step('strace: installing by apt-get', (say) =>
            aptInstall(way.packages, { limitMs, env: machine.env, say }),
          );
          found = await find();
        }
      }
      if ('path' in found) {
        records.keep('strace', found.path);
        return report.line(`strace: ${found.path}`);
      }
      records.doWithout('strace', onPath() ?? '');
      report.line(`strace: going on without (${found.trouble}); tests that trace system calls will say so`);
    },
  };
}
