import { type NalRange, NalType, type SeiMessage } from '../h264-sei-parser/src/index.ts';
import { type AvcRecord, parseAvcRecord } from '../packet/avc-record.ts';
import { FramecueError } from '../packet/errors.ts';
import { type AvcConfigPacket, type AvcFramePacket, ptsOf } from '../packet/packet.ts';
import { type AccessUnitView, beginsWithStartCode, EMPTY_NAL, type SeiUnit } from './access-unit-view.ts';
import type { LintCode, LintFinding } from './lint-codes.ts';
import { BUFFERING_PERIOD, RECOVERY_POINT } from './sei-unit.ts';

/** A whole NAL unit: our own stamps stay below it at their largest. */
export const SEI_NAL_LIMIT = 4096;
/** NAL unit types that clause 7.4.1.2.3 wants behind the first slice: 10 to 12, 19 to 21, and the unspecified ones. */
const isForBehind = (type: number): boolean =>
  type === 0 || (type >= 10 && type <= 12) || (type >= 19 && type <= 31);
/** Reserved and unspecified types, table 7-1. */
const isUnknown = (type: number): boolean =>
  type === 0 || type === 17 || type === 18 || (type >= 22 && type <= 31);
/** Messages of one access unit that are compared with each other; encoders write a handful. */
const MAX_COMPARED = 32;
const MAX_LOOKED_AT = 256;
const NOTHING: readonly LintFinding[] = [];

const SEI_PROBLEM_CODES = {
  'trailing-bits': 'SEI_TRAILING_BITS',
  overrun: 'SEI_OVERRUN',
  'too-many': 'SEI_TOO_MANY',
} as const;

/**
 * Says what is odd about each access unit, in the light of the configuration before it. Reads, never changes. Its
 * cost grows with the NAL units that are no slices.
 */
export class Linter {
  #record: AvcRecord | null = null;
  #recordBytes: Uint8Array | null = null;
  /** The configuration's parameter sets: one look tells, however many it has and a frame brings. */
  #knownSets: ReadonlySet<string> = new Set();
  #lastPts: number | null = null;

  /** Pictures may be coded as fields: `frame_mbs_only_flag` is 0. */
  get mayHaveFields(): boolean {
    return this.#record?.spsInfo.frameMbsOnly === false;
  }

  config({ record }: Pick<AvcConfigPacket, 'record'>): readonly LintFinding[] {
    const before = this.#recordBytes;
    if (before !== null && sameBytes(before, record)) return NOTHING;
    const findings: LintFinding[] = before === null ? [] : [{ code: 'CONFIG_CHANGED', offset: 0 }];
    this.#recordBytes = record;
    this.#record = null;
    try {
      this.#record = parseAvcRecord(record);
    } catch (error) {
      if (!(error instanceof FramecueError)) throw error;
      const offset = error.details?.offset;
      findings.push({ code: 'CONFIG_UNREADABLE', offset: typeof offset === 'number' ? offset : 0 });
      return findings;
    }
    const { sps, pps, nalLengthSize } = this.#record;
    this.#knownSets = new Set([...sps, ...pps].map(textOfSet));
    if (sps.length > 1 || pps.length > 1) findings.push({ code: 'SEVERAL_PARAMETER_SETS', offset: 5 });
    if (nalLengthSize === 1) findings.push({ code: 'LENGTH_SIZE_SMALL', offset: 4 });
    return findings;
  }

  check(frame: AvcFramePacket, view: AccessUnitView): readonly LintFinding[] {
    const { broken, data } = view;
    const pts = ptsOf(frame);
    const isRepeated = pts === this.#lastPts;
    this.#lastPts = pts;
    if (broken !== null) {
      const code = broken.code === 'ERR_NAL_TOO_MANY' ? 'NAL_TOO_MANY' : 'NAL_TRUNCATED';
      const isAnnexB = code === 'NAL_TRUNCATED' && beginsWithStartCode(data);
      return [isAnnexB ? { code: 'ANNEX_B_IN_FLV', offset: 0 } : { code, offset: broken.offset }];
    }
    const findings = new Findings();
    if (view.hasForbiddenBit) findings.add('NAL_FORBIDDEN_BIT', 0);
    if (view.slices === 0) findings.add('NO_SLICES', 0);
    if (view.secondPicture !== null) {
      const { kind, at } = view.secondPicture;
      findings.add(kind === 'field' ? 'FIELD_PAIR' : 'SEVERAL_ACCESS_UNITS', at);
    }
    if (view.others.length > 0) this.#checkOthers(view, findings);
    if (view.sei.length > 0) checkSei(view.sei, findings);
    checkKeyframe(frame, view, findings);
    if (frame.compositionOffset < 0) findings.add('NEGATIVE_COMPOSITION_OFFSET', 0);
    if (isRepeated) findings.add('PTS_REPEATED', 0);
    return findings.list ?? NOTHING;
  }

