import {
  AnnexBReader,
  type BitstreamError,
  type Codec,
  escapeRbsp,
  nalItemsOfAvcc,
  nalTypeOf,
  nalUnitsOfAnnexB,
  nalUnitsOfAvcc,
  type StreamNal,
  unescapeRbsp,
  writeAnnexB,
  writeAvcc,
} from '../../h264-sei-parser/src/index.ts';
import { hashOf, Random } from '../lib/random.ts';
import { checkError, holds, type Probe, type Target } from '../lib/target.ts';
import { lengthSizeOf } from '../mutate/index.ts';
import { escapeByBytes, unescapeByBytes } from '../reference/escape.ts';
import { sameBytes, splitAnnexB, splitAvcc } from '../reference/framing.ts';

/** Emulation prevention both ways, against the reference. */
export const escapeTarget: Target = {
  name: 'escape',
  kinds: ['nal', 'sei'],
  pastFraming: 'a payload of a byte or more went both ways',
  codes: [],
  run(input, probe) {
    const escaped = escapeRbsp(input);
    holds(sameBytes(escaped, escapeByBytes(input)), 'escaping is what the standard spells');
    holds(sameBytes(unescapeRbsp(escaped), input), 'unescaping undoes escaping');
    const plain = unescapeRbsp(input);
    holds(sameBytes(plain, unescapeByBytes(input)), 'unescaping is what the standard spells');
    if (plain === input) holds(sameBytes(plain, input), 'nothing to take out, nothing copied');
    for (let at = 2; at < escaped.length; at++) {
      const isEmulation = escaped[at - 2] === 0 && escaped[at - 1] === 0 && escaped[at]! < 3;
      holds(!isEmulation, 'no start code is left in an escaped payload');
    }
    if (input.length > 0) probe.past();
    probe.saw(Math.min(8, escaped.length - input.length));
  },
};

/** AVCC walks, strict and lenient, against each other and the reference; written again. */
export const avccTarget: Target = {
  name: 'avcc',
  kinds: ['avcc'],
  pastFraming: 'the lenient walk gave a NAL unit and met no problem up to the end',
  codes: [],
  run(input, probe) {
    const size = lengthSizeOf(input[0] ?? 3);
    const data = input.subarray(1);
    const expected = splitAvcc(data, size);
    const strict = probe.attempt(() => [...nalUnitsOfAvcc(data, size)], data);
    holds((strict !== undefined) === expected.whole, 'the strict walk throws where data cannot be walked');
    const items = [...nalItemsOfAvcc(data, size)];
    let at = 0;
    let problems = 0;
    for (const item of items) {
      holds(item.start >= at && item.end <= data.length, 'items lie in the data, in order');
      at = item.end;
      if (item.kind === 'nal') continue;
      problems++;
      checkError(item.error, data);
      probe.code(item.error.code);
    }
    holds(at === data.length, 'the lenient walk accounts for all bytes');
    holds((problems === 0) === expected.whole, 'what the strict walk refuses, the lenient one reports');
    if (strict !== undefined) {
      holds(strict.length === expected.nals.length, 'as many NAL units as the reference finds');
      const units = strict.map(({ start, end }) => data.subarray(start, end));
      holds(
        units.every((unit, i) => sameBytes(unit, expected.nals[i]!)),
        'the NAL units that the reference finds',
      );
      holds(sameBytes(writeAvcc(units, size), data), 'what was walked is written to the same bytes');
      if (units.length > 0) probe.past();
      // A shorter length may not hold them: then that is said, and nothing else happens.
      probe.attempt(() => writeAvcc(units, 1));
    }
    probe.saw(`${problems} ${items.length}`);
    probe.attempt(() => [...nalUnitsOfAvcc(data, 3 as never)], data);
  },
};

interface StreamReading {
  readonly nals: StreamNal[];
  readonly problems: BitstreamError[];
}

function readChunks(data: Uint8Array, cuts: readonly number[], codec: Codec, max?: number): StreamReading {
  const reader = new AnnexBReader(max === undefined ? { codec } : { codec, maxNalBytes: max });
  const nals: StreamNal[] = [];
  const problems: BitstreamError[] = [];
  const take = (items: ReturnType<AnnexBReader['push']>): void => {
    for (const item of items) {
      if (item.kind === 'nal') nals.push({ ...item, bytes: item.bytes.slice() });
      else problems.push(item.error);
    }
  };
  let from = 0;
  for (const cut of [...cuts, data.length]) {
    // A chunk of its own memory, wiped once it was read: what is kept may not point into it.
    const chunk = data.slice(from, cut);
    take(reader.push(chunk));
    chunk.fill(0xee);
    from = cut;
  }
  take(reader.end());
  return { nals, problems };
}

function cutsOf(data: Uint8Array): number[] {
  const random = new Random(hashOf(data));
  const most = random.chance(0.03) ? data.length : 6;
  const cuts = Array.from({ length: random.int(Math.min(most, data.length) + 1) }, () =>
    random.int(data.length + 1),
  );
  return cuts.sort((a, b) => a - b);
}

function checkStream(data: Uint8Array, codec: Codec, probe: Probe): void {
  const expected = splitAnnexB(data);
  const ranges = [...nalUnitsOfAnnexB(data, codec)];
  holds(ranges.length === expected.length, 'as many NAL units as the reference finds');
  for (const [i, { type, start, end }] of ranges.entries()) {
    const bytes = data.subarray(start, end);
    holds(sameBytes(bytes, expected[i]!), 'the NAL units that the reference finds');
    holds(type === nalTypeOf(bytes[0]!, codec), 'the type is that of the header');
  }
  const whole = readChunks(data, [], codec);
  const chunked = readChunks(data, cutsOf(data), codec);
  for (const { nals, problems } of [whole, chunked]) {
    holds(nals.length === ranges.length, 'the chunked reader gives each NAL unit once');
    for (const [i, nal] of nals.entries()) {
      holds(nal.offset === ranges[i]!.start, 'with its place in the stream');
      holds(sameBytes(nal.bytes, expected[i]!), 'bit-identical, wherever chunks were cut');
    }
    for (const error of problems) {
      checkError(error, data);
      probe.code(error.code);
    }
  }
  const codesOf = ({ problems }: StreamReading): string =>
    problems.map(({ code, offset }) => `${code} ${offset}`).join();
  holds(
    codesOf(whole) === codesOf(chunked),
    'the same problems at the same places, wherever chunks were cut',
  );
  const written = writeAnnexB(expected);
  const again = splitAnnexB(written);
  holds(
    again.length === expected.length && again.every((nal, i) => sameBytes(nal, expected[i]!)),
    'writing loses nothing',
  );
  const limit = 24;
  const bounded = readChunks(data, cutsOf(data), codec, limit);
  const fitting = expected.filter(({ length }) => length <= limit);
  holds(
    bounded.nals.length === fitting.length &&
      bounded.nals.every(({ bytes }, i) => sameBytes(bytes, fitting[i]!)),
    'a limit takes out what is above it, and nothing else',
  );
  for (const { code } of bounded.problems) probe.code(code);
  if (ranges.length > 0) probe.past();
  probe.saw(ranges.map(({ type }) => type).join());
}

/** Byte streams: whole, in chunks cut anywhere, and with a limit. */
export const annexBTarget: Target = {
  name: 'annex-b',
  kinds: ['annex-b', 'hevc'],
  pastFraming: 'a NAL unit was found between start codes, by the whole and by the chunked reader',
  codes: [],
  run: (input, probe) => checkStream(input, (hashOf(input) & 1) === 0 ? 'h264' : 'hevc', probe),
};
