import { BitReader } from './bit-reader.ts';
import { BitWriter, checkRange } from './bit-writer.ts';
import { BitstreamError } from './errors.ts';
import type { SeiMessage } from './sei.ts';
import type { SpsInfo } from './sps.ts';
import type { HrdParameters } from './vui.ts';

export const BUFFERING_PERIOD = 0;

/** The initial delay of one coded picture buffer; in ticks of 90 kHz. */
export interface InitialCpbRemovalDelay {
  readonly delay: number;
  readonly offset: number;
}

/** H.264 clauses D.1.2 and D.2.2. */
export interface BufferingPeriod {
  readonly spsId: number;
  /** One entry per coded picture buffer; empty where the SPS has no such HRD parameters. */
  readonly nal: readonly InitialCpbRemovalDelay[];
  readonly vcl: readonly InitialCpbRemovalDelay[];
}

/**
 * @param spsOf The SPS with an id: its HRD parameters say how long the fields are.
 * @throws {BitstreamError} ERR_SPS_MISSING, ERR_SEI_PAYLOAD_TRUNCATED, ERR_SEI_PAYLOAD_VALUE; the offset is in
 * `payload`.
 */
export function parseBufferingPeriod(
  payload: Uint8Array,
  spsOf: (id: number) => SpsInfo | null,
): BufferingPeriod {
  const bits = new BitReader(payload, 'SEI_PAYLOAD');
  const spsId = bits.ue('seq_parameter_set_id', 31);
  const sps = spsOf(spsId);
  if (sps === null) {
    throw new BitstreamError('ERR_SPS_MISSING', 0, `no sequence parameter set ${spsId}`);
  }
  return { spsId, nal: readDelays(bits, sps.vui?.nalHrd), vcl: readDelays(bits, sps.vui?.vclHrd) };
}

function readDelays(bits: BitReader, hrd: HrdParameters | null | undefined): InitialCpbRemovalDelay[] {
  const length = hrd?.initialCpbRemovalDelayLength ?? 0;
  return (hrd?.cpbs ?? []).map(() => ({ delay: bits.u(length), offset: bits.u(length) }));
}

/** @throws {RangeError} where the period does not fit the HRD parameters of `sps`. */
export function bufferingPeriodMessage(period: BufferingPeriod, sps: SpsInfo): SeiMessage {
  checkRange('spsId', period.spsId, 31);
  const bits = new BitWriter().ue(period.spsId);
  writeDelays(bits, period.nal, sps.vui?.nalHrd);
  writeDelays(bits, period.vcl, sps.vui?.vclHrd);
  return { payloadType: BUFFERING_PERIOD, payload: bits.alignPayload().bytes() };
}

function writeDelays(
  bits: BitWriter,
  delays: readonly InitialCpbRemovalDelay[],
  hrd: HrdParameters | null | undefined,
): void {
  const count = hrd?.cpbs.length ?? 0;
  if (delays.length !== count) throw new RangeError(`${delays.length} delays for ${count} buffers`);
  const length = hrd?.initialCpbRemovalDelayLength ?? 0;
  for (const { delay, offset } of delays) {
    checkRange('delay', delay, 2 ** length - 1);
    checkRange('offset', offset, 2 ** length - 1);
    bits.u(length, delay).u(length, offset);
  }
}
