/** A planted fault: a small patch that must turn a named test red. */
export interface Mutant {
  readonly name: string;
  /** From the project's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What must go red: a test file, and a part of the test's name as it stands there (of `%s` and `$name` without them). */
  readonly test: { readonly file: string; readonly name: string };
  /** What a viewer or an operator would see of it. */
  readonly why: string;
}

export type MutantTable = readonly Mutant[];
