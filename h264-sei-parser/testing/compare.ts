import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import {
  type AccessUnit,
  AccessUnitSplitter,
  AnnexBReader,
  bufferingPeriodMessage,
  type Codec,
  escapeRbsp,
  hasSliceHeader,
  isCanonicalSeiNal,
  isSei,
  NalType,
  ParameterSets,
  parseBufferingPeriod,
  parsePicTiming,
  parseRecoveryPoint,
  parseSeiNal,
  parseSliceHeader,
  picTimingMessage,
  recoveryPointMessage,
  type SeiMessage,
  unescapeRbsp,
  writeSeiNal,
} from '../src/index.ts';
import {
  type Listing,
  listBufferingPeriod,
  listPicTiming,
  listPps,
  listRecoveryPoint,
  listSlice,
  listSps,
  workedOut,
} from './syntax-listing.ts';
import { probePackets, type TracedNal, traceHeaders } from './trace-headers.ts';

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

/** Reads a byte stream in odd chunks, as if it came over a wire. */
export function accessUnitsOf(
  stream: Uint8Array,
  codec: Codec,
): { units: AccessUnit[]; offsets: Map<Uint8Array, number> } {
  const reader = new AnnexBReader({ codec });
  const splitter = new AccessUnitSplitter({ codec });
  const units: AccessUnit[] = [];
  const offsets = new Map<Uint8Array, number>();
  const take = (items: ReturnType<AnnexBReader['push']>): void => {
    for (const item of items) {
      if (item.kind === 'problem') throw item.error;
      offsets.set(item.bytes, item.offset);
      units.push(...splitter.push(item.bytes));
    }
  };
  for (let at = 0; at < stream.length; at += 997) take(reader.push(stream.subarray(at, at + 997)));
  take(reader.end());
  units.push(...splitter.end());
  return { units, offsets };
}

/** Syntax elements of one NAL unit as this package reads them; null: the trace's are not compared further. */
function listNal(
  nal: Uint8Array,
  sets: ParameterSets,
  spsId: number,
): { listing: Listing; extent: 'whole' | 'beginning' | 'optional end' } | null {
  const type = nal[0]! & 0x1f;
  const added = sets.add(nal);
  if (added?.kind === 'sps') return { listing: listSps(added.sps), extent: 'whole' };
  if (added?.kind === 'pps') return { listing: listPps(added.pps), extent: 'optional end' };
  if (hasSliceHeader(type)) {
    const slice = parseSliceHeader(nal, sets);
    const { sps, pps } = sets.ofSlice(slice.ppsId);
    return { listing: listSlice(slice, sps, pps), extent: 'beginning' };
  }
  if (type === NalType.sei) {
    const sps = sets.sps(spsId)!;
    const listing: Listing = parseSeiNal(nal).flatMap((message) => [
      ...listMessageHeader(message),
      ...listMessage(message, sets, sps),
    ]);
    return { listing, extent: 'whole' };
  }
  return null;
}

const listMessageHeader = ({ payloadType, payload }: SeiMessage): Listing => [
  ['payload_type', payloadType],
  ['payload_size', payload.length],
];

function listMessage(
  message: SeiMessage,
  sets: ParameterSets,
  sps: Parameters<typeof parsePicTiming>[1],
): Listing {
  const { payloadType, payload } = message;
  let written: SeiMessage | null = null;
  let listing: Listing = [];
  if (payloadType === 0) {
    const period = parseBufferingPeriod(payload, (id) => sets.sps(id));
    written = bufferingPeriodMessage(period, sps);
    listing = listBufferingPeriod(period);
  } else if (payloadType === 1) {
    const timing = parsePicTiming(payload, sps);
    written = picTimingMessage(timing, sps);
    listing = listPicTiming(timing);
  } else if (payloadType === 6) {
    const point = parseRecoveryPoint(payload);
    written = recoveryPointMessage(point);
    listing = listRecoveryPoint(point);
  }
  if (written !== null) expect(hex(written.payload)).toBe(hex(payload));
  return listing;
}

/** The trace of an SEI NAL unit: chained bytes summed up, payloads that are only bytes left out. */
function traceSei(fields: Listing): Listing {
  const out: Listing = [];
  let sum = 0;
  for (const [name, value] of fields) {
    if (name === 'ff_byte') sum += 255;
    else if (name === 'last_payload_type_byte' || name === 'last_payload_size_byte') {
      out.push([name.replace('last_', '').replace('_byte', ''), sum + value]);
      sum = 0;
    } else if (!/^(uuid_iso_iec_11578|user_data_payload_byte|itu_t_t35|data_byte|payload_byte)/.test(name)) {
      out.push([name, value]);
    }
  }
  return out;
}

