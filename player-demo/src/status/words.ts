import { formatClock, formatCount, formatSpan, plural } from '../shared/format.ts';
import type { AudioReport, PublisherEvent, VideoReport } from './report.ts';

const THIN = '\u202f';
export const NOT_KNOWN = '–';

/** `12 s`, `3 min`, `2 h 5 min`, `3 d 4 h`: never more than two parts. */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoParts(hours, 'h', minutes % 60, 'min');
  return twoParts(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const twoParts = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** Wall clock, local; with the day where that is not the day of `now`. Both Unix milliseconds. */
export function formatMoment(unixMs: number, now: number): string {
  const at = new Date(unixMs);
  const clock = formatClock(unixMs);
  if (at.toDateString() === new Date(now).toDateString()) return clock;
  return `${at.getDate()} ${MONTHS[at.getMonth()]} ${clock}`;
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, three digits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${formatCount(bytes)}${THIN}B`;
  let value = bytes;
  let unit: string = 'B';
  for (const next of BYTE_UNITS) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toPrecision(3)}${THIN}${unit}`;
}

/** `AAC, 48 kHz, stereo`; null before the first sound. */
export function soundWords({ codec, sampleRate, channels }: AudioReport): string | null {
  if (codec === null) return null;
  const parts = [codecWords(codec)];
  if (sampleRate !== null) parts.push(`${sampleRate / 1000}${THIN}kHz`);
  if (channels !== null) parts.push(channelWords(channels));
  return parts.join(', ');
}

/** RFC 6381 names of MPEG-4 audio: the last number is the audio object type (ISO/IEC 14496-3). */
const AAC_KINDS: { readonly [codec: string]: string | undefined } = {
  'mp4a.40.2': 'AAC',
  'mp4a.40.5': 'HE-AAC',
  'mp4a.40.29': 'HE-AAC v2',
};

const codecWords = (codec: string): string => AAC_KINDS[codec] ?? codec;

const channelWords = (channels: number): string =>
  channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`;

export const sizeWords = ({ width, height }: VideoReport): string | null =>
  width === null || height === null ? null : `${width} × ${height}`;

/** `H.264 High`; null before the configuration. */
export function profileWords({ codec, profile }: VideoReport): string | null {
  if (codec === null && profile === null) return null;
  return profile === null ? 'H.264' : `H.264 ${profile}`;
}

/** `H.264 High, level 3.1` */
export function videoWords(video: VideoReport): string | null {
  const profile = profileWords(video);
  return profile === null || video.level === null ? profile : `${profile}, level ${video.level}`;
}

/** `2.0 s, 50 pictures`; null where nothing was measured. */
export function intervalWords(intervalMs: number | null, pictures: number | null): string | null {
  if (intervalMs === null) return null;
  const span = formatInterval(intervalMs);
  return pictures === null ? span : `${span}, ${plural(pictures, 'picture')}`;
}

/** Seconds with one decimal, also below one. */
export const formatInterval = (intervalMs: number): string => `${(intervalMs / 1000).toFixed(1)}${THIN}s`;

/** Below this nobody can tell it from nothing, and the number would only flicker. */
const SKEW_TOLD_MS = 20;

/** @param skewMs positive: the picture comes later */
export function skewWords(skewMs: number): string {
  if (Math.abs(skewMs) < SKEW_TOLD_MS) return 'together';
  return `${skewMs > 0 ? 'picture' : 'sound'} ${formatSpan(Math.abs(skewMs))} later`;
}

/** `none`, or `3, longest 0.4 s`. */
export function countWords(count: number, word: string, largestMs: number | null): string {
  if (count === 0) return 'none';
  return largestMs === null ? formatCount(count) : `${formatCount(count)}, ${word} ${formatSpan(largestMs)}`;
}

/** What became of a publisher: turned away, cut by the server, or gone by itself. */
export const eventWord = ({ kind, code }: PublisherEvent): string =>
  kind === 'refused' ? 'Refused' : code === null ? 'Ended' : 'Cut off';
