import type { Milliseconds, UnixMilliseconds } from '../../packet/time.ts';

export interface PlaylistSegment {
  readonly uri: string;
  readonly durationMs: Milliseconds;
  /** Wall clock of its first picture. */
  readonly date: UnixMilliseconds;
  readonly isDiscontinuous: boolean;
  /** Of the initialization segment that it needs. */
  readonly initUri: string;
}

export interface Playlist {
  /** Whole seconds. */
  readonly targetDuration: number;
  /** Of the first segment listed. */
  readonly mediaSequence: number;
  /** Discontinuities before the first segment listed, its own not counted. */
  readonly discontinuitySequence: number;
  /** Every segment begins with a keyframe. */
  readonly independentSegments: boolean;
  readonly ended: boolean;
  readonly segments: readonly PlaylistSegment[];
  /** EXT-X-DATERANGE tags, as they stand. */
  readonly dateRanges: readonly string[];
}

/** 6 is the least that EXT-X-MAP needs (RFC 8216, section 7); 7 is what Apple asks for with fragmented MP4. */
const VERSION = 7;

/** A live media playlist, RFC 8216 section 4. */
export function writePlaylist(playlist: Playlist): string {
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${playlist.targetDuration}`,
    `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`,
  ];
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  lines.push(...playlist.dateRanges);
  let initUri: string | null = null;
  for (const segment of playlist.segments) {
    if (segment.isDiscontinuous) lines.push('#EXT-X-DISCONTINUITY');
    if (segment.initUri !== initUri) lines.push(`#EXT-X-MAP:URI="${segment.initUri}"`);
    initUri = segment.initUri;
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.date).toISOString()}`,
      `#EXTINF:${(segment.durationMs / 1000).toFixed(5)},`,
      segment.uri,
    );
  }
  if (playlist.ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}