const elementOf = ({ fields }: TracedNal, name: string): number =>
  fields.find(([field]) => field === name)![1];

/** Every NAL unit can be taken apart and put together to the same bytes. */
function expectRoundTrip(nal: Uint8Array, codec: Codec): void {
  const header = codec === 'h264' ? 1 : 2;
  const payload = nal.subarray(header);
  expect(Buffer.compare(escapeRbsp(unescapeRbsp(payload)), payload)).toBe(0);
  const type = codec === 'h264' ? nal[0]! & 0x1f : nal[0]! >> 1;
  if (!isSei(type, codec)) return;
  expect(isCanonicalSeiNal(nal, codec)).toBe(true);
  expect(hex(writeSeiNal(parseSeiNal(nal, codec), nal.subarray(0, header)))).toBe(hex(nal));
}

/** Holds what is read here against ffmpeg's reading of the same file. */
export async function compare(
  file: string,
  codec: Codec,
  { boundaries = true }: { readonly boundaries?: boolean } = {},
): Promise<AccessUnit[]> {
  const [stream, traced, probed] = await Promise.all([
    readFile(file),
    traceHeaders(file, codec),
    probePackets(file, codec),
  ]);
  const { units, offsets } = accessUnitsOf(stream, codec);
  expect(units.flatMap(({ problems }) => problems)).toEqual([]);
  const ours = units.map(({ nalUnits }) => nalUnits.map(({ type }) => type));
  const theirs = traced.map(({ nalUnits }) => nalUnits.map((nal) => elementOf(nal, 'nal_unit_type')));
  expect(ours.flat()).toEqual(theirs.flat());
  if (boundaries) {
    expect(ours).toEqual(theirs);
    expect(sizesOf(units, offsets, stream, codec)).toEqual(probed.map(({ bytes }) => bytes));
  }

  const nals = units.flatMap((unit) => unit.nalUnits.map(({ bytes }) => ({ unit, bytes })));
  const traces = traced.flatMap(({ nalUnits }) => nalUnits);
  const sets = new ParameterSets();
  nals.forEach(({ unit, bytes }, i) => {
    expectRoundTrip(bytes, codec);
    if (codec === 'hevc') compareHevcSei(bytes, traces[i]!);
    else compareNal(bytes, traces[i]!, sets, unit.slice!.spsId, `NAL unit ${i}`);
  });
  return units;
}

/**
 * Bytes of each access unit as ffmpeg's packets have them: from the start code on, its zero_byte included (clause
 * B.1). ffmpeg's HEVC parser leaves the zero_byte with the packet before.
 */
function sizesOf(
  units: readonly AccessUnit[],
  offsets: ReadonlyMap<Uint8Array, number>,
  stream: Uint8Array,
  codec: Codec,
): number[] {
  const starts = units.map(({ nalUnits }, i) => {
    const at = offsets.get(nalUnits[0]!.bytes)! - 3;
    return stream[at - 1] === 0 && (codec === 'h264' || i === 0) ? at - 1 : at;
  });
  return starts.map((start, i) => (starts[i + 1] ?? stream.length) - start);
}

function compareHevcSei(bytes: Uint8Array, traced: TracedNal): void {
  if (!isSei(bytes[0]! >> 1, 'hevc')) return;
  const theirs = traceSei(workedOut(traced.fields)).filter(([name]) => name.startsWith('payload_'));
  expect(parseSeiNal(bytes, 'hevc').flatMap(listMessageHeader)).toEqual(theirs);
}

function compareNal(
  bytes: Uint8Array,
  traced: TracedNal,
  sets: ParameterSets,
  spsId: number,
  at: string,
): void {
  expect((bytes[0]! >> 5) & 3, at).toBe(elementOf(traced, 'nal_ref_idc'));
  const listed = listNal(bytes, sets, spsId);
  if (listed === null) return;
  const { listing, extent } = listed;
  const trace = workedOut(traced.fields);
  const theirs = isSei(bytes[0]! & 0x1f) ? traceSei(trace) : trace;
  if (extent === 'beginning') {
    // A slice header goes on behind what is read here.
    expect(listing, at).toEqual(theirs.slice(0, listing.length));
  } else if (extent === 'optional end' && theirs.length < listing.length) {
    // A PPS may end before its last three elements.
    expect(listing.slice(0, -3), at).toEqual(theirs);
  } else {
    expect(listing, at).toEqual(theirs);
  }
}
