import { FramecueError } from '../../packet/errors.ts';
import { AnnexBSourceReader } from '../../qa/sources/annexb.ts';
import { FlvSourceReader } from '../../qa/sources/flv.ts';
import type { ContainerReader, ReaderOptions, SourceItem } from '../../qa/sources/items.ts';
import { boxesIn, boxIn, Mp4Error, tracksOf, u32 } from '../../qa/sources/mp4-boxes.ts';
import { runsOfFragment, samplesOf } from '../../qa/sources/mp4-samples.ts';
import { PROBLEMS } from '../../qa/sources/problem-codes.ts';
import { TsSourceReader } from '../../qa/sources/ts.ts';
import { hashOf, Random } from '../lib/random.ts';
import { holds, type Probe, type Target } from '../lib/target.ts';

const OPTIONS: ReaderOptions = { audio: true, metadata: true, maxUnitBytes: 4096 };

interface Reading {
  readonly items: readonly SourceItem[];
  /** The source as a whole was refused. */
  readonly refused: string | null;
}

function readIn(reader: ContainerReader, data: Uint8Array, cuts: readonly number[]): Reading {
  const items: SourceItem[] = [];
  try {
    let from = 0;
    for (const cut of [...cuts, data.length]) {
      const chunk = data.slice(from, cut);
      for (const item of reader.push(chunk)) items.push(item);
      chunk.fill(0xee);
      from = cut;
    }
    for (const item of reader.end()) items.push(item);
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    return { items, refused: error.code };
  }
  return { items, refused: null };
}

/** Access units and problems, whole and in chunks; every one in its place. */
function checkSource(make: () => ContainerReader, data: Uint8Array, probe: Probe): void {
  const random = new Random(hashOf(data));
  const cuts = Array.from({ length: random.int(6) }, () => random.int(data.length + 1)).sort((a, b) => a - b);
  const whole = readIn(make(), data, []);
  const chunked = readIn(make(), data, cuts);
  // Out of step, a TS reader looks for its next packet in what is there: then chunks do tell.
  const inStep = !whole.items.some((item) => item.kind === 'problem' && item.code === 'TS_SYNC_LOST');
  if (inStep) holds(whole.refused === chunked.refused, 'chunks end as the whole does');
  if (whole.refused !== null) probe.code(whole.refused);
  const told = ({ items }: Reading): string => JSON.stringify(items, (_, value) => hexOf(value));
  if (inStep && whole.refused === null)
    holds(told(whole) === told(chunked), 'chunks give what the whole gives');
  let index = 0;
  let bytes = 0;
  for (const item of whole.items) {
    const { offset } = item;
    holds(offset === null || (offset >= 0 && offset <= data.length), 'an item has its place in the data');
    probe.saw(item.kind === 'problem' ? item.code : item.kind);
    if (item.kind === 'problem') {
      holds(Object.hasOwn(PROBLEMS, item.code), 'a problem stands in the table');
      continue;
    }
    if (item.kind !== 'access-unit') continue;
    holds(item.index === index++, 'access units are counted without a gap');
    bytes += item.data.length;
    probe.past();
  }
  holds(bytes <= data.length + 4 * index * 64, 'access units are no more than what was read');
}

const hexOf = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : typeof value === 'bigint'
      ? `${value}`
      : value;

const PAST = 'an access unit was found in the container';

/** FLV as `framecue inspect` reads it, leniently. */
export const flvSourceTarget: Target = {
  name: 'flv-source',
  kinds: ['flv'],
  weight: 1,
  pastFraming: PAST,
  codes: [],
  run: (input, probe) => checkSource(() => new FlvSourceReader(OPTIONS), input, probe),
};

export const annexBSourceTarget: Target = {
  name: 'annex-b-source',
  kinds: ['annex-b'],
  weight: 1,
  pastFraming: PAST,
  codes: [],
  run: (input, probe) => checkSource(() => new AnnexBSourceReader('h264', OPTIONS), input, probe),
};

export const tsSourceTarget: Target = {
  name: 'ts-source',
  kinds: ['ts'],
  weight: 1,
  pastFraming: PAST,
  codes: [],
  run: (input, probe) => checkSource(() => new TsSourceReader(OPTIONS), input, probe),
};

/** The boxes of MP4, and the samples that they list. */
export const mp4Target: Target = {
  name: 'mp4-boxes',
  weight: 1,
  kinds: ['mp4'],
  pastFraming: 'a moov or moof was walked, and gave a sample or a run',
  codes: [],
  run(input, probe) {
    attemptMp4(probe, () => {
      for (const box of boxesIn(input, 0, input.length)) {
        holds(box.body >= 0 && box.end <= input.length && box.body <= box.end, 'a box lies in the data');
        const bytes = input.subarray(box.body, box.end);
        if (box.type === 'moov') checkMoov(bytes, probe);
        if (box.type === 'moof' && !saysTooMany(bytes)) {
          attemptMp4(probe, () => {
            const defaults = { duration: 0, size: 0, flags: 0 };
            const runs = runsOfFragment(bytes, 0, 0, () => defaults, new Map());
            if (runs.length > 0) probe.past();
          });
        }
      }
    });
  },
};

/** More samples than this are not tried: twelve bytes can say any number, and the reader ends at its own bound. */
const MOST_SAMPLES = 20_000;

/** Of a run whose samples have no fields of their own. */
function saysTooMany(moof: Uint8Array): boolean {
  for (let at = moof.indexOf(0x74); at !== -1; at = moof.indexOf(0x74, at + 1)) {
    const isRun =
      at + 12 <= moof.length && Buffer.from(moof.subarray(at, at + 4)).toString('latin1') === 'trun';
    if (isRun && u32(moof, at + 8) > MOST_SAMPLES) return true;
  }
  return false;
}

function checkMoov(moov: Uint8Array, probe: Probe): void {
  attemptMp4(probe, () => {
    for (const track of tracksOf(moov, 0)) {
      const stsz = boxIn(moov, track.stbl, 'stsz');
      if (stsz !== null && u32(moov, stsz.body + 4) !== 0 && u32(moov, stsz.body + 8) > MOST_SAMPLES)
        continue;
      attemptMp4(probe, () => {
        const samples = samplesOf(moov, track.stbl);
        if (samples.length > 0) probe.past();
        probe.saw(Math.min(samples.length, 20));
      });
    }
  });
}

/** `Mp4Error` is what a reader reports as MP4_BOX_CORRUPT. */
function attemptMp4(probe: Probe, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Mp4Error)) throw error;
    probe.saw('corrupt');
  }
}
