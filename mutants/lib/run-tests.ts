import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface TestOutcome {
  /** With the names of the blocks that it stands in. */
  readonly name: string;
  readonly status: string;
}

export type TestRun =
  | { readonly kind: 'ran'; readonly tests: readonly TestOutcome[] }
  /** No test ran: a fault in the syntax, an import, a hook. */
  | { readonly kind: 'broken'; readonly why: string };

const TIMEOUT_MS = 180_000;
/** More where all files are run at once, on a machine that is busy. */
const TIMEOUT_OF_FILE_MS = 60_000;

/** Runs the tests of these files whose names hold `name`, in the copy at `root`. */
export async function runTests(
  root: string,
  files: readonly string[],
  name: string | null,
): Promise<TestRun> {
  const report = join(root, 'mutants-report.json');
  rmSync(report, { force: true });
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      ...['run', '--root', root, '--config', join(root, 'mutants', 'vitest.config.ts')],
      ...['--reporter=json', `--outputFile=${report}`],
      ...(name === null ? [] : ['-t', name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')]),
      ...files,
    ],
    {
      cwd: root,
      stdio: 'ignore',
      timeout: TIMEOUT_MS + files.length * TIMEOUT_OF_FILE_MS,
      killSignal: 'SIGKILL',
    },
  );
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  return readReport(report);
}

interface Report {
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function readReport(file: string): TestRun {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch (error) {
    return { kind: 'broken', why: `no report: ${error instanceof Error ? error.message : error}` };
  }
  const tests = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ name: fullName, status })),
  );
  const ran = tests.filter(({ status }) => status === 'passed' || status === 'failed');
  if (ran.length > 0) return { kind: 'ran', tests: ran };
  const messages = report.testResults.map(({ message = '' }) => message).filter((text) => text !== '');
  return { kind: 'broken', why: messages[0]?.split('\n')[0] ?? 'no test of that name' };
}
