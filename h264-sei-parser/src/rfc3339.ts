const PATTERN = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Microseconds since 1970-01-01 UTC of an RFC 3339 time; null where it is none. A leap second is the first of the
 * next minute. OBS rounds milliseconds up to `.1000`: four digits that read so are a whole second.
 */
export function unixMicrosecondsOfRfc3339(text: string): number | null {
  const parts = PATTERN.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) return null;
  const fraction = parts[7] ?? '';
  const micros = fraction === '1000' ? 1_000_000 : Number(fraction.slice(0, 6).padEnd(6, '0'));
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return null;
  const offset = (parts[8] === '-' ? -60 : 60) * (offsetHours * 60 + offsetMinutes);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  return seconds * 1_000_000 + micros;
}
