import { jsonFaultOf } from './json-fault.ts';
import { linesOfItems } from './json-lines.ts';
import { type RundownReading, readRaw, unreadable } from './reading.ts';

/** Reads a rundown from JSON text. */
export function readRundownJson(text: string): RundownReading {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // What V8 says quotes the text around, over several lines, and often names no place.
    const { line, column } = jsonFaultOf(json);
    const problem = `This is no valid JSON from line ${line}, column ${column} on: look there, and just before, for a comma, colon, quote or bracket too many or too few.`;
    return unreadable('json', line, problem);
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
