/**
 * An AVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 5.3.3.1) for parameter sets that came in-band, with NAL
 * lengths of 4 bytes; null where they are none. The fields of the high profiles are left out, as encoders do.
 */
export function avcRecordOf(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): Uint8Array | null {
  const first = sps[0];
  if (first === undefined || first.length < 4 || pps.length === 0 || sps.length > 31 || pps.length > 255) {
    return null;
  }
  const sets = (of: readonly Uint8Array[]) =>
    of.flatMap((nal) => [Uint8Array.of(nal.length >> 8, nal.length), nal]);
  return new Uint8Array(
    Buffer.concat([
      Uint8Array.of(1, first[1]!, first[2]!, first[3]!, 0xff, 0xe0 | sps.length),
      ...sets(sps),
      Uint8Array.of(pps.length),
      ...sets(pps),
    ]),
  );
}
