import { numberIn, type ToolReader } from './reading.ts';

const FIELDS = 14;

/**
 * `chronyc -c tracking`: one line of reference id, name, stratum, reference time, system time, last offset, RMS offset,
 * frequency, residual frequency, skew, root delay, root dispersion, update interval, leap status; seconds and ppm. The
 * bound is the one of chrony's manual: system time + root dispersion + half of the root delay. Positive system time:
 * the clock is slow.
 */
export const readChrony: ToolReader = (text) => {
  const line = text
    .split('\n')
    .map((one) => one.trim())
    .find((one) => one.split(',').length === FIELDS);
  if (line === undefined) return null;
  const fields = line.split(',');
  const stratum = numberIn(fields[2]);
  const behind = numberIn(fields[4]);
  const delay = numberIn(fields[10]);
  const dispersion = numberIn(fields[11]);
  if (stratum === null || behind === null || delay === null || dispersion === null) return null;
  const leap = fields[13]!.trim();
  // Since 4.0 a server of the same name can follow its own clock: then nobody knows the time.
  if (/^not synchroni[sz]ed$/i.test(leap) || fields[0] === '00000000' || stratum === 0) {
    return { state: 'unsynchronised', why: 'chrony runs, but it has no time source yet.' };
  }
  if (/^7F7F0101$/i.test(fields[0]!)) {
    return { state: 'unsynchronised', why: 'chrony follows its own clock (local), not a time source.' };
  }
  return {
    state: 'synchronised',
    offsetMs: 0 - behind * 1000,
    errorMs: (Math.abs(behind) + Math.abs(dispersion) + Math.abs(delay) / 2) * 1000,
  };
};
