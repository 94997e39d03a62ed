import { lineOfJsonError, linesOfItems } from './json-lines.ts';
import { type RundownReading, readRaw, unreadable } from './reading.ts';

/** Reads a rundown from JSON text. */
export function readRundownJson(text: string): RundownReading {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const said = error instanceof Error ? error.message : 'it cannot be read';
    return unreadable('json', lineOfJsonError(error, json), `This is no valid JSON: ${said}.`);
  }
  return readRundownValue(value, json);
}

/** @param text what the value was read from; null where it came as no text */
export function readRundownValue(value: unknown, text: string | null = null): RundownReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return unreadable('field', null, 'Give an object: { "id": "...", "items": [...] }.');
  }
  const { items, ...head } = value as { readonly items?: unknown };
  if (!Array.isArray(items)) {
    return unreadable('field', null, 'items: give a list of items, in the order of the show.');
  }
  const lines = text === null ? new Map<string, number>() : linesOfItems(text);
  return readRaw(
    { value: head, lineOf: () => null },
    items.map((item: unknown, index) => ({
      value: item,
      lineOf: (field) => lines.get(field === undefined ? `${index}` : `${index}.${field}`) ?? null,
    })),
  );
}
