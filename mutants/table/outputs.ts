import type { MutantTable } from '../lib/mutant.ts';

const scheduler = (name: string) => ({ file: 'client/src/scheduler/scheduler.test.ts', name });
const verify = (name: string) => ({ file: 'qa/verify/verify.test.ts', name });

export const OUTPUTS: MutantTable = [
  {
    name: 'hls-composition-offset-sign',
    file: 'delivery/cmaf/fragment.ts',
    find: 'table.setInt32(index * 16 + 12, compositionOffset);',
    replace: 'table.setInt32(index * 16 + 12, -compositionOffset);',
    test: { file: 'delivery/cmaf/fragment.test.ts', name: 'says what it was given, whatever that is' },
    why: 'HLS shows B-frames in the wrong order',
  },
  {
    name: 'hls-base-decode-time',
    file: 'delivery/cmaf/fragment.ts',
    find: "fullBox('tfdt', 1, 0, u64(baseDecodeTime)),",
    replace: "fullBox('tfdt', 1, 0, u64(baseDecodeTime + 90)),",
    test: { file: 'delivery/cmaf/fragment.test.ts', name: 'says what it was given, whatever that is' },
    why: "HLS's mediaTime is not the stream's PTS: cues fire beside their pictures",
  },
  {
    name: 'daterange-start',
    file: 'delivery/carriers/date-ranges.ts',
    find: 'return Math.floor(segment.date) + Math.round(pts - segment.startPts);',
    replace: 'return Math.floor(segment.date);',
    test: {
      file: 'delivery/carriers/date-ranges.test.ts',
      name: 'is written once it has landed: all values at once, dated by its segment',
    },
    why: 'Safari opens up to a segment early',
  },
  {
    name: 'emsg-time',
    file: 'delivery/carriers/event-message.ts',
    find: 'u64(ticksOf(eventPts)),',
    replace: 'u64(ticksOf(carried.pts)),',
    test: {
      file: 'delivery/carriers/event-message.test.ts',
      name: 'has the fire PTS in every copy, and one id for all that say the same',
    },
    why: 'a player opens at the announcement',
  },
  {
    name: 'carrier-open-while-sealed',
    file: 'cues/wire/carrier.ts',
    find: 'const isOpen = fireIn <= 0 && (',
    replace: 'const isOpen = (',
    test: {
      file: 'cues/wire/carrier.test.ts',
      name: 'is not open before its picture, whatever it brings along',
    },
    why: 'a carrier writes for good what may be taken back yet',
  },
  {
    name: 'client-fires-early',
    file: 'client/src/scheduler/due.ts',
    find: 'shown.ptsMs < fireMs - toleranceMs',
    replace: 'shown.ptsMs < fireMs - toleranceMs - 40',
    test: scheduler('never on a frame before it, within the rounding of time bases'),
    why: 'a cue opens one picture early',
  },
  {
    name: 'client-fires-twice',
    file: 'client/src/scheduler/scheduler.ts',
    find: 'this.#done.set(cue.id, cue.rev);\n    this.#sink.outcome(outcomeOf(entry, due, cue.outcome, reason, cue));',
    replace: 'this.#sink.outcome(outcomeOf(entry, due, cue.outcome, reason, cue));',
    test: { file: 'client/src/scheduler/scheduler.model.test.ts', name: 'never early, never twice' },
    why: 'a product card comes again with each of its copies',
  },
  {
    name: 'client-fires-after-exp',
    file: 'client/src/scheduler/scheduler.ts',
    find: 'return this.#time.unix().ms >= entry.facts.exp;',
    replace: 'return this.#time.unix().ms < 0;',
    test: scheduler('nothing fires from exp on, and what is open closes'),
    why: 'recordings fire cues',
  },
  {
    name: 'client-takes-forgeries',
    file: 'client/src/stamps/verifier.ts',
    find: "          return { kind: 'refused', code: 'ERR_STAMP_SIGNATURE' };",
    replace: "          return { kind: 'good', cue: { body: stamp.body, data: null } };",
    test: {
      file: 'client/src/stamps/intake.test.ts',
      name: 'a forgery does not stand for the cue whose id it took',
    },
    why: 'whoever can put SEI into the stream can open a quiz',
  },
  {
    name: 'verify-fire-pts-of-copies',
    file: 'qa/verify/cue-copies.ts',
    find: 'if (Math.abs(firePts - usual) <= 1) continue;',
    replace: 'continue;',
    test: verify('catches a copy with another fire PTS'),
    why: 'the report says all is well where copies disagree',
  },
  {
    name: 'verify-early-key',
    file: 'qa/verify/cue-copies.ts',
    find: 'if (isOpen && tells) this.#leak ??= frame;',
    replace: '',
    test: verify('catches a key that travels early'),
    why: 'nobody notices that the answer leaks',
  },
  {
    name: 'verify-forged-stamp',
    file: 'qa/verify/judge.ts',
    find: "if (signature === 'bad' || signature === 'unknown-key') {",
    replace: "if (signature === 'unknown-key') {",
    test: verify('catches a forged stamp'),
    why: 'a forged stamp counts as the cue',
  },
  {
    name: 'verify-sei-after-slices',
    file: 'qa/verify/judge.ts',
    find: 'if (afterSlices) note(',
    replace: 'if (afterSlices && stamp === null) note(',
    test: verify('catches SEI after the slices'),
    why: 'a server that puts SEI behind the slices passes the check',
  },
];