  #checkOthers(view: AccessUnitView, findings: Findings): void {
    const { others, data, lengthSize } = view;
    const firstSliceAt = view.firstSliceAt ?? data.length;
    const secondAt = view.secondPicture?.at ?? data.length;
    for (const nal of others) {
      const { type, start } = nal;
      const isBefore = start < firstSliceAt;
      if (type === EMPTY_NAL) findings.add('NAL_EMPTY', start - lengthSize);
      else if (isUnknown(type)) findings.add('NAL_UNKNOWN_TYPE', start);
      if (isForBehind(type) && isBefore && view.slices > 0) findings.add('NAL_ORDER', start);
      if (type === NalType.accessUnitDelimiter && start > lengthSize && start < secondAt) {
        findings.add('AUD_NOT_FIRST', start);
      }
      if (type !== NalType.sps && type !== NalType.pps) continue;
      if (!isBefore && start < secondAt) findings.add('PARAMETER_SET_AFTER_SLICES', start);
      if (this.#isChanged(data, nal)) {
        findings.add(type === NalType.sps ? 'SPS_CHANGED_IN_BAND' : 'PPS_CHANGED_IN_BAND', start);
      }
    }
  }

  /** Not one of the configuration's. */
  #isChanged(data: Uint8Array, { start, end }: NalRange): boolean {
    return this.#record !== null && !this.#knownSets.has(textOfSet(data.subarray(start, end)));
  }
}

function checkSei(sei: readonly SeiUnit[], findings: Findings): void {
  let isFirst = true;
  let isFirstOfSecond = true;
  for (const { nal, messages, problem, isLate, isOfSecondPicture } of sei) {
    const first = isOfSecondPicture ? isFirstOfSecond : isFirst;
    if (isLate) findings.add('SEI_AFTER_SLICES', nal.start);
    if (nal.end - nal.start > SEI_NAL_LIMIT) findings.add('SEI_OVERSIZE', nal.start);
    if (problem !== null) findings.add(SEI_PROBLEM_CODES[problem], nal.start);
    if (messages.length > 1) findings.add('SEI_SEVERAL_MESSAGES', nal.start);
    const bufferingPeriod = messages.findIndex(({ payloadType }) => payloadType === BUFFERING_PERIOD);
    if (bufferingPeriod > 0 || (bufferingPeriod === 0 && !first)) {
      findings.add('BUFFERING_PERIOD_NOT_FIRST', nal.start);
    }
    if (isOfSecondPicture) isFirstOfSecond = false;
    else isFirst = false;
  }
  checkDuplicates(sei, findings);
}

function checkDuplicates(sei: readonly SeiUnit[], findings: Findings): void {
  const seen: { message: SeiMessage; second: boolean }[] = [];
  let looked = 0;
  for (const { messages, isOfSecondPicture: second, nal } of sei) {
    for (const message of messages) {
      if (++looked > MAX_LOOKED_AT) return;
      const isSame = (other: (typeof seen)[number]): boolean =>
        other.second === second &&
        other.message.payloadType === message.payloadType &&
        sameBytes(other.message.payload, message.payload);
      if (seen.some(isSame)) findings.add('SEI_DUPLICATE', nal.start);
      else if (seen.length < MAX_COMPARED) seen.push({ message, second });
    }
  }
}

function checkKeyframe({ isKeyframe }: AvcFramePacket, view: AccessUnitView, findings: Findings): void {
  if (view.slices === 0) return;
  if (view.hasIdr) {
    if (!isKeyframe) findings.add('IDR_WITHOUT_KEYFRAME_FLAG', 0);
    return;
  }
  const hasRecoveryPoint = view.sei.some(({ messages }) =>
    messages.some(({ payloadType }) => payloadType === RECOVERY_POINT),
  );
  if (!isKeyframe) {
    if (hasRecoveryPoint) findings.add('INTRA_REFRESH', 0);
  } else findings.add(hasRecoveryPoint ? 'KEYFRAME_RECOVERY_POINT' : 'KEYFRAME_WITHOUT_IDR', 0);
}

/** Once for each code: an access unit of a thousand empty NAL units is one finding. */
class Findings {
  list: LintFinding[] | null = null;

  add(code: LintCode, offset: number): void {
    this.list ??= [];
    if (!this.list.some((finding) => finding.code === code)) this.list.push({ code, offset });
  }
}

/** Zero bytes behind a parameter set mean nothing (trailing_zero_8bits of Annex B that came along). */
function textOfSet(nal: Uint8Array): string {
  let { length } = nal;
  while (length > 0 && nal[length - 1] === 0) length--;
  return Buffer.from(nal.buffer, nal.byteOffset, length).toString('latin1');
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && Buffer.compare(a, b) === 0;
