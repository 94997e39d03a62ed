/** What one stage counted. `skipped` are tests that somebody marked so, and those to be written. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Totals = { passed: 0, failed: 0, skipped: 0 };

/** The part of Vitest's JSON report that is counted here. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export function sumOf(totals: readonly Totals[]): Totals {
  return totals.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: sum.skipped + one.skipped,
    }),
    NOTHING,
  );
}

/** The closing line, as scripts read it. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Counts a Vitest run. A file that fails without a failed test in it (it crashes on import, its hooks throw, its
 * worker dies) counts as one failed; so does a run that ends badly though every file looks well (an error that
 * nobody caught).
 *
 * @param text the JSON report; null when there is none
 * @param exitCode null when a signal ended the run
 */
export function countVitest(text: string | null, exitCode: number | null): Totals {
  const report = text === null ? null : parseReport(text);
  if (report === null) return { ...NOTHING, failed: 1 };
  const failures = report.testResults.map(({ status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed').length;
    return status === 'failed' ? Math.max(1, failed) : failed;
  });
  const failed = failures.reduce((sum, count) => sum + count, 0);
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function parseReport(text: string): VitestReport | null {
  try {
    const report = JSON.parse(text) as Partial<VitestReport>;
    const counts = [report.numPassedTests, report.numPendingTests, report.numTodoTests];
    const isWhole = counts.every(Number.isInteger) && Array.isArray(report.testResults);
    return isWhole ? (report as VitestReport) : null;
  } catch (error) {
    // A run that was ended while it wrote its report.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
