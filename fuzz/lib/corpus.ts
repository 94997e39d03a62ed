import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unescapeByBytes } from '../reference/escape.ts';
import {
  concat,
  joinAnnexB,
  joinAvcc,
  type Message,
  splitAnnexB,
  splitAvcc,
  splitFlv,
  splitSei,
} from '../reference/framing.ts';
import { KINDS, type Kind } from './target.ts';

export const CORPUS = join(import.meta.dirname, '..', 'corpus');

/** The inputs to begin with, by kind, and the parts that mutations put in. */
export interface Corpus {
  readonly seeds: Readonly<Record<Kind, readonly Uint8Array[]>>;
  readonly nals: Readonly<Record<'h264' | 'hevc', readonly Uint8Array[]>>;
  readonly messages: readonly Message[];
}

/** A whole stream that is longer is cut at a NAL unit: short inputs are tried far more often. */
const MOST_STREAM_BYTES = 1500;
const PROGRAM_BYTES = 160;

/** Reads `fuzz/corpus`: streams, and `cases.json`. Everything else is taken out of the streams. */
export function readCorpus(folder: string = CORPUS): Corpus {
  const seeds = Object.fromEntries(KINDS.map((kind) => [kind, [] as Uint8Array[]])) as Record<
    Kind,
    Uint8Array[]
  >;
  const h264: Uint8Array[] = [];
  const hevc: Uint8Array[] = [];
  for (const file of readdirSync(folder).sort()) {
    const data = new Uint8Array(readFileSync(join(folder, file)));
    if (file.endsWith('.h264')) {
      const nals = splitAnnexB(data);
      h264.push(...nals);
      seeds['annex-b'].push(...streamsOf(nals));
      seeds.avcc.push(...accessUnitsOf(nals).map((unit, i) => avccOf(unit, i)));
    } else if (file.endsWith('.hevc')) {
      const nals = splitAnnexB(data);
      hevc.push(...nals);
      seeds.hevc.push(...streamsOf(nals));
    } else if (file.endsWith('.m2t')) seeds.ts.push(data);
    else if (file.endsWith('.mp4')) seeds.mp4.push(data);
    else if (file.endsWith('.flv')) {
      seeds.flv.push(data);
      for (const { type, body } of splitFlv(data)) {
        if (type === 9 && body[1] === 0) seeds.record.push(body.subarray(5));
        if (type === 9 && body[1] === 1) {
          const { nals } = splitAvcc(body.subarray(5), 4);
          h264.push(...nals);
          seeds.avcc.push(avccOf(nals, 3));
        }
        if (type === 8 && body[1] === 0) seeds.aac.push(body.subarray(2));
      }
    }
  }
  readCases(join(folder, 'cases.json'), seeds);
  const isSei = (nal: Uint8Array): boolean => (nal[0]! & 0x1f) === 6;
  seeds.sei.push(...h264.filter(isSei));
  seeds.nal.push(...h264);
  const messages = [...seeds.sei, ...h264.filter(isSei)].flatMap((nal) =>
    splitSei(unescapeByBytes(nal.subarray(1))),
  );
  seeds.payload.push(...messages.map(({ type, payload }) => concat([Uint8Array.of(type), payload])));
  for (let i = 0; i < 16; i++) {
    seeds.program.push(
      Uint8Array.from({ length: PROGRAM_BYTES }, (_, at) => (at * (2 * i + 1) * 37 + i * 91) & 0xff),
    );
  }
  for (const kind of KINDS) seeds[kind] = unique(seeds[kind]);
  const fromPayloads = seeds.payload.map((seed): Message => ({ type: seed[0]!, payload: seed.subarray(1) }));
  return {
    seeds,
    nals: { h264: unique([...h264, ...seeds.sei]), hevc: unique(hevc) },
    messages: fromPayloads,
  };
}

function readCases(file: string, seeds: Record<Kind, Uint8Array[]>): void {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
  for (const kind of KINDS) {
    for (const hex of Object.values(cases[kind] ?? {}))
      seeds[kind].push(Uint8Array.from(Buffer.from(hex, 'hex')));
  }
}

/** The stream's beginning, and one from its middle on. */
function streamsOf(nals: readonly Uint8Array[]): Uint8Array[] {
  const head: Uint8Array[] = [];
  let bytes = 0;
  for (const nal of nals) {
    if (head.length > 0 && bytes + nal.length > MOST_STREAM_BYTES) break;
    head.push(nal);
    bytes += nal.length + 4;
  }
  return [joinAnnexB(head, 3), joinAnnexB(head.slice(-4), 2)];
}

/** A slice with first_mb_in_slice 0 (its first bit is 1) begins one, and so does what stands before it. */
function accessUnitsOf(nals: readonly Uint8Array[]): Uint8Array[][] {
  const units: Uint8Array[][] = [[]];
  let hasSlice = false;
  for (const nal of nals) {
    const type = nal[0]! & 0x1f;
    const isSlice = type >= 1 && type <= 5;
    const begins = isSlice ? (nal[1] ?? 0) >= 0x80 : type >= 6 && type <= 9;
    if (hasSlice && begins) {
      units.push([]);
      hasSlice = false;
    }
    units.at(-1)!.push(nal);
    hasSlice ||= isSlice;
  }
  return units;
}

/** One in eight with lengths of one byte, one in eight with two. */
function avccOf(nals: readonly Uint8Array[], i: number): Uint8Array {
  const choice = i % 8 === 0 ? 0 : i % 8 === 1 ? 1 : 3;
  return concat([Uint8Array.of(choice), joinAvcc(nals, choice === 0 ? 1 : choice === 1 ? 2 : 4)]);
}

function unique(list: readonly Uint8Array[]): Uint8Array[] {
  const seen = new Map(list.map((bytes) => [Buffer.from(bytes).toString('latin1'), bytes]));
  return [...seen.values()].map((bytes) => Uint8Array.from(bytes));
}
