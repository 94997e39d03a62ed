/** Reading of foreign JSON, field by field: what does not fit is left out, never trusted. */
export type JsonObject = { readonly [name: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined for anything that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
export const booleanOf = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

/** A moment as Unix milliseconds: given so, or in RFC 3339. */
export function momentOf(value: unknown): number | null {
  if (typeof value === 'number') return numberOf(value);
  if (typeof value !== 'string') return null;
  return numberOf(Date.parse(value));
}

/** Null unless every entry fits. */
export function listOf<T>(value: unknown, read: (entry: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  const entries: T[] = [];
  for (const raw of value) {
    const entry = read(raw);
    if (entry === null) return null;
    entries.push(entry);
  }
  return entries;
}

/** The field as an object to spread: nothing where it is absent or does not fit. */
export function given<K extends string, T>(name: K, value: T | null): { readonly [P in K]?: T } {
  return value === null ? {} : ({ [name]: value } as { [P in K]?: T });
}
