import type { DaterangeItem } from './items.ts';

const TAG = '#EXT-X-DATERANGE:';
const ATTRIBUTE = /([A-Z0-9-]+)=("[^"\r\n]*"|[^,\r\n]*)(?:,|$)/g;

/** All EXT-X-DATERANGE tags of a playlist, RFC 8216 clause 4.3.2.7, with the line that each stands in. */
export function* dateranges(playlist: string): Generator<{ item: DaterangeItem; line: string }, void> {
  let offset = 0;
  for (const text of playlist.split('\n')) {
    const line = text.trim();
    if (line.startsWith(TAG)) {
      const item = daterangeOf(line.slice(TAG.length), offset);
      if (item !== null) yield { item, line };
    }
    offset += Buffer.byteLength(text) + 1;
  }
}

function daterangeOf(list: string, offset: number): DaterangeItem | null {
  const { ID: id, 'START-DATE': start, DURATION: duration, ...attributes } = attributesOf(list);
  const startDate = new Date(start ?? '');
  if (id === undefined || Number.isNaN(startDate.getTime())) return null;
  const seconds = duration === undefined ? Number.NaN : Number(duration);
  const durationSeconds = Number.isFinite(seconds) ? seconds : null;
  return { kind: 'daterange', id, startDate, durationSeconds, attributes, offset };
}

/** Clause 4.2. */
function attributesOf(list: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, value] of list.matchAll(ATTRIBUTE)) {
    attributes[name!] = value!.startsWith('"') ? value!.slice(1, -1) : value!;
  }
  return attributes;
}
