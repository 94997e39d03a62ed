import type { Target } from '../lib/target.ts';
import { carriersTarget } from './carriers.ts';
import { aacTarget, avcRecordTarget, flvTarget, tagBodyTarget } from './containers.ts';
import { injectorShowTarget, injectorUnitTarget } from './injector.ts';
import { annexBTarget, avccTarget, escapeTarget } from './nal-units.ts';
import { accessUnitsTarget, headersTarget, slicesTarget } from './parameter-sets.ts';
import { hevcSeiTarget, payloadTarget, seiTarget } from './sei.ts';
import { annexBSourceTarget, flvSourceTarget, mp4Target, tsSourceTarget } from './sources.ts';
import { stampTextTarget } from './stamps.ts';
import { nextFrameTarget, timelineTarget } from './times.ts';

/** All that `npm run fuzz` runs. */
export const TARGETS: readonly Target[] = [
  escapeTarget,
  avccTarget,
  annexBTarget,
  seiTarget,
  hevcSeiTarget,
  payloadTarget,
  headersTarget,
  slicesTarget,
  accessUnitsTarget,
  flvTarget,
  tagBodyTarget,
  avcRecordTarget,
  aacTarget,
  stampTextTarget,
  carriersTarget,
  flvSourceTarget,
  annexBSourceTarget,
  tsSourceTarget,
  mp4Target,
  injectorUnitTarget,
  injectorShowTarget,
  timelineTarget,
  nextFrameTarget,
];
