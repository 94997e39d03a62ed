import { numberIn, type SourceReading, type ToolReader } from './reading.ts';

/** Bits of `status` in `struct timex` (adjtimex(2)). */
const STA_UNSYNC = 0x40;
const UNSYNCHRONISED: SourceReading = {
  state: 'unsynchronised',
  why: 'The kernel says that nothing keeps this clock synchronised.',
};

/** The kernel knows a bound that grows by 500 ppm until the next correction, and no offset. */
const bounded = (status: number, maxErrorUs: number): SourceReading =>
  (status & STA_UNSYNC) !== 0
    ? UNSYNCHRONISED
    : { state: 'synchronised', offsetMs: null, errorMs: maxErrorUs / 1000 };

/** `adjtimex --print`: `name: value` lines; microseconds. */
export const readAdjtimex: ToolReader = (text) => {
  const value = (name: string): number | null =>
    numberIn(new RegExp(`^\\s*${name}:\\s*(-?\\d+)\\s*$`, 'm').exec(text)?.[1]);
  const status = value('status');
  const maxErrorUs = value('maxerror');
  return status === null || maxErrorUs === null ? null : bounded(status, maxErrorUs);
};

/** `ntptime`: the part of `ntp_adjtime()`; microseconds, status in hexadecimal. */
export const readNtptime: ToolReader = (text) => {
  const part = text.slice(Math.max(0, text.indexOf('ntp_adjtime()')));
  if (!/ntp_adjtime\(\) returns code \d+/.test(part)) return null;
  const status = /\bstatus 0x([0-9a-f]+)/i.exec(part)?.[1];
  const maxErrorUs = numberIn(/\bmaximum error (\d+) us\b/.exec(part)?.[1]);
  return status === undefined || maxErrorUs === null
    ? null
    : bounded(Number.parseInt(status, 16), maxErrorUs);
};
