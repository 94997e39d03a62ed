import { expect, test } from 'vitest';
import { ms, unixMs } from '../../packet/time.ts';
import { type PlaylistSegment, writePlaylist } from './playlist.ts';

const segment = (n: number, more: Partial<PlaylistSegment> = {}): PlaylistSegment => ({
  uri: `seg-a-${n}.m4s`,
  durationMs: ms(2002),
  date: unixMs(1_700_000_000_000 + n * 2002),
  isDiscontinuous: false,
  initUri: 'init-a-0.mp4',
  ...more,
});

const playlist = {
  targetDuration: 2,
  mediaSequence: 40,
  discontinuitySequence: 3,
  independentSegments: true,
  ended: false,
  dateRanges: [],
};

test('a live playlist', () => {
  expect(
    writePlaylist({
      ...playlist,
      dateRanges: ['#EXT-X-DATERANGE:ID="a",START-DATE="2023-11-14T22:13:20.040Z"'],
      segments: [segment(0), segment(1, { isDiscontinuous: true, initUri: 'init-a-1.mp4' }), segment(2)],
    }),
  ).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-DATERANGE:ID="a",START-DATE="2023-11-14T22:13:20.040Z"
#EXT-X-MAP:URI="init-a-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.000Z
#EXTINF:2.00200,
seg-a-0.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-a-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:22.002Z
#EXTINF:2.00200,
seg-a-1.m4s
#EXT-X-MAP:URI="init-a-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:24.004Z
#EXTINF:2.00200,
seg-a-2.m4s
`);
});

test('says when it has ended, and only what is true of its segments', () => {
  const text = writePlaylist({
    ...playlist,
    independentSegments: false,
    ended: true,
    segments: [segment(0)],
  });
  expect(text).not.toContain('INDEPENDENT');
  expect(text.endsWith('seg-a-0.m4s\n#EXT-X-ENDLIST\n')).toBe(true);
});
