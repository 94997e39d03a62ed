import type { Milliseconds } from './time.ts';

/** Times of one packet on its stream's timeline, 32-bit wrap removed. */
export interface Timing {
  readonly dts: Milliseconds;
}

/**
 * What travels from ingest through the injector to delivery. Payloads are never mutated and never shared
 * with the buffer they were received in.
 */
export type MediaPacket = AvcConfigPacket | AvcFramePacket | AacConfigPacket | AacFramePacket | ScriptPacket;

export type AvcConfigPacket = Timing & {
  readonly kind: 'avc-config';
  /** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 clause 5.3.3.1. */
  readonly record: Uint8Array;
};

export type AvcFramePacket = Timing & {
  readonly kind: 'avc-frame';
  readonly isKeyframe: boolean;
  /** pts - dts; signed (ISO/IEC 14496-12 clause 8.6.1.3 version 1; FLV CompositionTime, SI24). */
  readonly compositionOffset: Milliseconds;
  /** One access unit: AVCC, length-prefixed NAL units (ISO/IEC 14496-15). */
  readonly data: Uint8Array;
  /** Texts of the stamps that our injector wrote into `data`, in their order; absent where it wrote none. */
  readonly stamps?: readonly string[];
};

export type AacConfigPacket = Timing & {
  readonly kind: 'aac-config';
  /** AudioSpecificConfig, ISO/IEC 14496-3 clause 1.6.2.1. */
  readonly data: Uint8Array;
};

export type AacFramePacket = Timing & {
  readonly kind: 'aac-frame';
  /** One raw AAC access unit, no ADTS header. */
  readonly data: Uint8Array;
};

export type ScriptPacket = Timing & {
  readonly kind: 'script';
  /** AMF0 values as in an FLV script tag: a name, then its value; `@setDataFrame` already taken off. */
  readonly data: Uint8Array;
};

export const ptsOf = (frame: AvcFramePacket): Milliseconds =>
  (frame.dts + frame.compositionOffset) as Milliseconds;

/** A stream's name as in `rtmp://host/APP/NAME` and `/APP/NAME.flv`. */
export interface StreamName {
  readonly app: string;
  readonly name: string;
}

export const streamKeyOf = (stream: StreamName): string => `${stream.app}/${stream.name}`;
