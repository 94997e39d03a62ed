import { BitstreamError } from './errors.ts';
import { NalType } from './nal.ts';
import { type PpsInfo, parsePps } from './pps.ts';
import { parseSps, type SpsInfo } from './sps.ts';

/** What {@link ParameterSets.add} made of a NAL unit. */
export type AddedParameterSet =
  | { readonly kind: 'sps'; readonly sps: SpsInfo; readonly changed: boolean }
  | { readonly kind: 'pps'; readonly pps: PpsInfo; readonly changed: boolean };

interface Kept<Info> {
  readonly info: Info;
  readonly nal: Uint8Array;
}

/**
 * The parameter sets of a stream as it goes on: a set that is sent again replaces the one with its id (H.264 clause
 * 7.4.1.2.1). Subset SPS have ids of their own and serve no primary coded picture, so they are not kept.
 */
export class ParameterSets {
  readonly #sps = new Map<number, Kept<SpsInfo>>();
  readonly #pps = new Map<number, Kept<PpsInfo>>();

  /**
   * Takes an SPS or PPS NAL unit, header byte included; null for every other type.
   * `changed`: there was none with this id, or it had other bytes.
   * @throws {BitstreamError} as {@link parseSps} and {@link parsePps}; the set that was there before stays.
   */
  add(nal: Uint8Array): AddedParameterSet | null {
    const type = nal.length === 0 ? -1 : nal[0]! & 0x1f;
    if (type === NalType.sps) {
      const sps = parseSps(nal);
      return { kind: 'sps', sps, changed: keep(this.#sps, sps, nal) };
    }
    if (type === NalType.pps) {
      const pps = parsePps(nal, (id) => this.sps(id)?.chromaFormatIdc ?? null);
      return { kind: 'pps', pps, changed: keep(this.#pps, pps, nal) };
    }
    return null;
  }

  sps(id: number): SpsInfo | null {
    return this.#sps.get(id)?.info ?? null;
  }

  pps(id: number): PpsInfo | null {
    return this.#pps.get(id)?.info ?? null;
  }

  /** Where there is one SPS only, it; else null. */
  onlySps(): SpsInfo | null {
    const [first] = this.#sps.values();
    return first === undefined || this.#sps.size > 1 ? null : first.info;
  }

  /**
   * The sets that a slice with this `pic_parameter_set_id` uses; `offset` is where it says so, for the error.
   * @throws {BitstreamError} ERR_PPS_MISSING, ERR_SPS_MISSING.
   */
  ofSlice(ppsId: number, offset = 0): { readonly sps: SpsInfo; readonly pps: PpsInfo } {
    const pps = this.pps(ppsId);
    if (pps === null) {
      throw new BitstreamError('ERR_PPS_MISSING', offset, `no picture parameter set ${ppsId}`);
    }
    const sps = this.sps(pps.spsId);
    if (sps === null) {
      throw new BitstreamError('ERR_SPS_MISSING', offset, `no sequence parameter set ${pps.spsId}`);
    }
    return { sps, pps };
  }
}

function keep<Info extends { readonly id: number }>(
  sets: Map<number, Kept<Info>>,
  info: Info,
  nal: Uint8Array,
): boolean {
  const before = sets.get(info.id)?.nal;
  const same = before?.length === nal.length && nal.every((byte, i) => byte === before[i]);
  if (!same) sets.set(info.id, { info, nal: nal.slice() });
  return !same;
}
