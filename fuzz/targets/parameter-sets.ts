import {
  type AccessUnit,
  AccessUnitSplitter,
  type Codec,
  hasSliceHeader,
  NalType,
  ParameterSets,
  parsePps,
  parseSliceHeader,
  parseSliceStart,
  parseSps,
} from '../../h264-sei-parser/src/index.ts';
import { hashOf, Random } from '../lib/random.ts';
import { checkError, holds, type Probe, type Target } from '../lib/target.ts';
import { splitAnnexB } from '../reference/framing.ts';

/** Level 6.2 has 139,264 macroblocks, and no side of more than the root of eight times that (clause A.3.1). */
const LARGEST_SIDE = 16_880;

/** Readers of one NAL unit, each given whatever comes. */
export const headersTarget: Target = {
  name: 'headers',
  kinds: ['nal'],
  pastFraming: 'a parameter set or the start of a slice header was read to its end',
  codes: [],
  run(input, probe) {
    const sps = probe.attempt(() => parseSps(input), input);
    const pps = probe.attempt(() => parsePps(input), input);
    const start = probe.attempt(() => parseSliceStart(input), input);
    if (sps !== undefined) {
      holds(sps.width > 0 && sps.height > 0, 'a picture has a size');
      holds(Number.isSafeInteger(sps.width) && sps.width <= LARGEST_SIDE, 'a width that pictures have');
      holdsJson(sps);
    }
    if (pps !== undefined) holdsJson(pps);
    const isRead = sps !== undefined || pps !== undefined || start !== undefined;
    if (isRead) probe.past();
    probe.saw(`${sps?.profileIdc} ${sps?.picOrderCntType} ${pps?.numSliceGroups} ${start?.sliceType}`);
  },
};

/** A stream's parameter sets and slice headers, in its order. */
export const slicesTarget: Target = {
  name: 'slices',
  kinds: ['annex-b'],
  pastFraming: 'a slice header was read with the parameter sets that came before it',
  codes: [],
  run(input, probe) {
    const sets = new ParameterSets();
    for (const nal of splitAnnexB(input)) {
      const added = probe.attempt(() => sets.add(nal), nal);
      if (added?.kind === 'sps') {
        holds(sets.sps(added.sps.id) !== null, 'a parameter set that was taken is kept');
        probe.saw(added.changed ? 'sps' : 'same sps');
      }
      if (!hasSliceHeader(nal[0]! & 0x1f)) continue;
      const slice = probe.attempt(() => parseSliceHeader(nal, sets), nal);
      if (slice === undefined) continue;
      probe.past();
      holdsJson(slice);
      holds(slice.nalUnitType === (nal[0]! & 0x1f), 'the type is that of the header');
      holds(slice.isIdr === (slice.nalUnitType === NalType.idr), 'an IDR slice is one by its type');
      probe.saw(`${slice.sliceType} ${slice.fieldPic} ${slice.redundantPicCnt > 0} ${slice.picOrderCntType}`);
    }
  },
};

function splitUnits(
  nals: readonly Uint8Array[],
  options: { codec: Codec; groupFields?: boolean; maxBytes?: number },
): AccessUnit[] {
  const splitter = new AccessUnitSplitter(options);
  return [...nals.flatMap((nal) => splitter.push(nal)), ...splitter.end()];
}

function checkUnits(units: readonly AccessUnit[], nals: readonly Uint8Array[], probe: Probe): void {
  const given = units.flatMap(({ nalUnits }) => nalUnits.map(({ bytes }) => bytes));
  holds(
    given.length === nals.length && given.every((bytes, i) => bytes === nals[i]),
    'every NAL unit comes out once, in order',
  );
  for (const unit of units) {
    holds(unit.nalUnits.length > 0 || unit.problems.length > 0, 'no access unit is of nothing');
    for (const problem of unit.problems) {
      checkError(problem, unit.nalUnits.map(({ bytes }) => bytes).sort((a, b) => b.length - a.length)[0]);
      holds(problem.name === 'BitstreamError', `a problem is a coded error, not ${problem.name}`);
      probe.code(problem.code);
    }
    probe.saw(`${unit.picture} ${unit.isKeyframe}`);
  }
}

/** NAL units put together to access units: none lost, none doubled, none out of order. */
export const accessUnitsTarget: Target = {
  name: 'access-units',
  kinds: ['annex-b', 'annex-b', 'hevc'],
  weight: 5,
  pastFraming: 'NAL units went through the splitter, and one access unit or more has a picture',
  codes: [],
  run(input, probe) {
    const hash = hashOf(input);
    const nals = splitAnnexB(input);
    const looksHevc = nals.some((nal) => nal[0] === 0x40 && nal[1] === 1);
    const codec: Codec = looksHevc ? 'hevc' : 'h264';
    const units = splitUnits(nals, { codec });
    checkUnits(units, nals, probe);
    const grouped = splitUnits(nals, { codec, groupFields: true });
    checkUnits(grouped, nals, probe);
    holds(grouped.length <= units.length, 'fields are put together, never apart');
    checkUnits(splitUnits(nals, { codec, maxBytes: 64 + new Random(hash).int(400) }), nals, probe);
    if (units.some(({ picture }) => picture !== null)) probe.past();
    probe.saw(Math.min(units.length, 12));
  },
};

/** Readings are told to be safe for JSON: no NaN, no infinity, no bigint. */
function holdsJson(value: object): void {
  const bad = JSON.stringify(value, (_, field: unknown) => {
    if (typeof field === 'number') holds(Number.isFinite(field), 'numbers that are numbers');
    return field;
  });
  holds(bad !== undefined, 'JSON takes it');
}
