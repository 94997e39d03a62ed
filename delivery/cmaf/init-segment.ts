import type { AacConfig } from '../../packet/aac-config.ts';
import type { AvcRecord } from '../../packet/avc-record.ts';
import { box, fullBox, text, u8, u16, u24, u32, zeros } from './boxes.ts';

/** Track numbers in all our files. */
export const VIDEO_TRACK = 1;
export const AUDIO_TRACK = 2;
/** Ticks a second of the video track: the whole milliseconds of RTMP's timeline are whole ticks. */
export const VIDEO_TIMESCALE = 90_000;

export interface VideoTrackConfig {
  /** AVCDecoderConfigurationRecord, as it came. */
  readonly record: Uint8Array;
  readonly parsed: AvcRecord;
}

export interface AudioTrackConfig {
  /** AudioSpecificConfig, as it came. */
  readonly config: Uint8Array;
  readonly parsed: AacConfig;
}

/** The audio track counts in samples, so that its frames have whole durations. */
export const audioTimescaleOf = (audio: AudioTrackConfig): number => audio.parsed.sampleRate;

const MATRIX = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
/** ISO 639-2/T `und`, packed into 15 bits. */
const LANGUAGE_UNDETERMINED = 0x55c4;
/** Each entry refers to data in this same file. */
const SELF_CONTAINED = 1;
/** track_enabled, track_in_movie. */
const TRACK_FLAGS = 3;

/**
 * The initialization segment: `ftyp` and `moov` without samples (ISO/IEC 14496-12 clause 8). Audio and video are
 * two tracks of one file, as HLS allows in a single media playlist: one request per segment, and hls.js and
 * Safari play it so.
 */
export function initSegment(video: VideoTrackConfig, audio: AudioTrackConfig | null): Uint8Array {
  const ftyp = box('ftyp', text('iso6'), u32(0), text('iso6'), text('mp42'), text('avc1'));
  const tracks = [videoTrack(video), ...(audio === null ? [] : [audioTrack(audio)])];
  const extensions = [trackExtends(VIDEO_TRACK), ...(audio === null ? [] : [trackExtends(AUDIO_TRACK)])];
  const moov = box('moov', movieHeader(), tracks, box('mvex', extensions));
  const segment = new Uint8Array(ftyp.length + moov.length);
  segment.set(ftyp);
  segment.set(moov, ftyp.length);
  return segment;
}

/** `mvhd`, clause 8.2.2. The duration is unknown: 0, for there are no samples here. */
const movieHeader = (): Uint8Array =>
  fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, 1000, 0), // creation, modification, timescale, duration
    u32(0x1_0000), // rate 1.0
    u16(0x100, 0), // volume 1.0, reserved
    zeros(8),
    MATRIX,
    zeros(24),
    u32(AUDIO_TRACK + 1), // next_track_ID
  );

/** `trex`, clause 8.8.3: no defaults; every fragment says all by itself. */
const trackExtends = (track: number): Uint8Array => fullBox('trex', 0, 0, u32(track, 1, 0, 0, 0));

function videoTrack({ record, parsed }: VideoTrackConfig): Uint8Array {
  const { width, height } = parsed.spsInfo;
  const entry = box(
    'avc1',
    zeros(6),
    u16(1), // data_reference_index
    zeros(16),
    u16(width, height),
    u32(0x48_0000, 0x48_0000, 0), // 72 dpi both ways, reserved
    u16(1), // frame_count
    zeros(32), // compressorname
    u16(0x18, 0xffff), // depth, pre_defined
    box('avcC', record),
  );
  return box(
    'trak',
    trackHeader(VIDEO_TRACK, 0, width, height),
    media(VIDEO_TIMESCALE, 'vide', 'Video', fullBox('vmhd', 0, 1, zeros(8)), entry),
  );
}

function audioTrack(audio: AudioTrackConfig): Uint8Array {
  const { parsed, config } = audio;
  // 16.16 fixed point: rates above 65,535 Hz do not fit and are told by the AudioSpecificConfig alone.
  const rate = parsed.sampleRate <= 0xffff ? parsed.sampleRate * 0x1_0000 : 0;
  const entry = box(
    'mp4a',
    zeros(6),
    u16(1), // data_reference_index
    zeros(8),
    u16(parsed.channels ?? 2, 16, 0, 0), // channelcount, samplesize, pre_defined, reserved
    u32(rate),
    elementaryStreamDescriptor(config),
  );
  return box(
    'trak',
    trackHeader(AUDIO_TRACK, 0x100, 0, 0),
    media(audioTimescaleOf(audio), 'soun', 'Audio', fullBox('smhd', 0, 0, zeros(4)), entry),
  );
}

/** `tkhd`, clause 8.3.2. */
const trackHeader = (track: number, volume: number, width: number, height: number): Uint8Array =>
  fullBox(
    'tkhd',
    0,
    TRACK_FLAGS,
    u32(0, 0, track, 0, 0), // creation, modification, track_ID, reserved, duration
    zeros(8),
    u16(0, 0, volume, 0), // layer, alternate_group, volume, reserved
    MATRIX,
    u32(width * 0x1_0000, height * 0x1_0000),
  );

/** `mdia` with empty sample tables, clauses 8.4 to 8.7. */
const media = (
  timescale: number,
  handler: string,
  name: string,
  mediaHeader: Uint8Array,
  entry: Uint8Array,
): Uint8Array =>
  box(
    'mdia',
    fullBox('mdhd', 0, 0, u32(0, 0, timescale, 0), u16(LANGUAGE_UNDETERMINED, 0)),
    fullBox('hdlr', 0, 0, u32(0), text(handler), zeros(12), text(`${name}\0`)),
    box(
      'minf',
      mediaHeader,
      box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, SELF_CONTAINED))),
      box(
        'stbl',
        fullBox('stsd', 0, 0, u32(1), entry),
        fullBox('stts', 0, 0, u32(0)),
        fullBox('stsc', 0, 0, u32(0)),
        fullBox('stsz', 0, 0, u32(0, 0)),
        fullBox('stco', 0, 0, u32(0)),
      ),
    ),
  );

/** `esds` (ISO/IEC 14496-14 clause 5.6), an ES_Descriptor (ISO/IEC 14496-1 clause 7.2.6.5). */
function elementaryStreamDescriptor(config: Uint8Array): Uint8Array {
  const AAC = 0x40;
  const AUDIO_STREAM = 5;
  const specific = descriptor(0x05, config);
  const decoder = descriptor(
    0x04,
    // Object type; stream type, not upstream, reserved bit; buffer size; maximum and average bit rate unknown.
    joined(u8(AAC), u8((AUDIO_STREAM << 2) | 1), u24(0), u32(0, 0), specific),
  );
  const layer = descriptor(0x06, u8(2));
  return fullBox('esds', 0, 0, descriptor(0x03, joined(u16(AUDIO_TRACK), u8(0), decoder, layer)));
}

/** Tag, then the length in groups of 7 bits (ISO/IEC 14496-1 clause 8.3.3), here always four. */
function descriptor(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const sized = [(length >>> 21) | 0x80, (length >>> 14) | 0x80, (length >>> 7) | 0x80, length & 0x7f];
  return joined(u8(tag), Uint8Array.from(sized), content);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
