import { numberIn, type ToolReader } from './reading.ts';

/** Leap indicator 3: not synchronised (RFC 5905, figure 9). */
const UNSYNCHRONISED = new Set(['11', '3', 'alarm']);
const LAST_STRATUM = 15;

/**
 * `ntpq -c rv` of ntpd 4.2 and ntpsec: `name=value` between commas, over several lines; milliseconds. `offset` is the
 * true time less ours. The bound is the root distance (RFC 5905, section 10) and what is left to correct.
 */
export const readNtpq: ToolReader = (text) => {
  // A version and a processor may hold commas and equals signs between quotes.
  const values = new Map(
    Array.from(text.replace(/"[^"]*"/g, '""').matchAll(/(?:^|[\s,])([a-z_]+)=([^\s,]*)/g), ([, k, v]) => [
      k!,
      v!,
    ]),
  );
  const leap = values.get('leap');
  const stratum = numberIn(values.get('stratum'));
  if (leap === undefined || stratum === null) return null;
  if (UNSYNCHRONISED.has(leap) || /\bleap_alarm\b/.test(text) || stratum > LAST_STRATUM) {
    return { state: 'unsynchronised', why: 'ntpd runs, but it has no time source yet.' };
  }
  if (/^LOCL?$|^127\.127\.1\.\d+$|^LOCAL\(\d+\)$/.test(values.get('refid') ?? '')) {
    return { state: 'unsynchronised', why: 'ntpd follows its own clock (LOCAL), not a time source.' };
  }
  const offset = numberIn(values.get('offset'));
  const delay = numberIn(values.get('rootdelay'));
  const dispersion = numberIn(values.get('rootdisp') ?? values.get('rootdispersion'));
  if (offset === null || delay === null || dispersion === null) return null;
  return {
    state: 'synchronised',
    offsetMs: 0 - offset,
    errorMs: Math.abs(offset) + Math.abs(dispersion) + Math.abs(delay) / 2,
  };
};
