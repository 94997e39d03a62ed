import { parseArgs } from 'node:util';

export const STAGES = ['lint', 'types', 'pages', 'unit', 'e2e'] as const;
export type StageName = (typeof STAGES)[number];

export interface TestPlan {
  readonly stages: readonly StageName[];
  /** Parts of test files' paths; empty: all. */
  readonly filters: readonly string[];
  /** A pattern on tests' names, or null. */
  readonly testName: string | null;
}

export type PlanOutcome =
  | { readonly kind: 'plan'; readonly plan: TestPlan }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly why: string };

export const TEST_USAGE = `Usage: npm test -- [options] [filter ...]

Runs what CI runs: lint, types, the build of the pages, unit and integration tests, then end-to-end tests in a
real browser. All stages are run even when one fails. The last line is "N passed, N failed"; lint, types and pages
count as one check each.

  filter             only test files whose path contains it (and neither lint nor types unless asked for)
  -t, --name TEXT    only tests whose name matches
  --lint, --types, --pages, --unit, --e2e
                     only these stages (the end-to-end tests need the pages, and bring that stage along)
  --help             this text

Settings:
  FRAMECUE_TEST_MINUTES   the most that all of it may take (75)
`;

/** What the arguments ask for. */
export function planTests(args: readonly string[]): PlanOutcome {
  const stage = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        lint: stage,
        types: stage,
        pages: stage,
        unit: stage,
        e2e: stage,
        name: { type: 'string', short: 't' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const chosen = STAGES.filter((name) => values[name]);
    const isNarrowed = positionals.length > 0 || values.name !== undefined;
    const usual = STAGES.filter((name) => !isNarrowed || name === 'unit' || name === 'e2e');
    const wanted = chosen.length > 0 ? chosen : usual;
    const stages = STAGES.filter(
      (name) => wanted.includes(name) || (name === 'pages' && wanted.includes('e2e')),
    );
    return { kind: 'plan', plan: { stages, filters: positionals, testName: values.name ?? null } };
  } catch (error) {
    if (error instanceof TypeError) return { kind: 'wrong', why: error.message };
    throw error;
  }
}
