import { BitReader } from './bit-reader.ts';
import { BitWriter, checkRange } from './bit-writer.ts';
import type { SeiMessage } from './sei.ts';

export const RECOVERY_POINT = 6;

/** After how many frames pictures are right for who begins to decode here, H.264 clauses D.1.8 and D.2.8. */
export interface RecoveryPoint {
  /** `recovery_frame_cnt`: frames, counted as frame_num counts. */
  readonly recoveryFrameCnt: number;
  readonly exactMatch: boolean;
  readonly brokenLink: boolean;
  readonly changingSliceGroupIdc: number;
}

const MOST_FRAMES = 65_535;

/** @throws {BitstreamError} ERR_SEI_PAYLOAD_TRUNCATED, ERR_SEI_PAYLOAD_VALUE; the offset is in `payload`. */
export function parseRecoveryPoint(payload: Uint8Array): RecoveryPoint {
  const bits = new BitReader(payload, 'SEI_PAYLOAD');
  return {
    recoveryFrameCnt: bits.ue('recovery_frame_cnt', MOST_FRAMES),
    exactMatch: bits.flag(),
    brokenLink: bits.flag(),
    changingSliceGroupIdc: bits.u(2),
  };
}

/** @throws {RangeError} for a value that does not fit. */
export function recoveryPointMessage(point: RecoveryPoint): SeiMessage {
  checkRange('recoveryFrameCnt', point.recoveryFrameCnt, MOST_FRAMES);
  checkRange('changingSliceGroupIdc', point.changingSliceGroupIdc, 3);
  const bits = new BitWriter()
    .ue(point.recoveryFrameCnt)
    .flag(point.exactMatch)
    .flag(point.brokenLink)
    .u(2, point.changingSliceGroupIdc);
  return { payloadType: RECOVERY_POINT, payload: bits.alignPayload().bytes() };
}
