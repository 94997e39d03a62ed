import { readRundownCsv } from './read-csv.ts';
import { readRundownJson } from './read-json.ts';
import { type RundownReading, unreadable } from './reading.ts';

export type RundownFormat = 'json' | 'csv';

/**
 * Reads a rundown's file.
 * @param name id of the rundown where a CSV file says none
 */
export function readRundown(bytes: Uint8Array, format: RundownFormat, name: string): RundownReading {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = firstLineThatIsNotUtf8(bytes);
    return unreadable('encoding', line, 'Save the file as UTF-8 (in a spreadsheet: "CSV UTF-8").');
  }
  return format === 'json' ? readRundownJson(text) : readRundownCsv(text, name);
}

function firstLineThatIsNotUtf8(bytes: Uint8Array): number {
  const lines = new TextDecoder('utf-8').decode(bytes).split('\n');
  return lines.findIndex((line) => line.includes('\ufffd')) + 1 || 1;
}
