import type { z } from 'zod';
import { MAX_ITEMS, type RundownDocument, RundownHead, RundownItem } from './document.ts';
import { MAX_ISSUES, type RundownIssue, type RundownIssueCode } from './issues.ts';

/** What a file says, as far as it can be read. */
export interface RundownReading {
  /** Of the items those that could be read: what else is wrong with them can be told at once. */
  readonly document: RundownDocument;
  /** By the item's place in `document.items`. */
  readonly lineOf: (index: number, field?: string) => number | null;
  /** Fields of that item that could not be read and are left out of `document`. */
  readonly brokenIn: (index: number) => ReadonlySet<string>;
  /** Ids of items that could not be read: others may refer to them. */
  readonly unread: ReadonlySet<string>;
  /** There are items that could not be read, with ids or without. */
  readonly hasUnread: boolean;
  readonly issues: readonly RundownIssue[];
}

/** One item as it came, and where. */
export interface RawItem {
  readonly value: unknown;
  readonly lineOf: (field?: string) => number | null;
  /** Fields that could not be read, which has been told. */
  readonly broken?: readonly string[];
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
  const brokenIn: ReadonlySet<string>[] = [];
  const unread = new Set<string>();
  if (raw.length > MAX_ITEMS) {
    const problem = `There are more than ${MAX_ITEMS} items: load the rest later.`;
    issues.push({ item: null, line: null, field: 'items', code: 'too-many', problem });
  }
  const taken = raw.slice(0, MAX_ITEMS);
  for (const one of taken) {
    const read = RundownItem.safeParse(one.value);
    if (!read.success) issues.push(...issuesOf(read.error, idOf(one.value), one.lineOf));
    const { item, broken } = read.success
      ? { item: read.data, broken: [] }
      : withoutBroken(one.value, read.error);
    if (item === null) {
      const id = idOf(one.value);
      if (id !== null) unread.add(id);
      continue;
    }
    items.push(item);
    places.push(one);
    brokenIn.push(new Set([...broken, ...(one.broken ?? [])]));
  }
  return {
    document: { ...(headRead.success ? headRead.data : { id: 'unread' }), items },
    lineOf: (index, field) => places[index]?.lineOf(field) ?? null,
    brokenIn: (index) => brokenIn[index] ?? NONE,
    unread,
    hasUnread: items.length < taken.length,
    issues,
  };
}

const NONE: ReadonlySet<string> = new Set();

/** What can be read of an item nevertheless: it is held against the rules, so that those need no second run. */
function withoutBroken(
  value: unknown,
  error: z.ZodError,
): { readonly item: RundownItem | null; readonly broken: readonly string[] } {
  const fields = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : issue.path.slice(0, 1),
  );
  const broken = new Set(fields.map(String));
  if (typeof value !== 'object' || value === null) return { item: null, broken: [] };
  const rest = Object.fromEntries(Object.entries(value).filter(([field]) => !broken.has(field)));
  return { item: RundownItem.safeParse(rest).data ?? null, broken: [...broken] };
}

/** A file of which nothing can be read. */
export const unreadable = (code: RundownIssueCode, line: number | null, problem: string): RundownReading => ({
  document: { id: 'unread', items: [] },
  lineOf: () => null,
  brokenIn: () => NONE,
  unread: new Set(),
  hasUnread: false,
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
