import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Listing,
  listBufferingPeriod,
  listPicTiming,
  listPps,
  listRecoveryPoint,
  listSlice,
  listSps,
  workedOut,
} from '../testing/syntax-listing.ts';
import { probePackets, type TracedNal, traceHeaders } from '../testing/trace-headers.ts';
import {
  type AccessUnit,
  AccessUnitSplitter,
  AnnexBReader,
  bufferingPeriodMessage,
  type Codec,
  decodeSei,
  escapeRbsp,
  hasSliceHeader,
  isCanonicalSeiNal,
  isSei,
  NalType,
  nalUnitsOfAnnexB,
  nalUnitsOfAvcc,
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
  writeAvcc,
  writeSeiNal,
} from './index.ts';

const run = promisify(execFile);
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const FIXTURES = join(import.meta.dirname, '../testing/fixtures');

/** Reads a byte stream in odd chunks, as if it came over a wire. */
function accessUnitsOf(
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
): { listing: Listing; isWhole: boolean } | null {
  const type = nal[0]! & 0x1f;
  const added = sets.add(nal);
  if (added?.kind === 'sps') return { listing: listSps(added.sps), isWhole: true };
  if (added?.kind === 'pps') return { listing: listPps(added.pps), isWhole: false };
  if (hasSliceHeader(type)) {
    const slice = parseSliceHeader(nal, sets);
    const { sps, pps } = sets.ofSlice(slice.ppsId, 0);
    return { listing: listSlice(slice, sps, pps), isWhole: false };
  }
  if (type === NalType.sei) {
    const sps = sets.sps(spsId)!;
    const listing: Listing = parseSeiNal(nal).flatMap((message) => [
      ...listMessageHeader(message),
      ...listMessage(message, sets, sps),
    ]);
    return { listing, isWhole: true };
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
async function compare(file: string, codec: Codec): Promise<AccessUnit[]> {
  const [stream, traced, probed] = await Promise.all([
    readFile(file),
    traceHeaders(file, codec),
    probePackets(file, codec),
  ]);
  const { units, offsets } = accessUnitsOf(stream, codec);
  expect(units.flatMap(({ problems }) => problems)).toEqual([]);
  expect(units.map(({ nalUnits }) => nalUnits.map(({ type }) => type))).toEqual(
    traced.map(({ nalUnits }) => nalUnits.map((nal) => elementOf(nal, 'nal_unit_type'))),
  );

  // ffmpeg's packets begin at the start code, its zero_byte included (clause B.1); its HEVC parser leaves the
  // zero_byte with the packet before, where the standard has it with the NAL unit behind it.
  const starts = units.map(({ nalUnits }, i) => {
    const at = offsets.get(nalUnits[0]!.bytes)! - 3;
    return stream[at - 1] === 0 && (codec === 'h264' || i === 0) ? at - 1 : at;
  });
  const sizes = starts.map((start, i) => (starts[i + 1] ?? stream.length) - start);
  expect(sizes).toEqual(probed.map(({ bytes }) => bytes));

  const sets = new ParameterSets();
  units.forEach((unit, i) => {
    unit.nalUnits.forEach(({ bytes }, j) => {
      expectRoundTrip(bytes, codec);
      const trace = workedOut(traced[i]!.nalUnits[j]!.fields);
      if (codec === 'hevc') {
        const sei = isSei(bytes[0]! >> 1, codec);
        const headers = (listing: Listing) => listing.filter(([name]) => name.startsWith('payload_'));
        if (sei)
          expect(headers(traceSei(trace))).toEqual(parseSeiNal(bytes, codec).flatMap(listMessageHeader));
        return;
      }
      expect((bytes[0]! >> 5) & 3).toBe(elementOf(traced[i]!.nalUnits[j]!, 'nal_ref_idc'));
      const ours = listNal(bytes, sets, unit.slice!.spsId);
      if (ours === null) return;
      const theirs = isSei(bytes[0]! & 0x1f) ? traceSei(trace) : trace;
      const at = `access unit ${i}, NAL unit ${j}`;
      // A PPS may end before its last three fields; of slice headers the beginning is read.
      const count = ours.isWhole ? theirs.length : Math.min(ours.listing.length, theirs.length);
      if (!ours.isWhole) expect(count, at).toBeGreaterThanOrEqual(Math.min(15, ours.listing.length));
      expect(ours.listing.slice(0, ours.isWhole ? undefined : count), at).toEqual(theirs.slice(0, count));
    });
  });
  return units;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'h264-sei-parser-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Recipe {
  readonly name: string;
  readonly params: string;
  readonly size?: string;
  readonly pix?: string;
  readonly extra?: readonly string[];
}

async function encode(recipe: Recipe, codec: Codec): Promise<string> {
  const { name, params, size = '128x96', pix = 'yuv420p', extra = [] } = recipe;
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.${codec}`);
  const lib = codec === 'h264' ? 'x264' : 'x265';
  const source = `testsrc2=size=${size}:rate=25`;
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, '-frames:v', '16', '-pix_fmt', pix];
  args.push(...extra, '-c:v', `lib${lib}`, `-${lib}-params`, params, '-f', codec, '-y', file);
  await run('ffmpeg', args, { timeout: 60_000 });
  return file;
}

const HRD = 'vbv-maxrate=400:vbv-bufsize=400:bitrate=400';
const X264: readonly Recipe[] = [
  { name: 'defaults', params: 'keyint=8' },
  { name: 'constrained baseline', params: 'keyint=8', extra: ['-profile:v', 'baseline'] },
  { name: 'CAVLC', params: 'cabac=0:bframes=3' },
  { name: 'no B-frames: POC type 2', params: 'bframes=0' },
  { name: 'MBAFF, top field first', params: 'tff=1:keyint=8', extra: ['-flags', '+ildct+ilme'] },
  { name: 'MBAFF, bottom field first', params: 'bff=1' },
  { name: 'fake interlaced', params: 'fake-interlaced=1:keyint=8' },
  { name: 'four slices', params: 'slices=4:bframes=2' },
  { name: 'sliced threads', params: 'sliced-threads=1:threads=2' },
  { name: 'slices by size, AUD', params: 'slice-max-size=150:aud=1' },
  { name: 'HRD, CBR with filler', params: `nal-hrd=cbr:filler=1:pic-struct=1:${HRD}` },
  { name: 'HRD, VBR, interlaced', params: `nal-hrd=vbr:tff=1:keyint=6:${HRD}` },
  { name: 'picture timing alone', params: 'pic-struct=1:aud=1' },
  {
    name: 'open GOP, B-pyramid',
    params: 'open-gop=1:b-pyramid=normal:bframes=5:keyint=7:min-keyint=7:b-adapt=0',
  },
  { name: 'intra refresh', params: 'intra-refresh=1:keyint=8' },
  {
    name: 'variable frame rate, full range',
    params:
      'force-cfr=0:fullrange=on:colorprim=bt709:transfer=bt709:colormatrix=bt709:videoformat=pal:overscan=crop:chromaloc=2',
  },
  { name: 'odd cropping and aspect ratio', params: 'sar=7/5', size: '130x50' },
  { name: '4:2:2 10 bit', params: 'keyint=8', pix: 'yuv422p10le', size: '102x50' },
  { name: '4:4:4', params: 'cqm=jvt', pix: 'yuv444p', size: '101x51' },
  { name: 'monochrome', params: 'keyint=8', pix: 'gray' },
  { name: 'intra profile', params: 'keyint=1:avcintra-class=0', pix: 'yuv420p10le' },
  { name: 'frame packing and stitched sets', params: 'frame-packing=3:stitchable=1:weightp=2:ref=4' },
];

describe('x264', () => {
  it.each(X264)('$name: agrees with ffmpeg, field by field', async (recipe) => {
    const file = await encode(recipe, 'h264');
    const units = await compare(file, 'h264');
    expect(units).toHaveLength(16);
    expect(units[0]).toMatchObject({ isKeyframe: true, picture: 'frame' });

    // The same as AVCC.
    const stream = await readFile(file);
    const nals = [...nalUnitsOfAnnexB(stream)].map((n) => stream.subarray(n.start, n.end));
    const avcc = writeAvcc(nals, 4);
    expect([...nalUnitsOfAvcc(avcc, 4)].map((n) => hex(avcc.subarray(n.start, n.end)))).toEqual(
      nals.map(hex),
    );
  });

  it('captions: what was put in as T.35 comes out of the decoder and the encoder again', async () => {
    const stream = await readFile(
      await encode({ name: 'for captions', params: 'bframes=0:keyint=8' }, 'h264'),
    );
    const captions = Uint8Array.from(Buffer.from('b50031474139340341fffc9420ff', 'hex'));
    const sei = writeSeiNal([{ payloadType: 4, payload: captions }]);
    const out: Uint8Array[] = [];
    for (const { nalUnits } of accessUnitsOf(stream, 'h264').units) {
      const at = nalUnits.findIndex(({ type }) => hasSliceHeader(type));
      const nals = nalUnits.map(({ bytes }) => bytes);
      out.push(...nals.slice(0, at), sei, ...nals.slice(at));
    }
    const captioned = join(folder, 'captioned.h264');
    const again = join(folder, 'captioned-again.h264');
    await writeFile(captioned, Buffer.concat(out.flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal])));
    await compare(captioned, 'h264');
    await run('ffmpeg', [
      '-v',
      'error',
      '-i',
      captioned,
      '-c:v',
      'libx264',
      '-a53cc',
      '1',
      '-f',
      'h264',
      '-y',
      again,
    ]);
    const units = await compare(again, 'h264');
    const registered = units
      .flatMap(({ nalUnits }) => nalUnits)
      .filter(({ type }) => type === NalType.sei)
      .flatMap(({ bytes }) => parseSeiNal(bytes))
      .filter(({ payloadType }) => payloadType === 4)
      .map((message) => decodeSei(message));
    expect(registered).toHaveLength(units.length);
    for (const decoded of registered) {
      expect(decoded).toMatchObject({
        kind: 'userDataRegistered',
        countryCode: 0xb5,
        userIdentifier: 'GA94',
        content: 'cea-608/708',
        captions: { processCcData: true, packets: [{ valid: true, type: 0, data: 0x9420 }] },
      });
    }
  });
});

describe('other encoders', async () => {
  const files = (await readdir(FIXTURES)).filter((file) => file.endsWith('.h264'));

  it('are there', () => expect(files.length).toBeGreaterThanOrEqual(3));

  it.each(files)('%s agrees with ffmpeg, field by field', async (file) => {
    const units = await compare(join(FIXTURES, file), 'h264');
    expect(units.length).toBeGreaterThanOrEqual(6);
  });
});

describe('x265', () => {
  const X265: readonly Recipe[] = [
    {
      name: 'SEI of every kind',
      params: `hrd=1:aud=1:repeat-headers=1:hash=1:keyint=8:log-level=none:${HRD}`,
    },
    {
      name: 'HDR and slices',
      params:
        'slices=2:keyint=6:max-cll=1000,400:hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):log-level=none',
      pix: 'yuv420p10le',
      size: '256x192',
    },
  ];

  it.each(X265)('$name: NAL units, access units and SEI agree with ffmpeg', async (recipe) => {
    const file = await encode(recipe, 'hevc');
    const units = await compare(file, 'hevc');
    expect(units).toHaveLength(16);
    expect(units[0]).toMatchObject({ isKeyframe: true, picture: 'frame', slice: null });
    const kinds = units
      .flatMap(({ nalUnits }) => nalUnits)
      .filter(({ type }) => isSei(type, 'hevc'))
      .flatMap(({ bytes }) => parseSeiNal(bytes, 'hevc'))
      .map((message) => decodeSei(message, { codec: 'hevc' }));
    // x265's own note on itself.
    expect(kinds).toContainEqual(
      expect.objectContaining({ kind: 'userDataUnregistered', text: expect.stringContaining('x265') }),
    );
  });
});
