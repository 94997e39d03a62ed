import type { z } from 'zod';
import { MAX_ITEMS, type RundownDocument, RundownHead, RundownItem } from './document.ts';
import { MAX_ISSUES, type RundownIssue, type RundownIssueCode } from './issues.ts';

/** What a file says, as far as it can be read. */
export interface RundownReading {
  /** Of the items those that could be read: what else is wrong with them can be told at once. */
  readonly document: RundownDocument;
  /** By the item's place in `document.items`. */
  readonly lineOf: (index: number, field?: string) => number | null;
  /** Ids of items that could not be read: others may refer to them. */
  readonly unread: ReadonlySet<string>;
  readonly issues: readonly RundownIssue[];
}

/** One item as it came, and where. */
export interface RawItem {
  readonly value: unknown;
  readonly lineOf: (field?: string) => number | null;
}

/** Holds head and items against the schema. */
export function readRaw(
  head: { readonly value: unknown; readonly lineOf: (field: string) => number | null },
  raw: readonly RawItem[],
  before: readonly RundownIssue[] = [],
): RundownReading {
  const issues = [...before];
  const headRead = RundownHead.safeParse(head.value);
  if (!headRead.success) {
    issues.push(
      ...issuesOf(headRead.error, null, (field) => (field === undefined ? null : head.lineOf(field))),
    );
  }
  const items: RundownItem[] = [];
  const places: RawItem[] = [];
  const unread = new Set<string>();
  if (raw.length > MAX_ITEMS) {
    const problem = `There are more than ${MAX_ITEMS} items: load the rest later.`;
    issues.push({ item: null, line: null, field: 'items', code: 'too-many', problem });
  }
  for (const one of raw.slice(0, MAX_ITEMS)) {
    const read = RundownItem.safeParse(one.value);
    if (read.success) {
      items.push(read.data);
      places.push(one);
      continue;
    }
    const id = idOf(one.value);
    if (id !== null) unread.add(id);
    issues.push(...issuesOf(read.error, id, one.lineOf));
  }
  return {
    document: { ...(headRead.success ? headRead.data : { id: 'unread' }), items },
    lineOf: (index, field) => places[index]?.lineOf(field) ?? null,
    unread,
    issues,
  };
}

/** A file of which nothing can be read. */
export const unreadable = (code: RundownIssueCode, line: number | null, problem: string): RundownReading => ({
  document: { id: 'unread', items: [] },
  lineOf: () => null,
  unread: new Set(),
  issues: [{ item: null, line, field: null, code, problem }],
});

const idOf = (value: unknown): string | null => {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'string' && id !== '' ? id.slice(0, 64) : null;
};

function issuesOf(
  error: z.ZodError,
  item: string | null,
  lineOf: (field?: string) => number | null,
): RundownIssue[] {
  return error.issues.flatMap((issue): RundownIssue[] => {
    const path = issue.path.map(String);
    const at = (field: string | null) => lineOf(field?.split('.')[0]) ?? lineOf();
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.slice(0, MAX_ISSUES).map((key) => {
        const field = [...path, key].join('.');
        const problem = `There is no field "${field}": take it out, or put it into "data" or "notes".`;
        return { item, line: at(field), field, code: 'field-unknown', problem };
      });
    }
    const field = path.length === 0 ? null : path.join('.');
    const problem = field === null ? `${sentence(issue.message)}` : `${field}: ${issue.message}.`;
    return [{ item, line: at(field), field, code: 'field', problem }];
  });
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
