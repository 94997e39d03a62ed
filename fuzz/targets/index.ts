import type { Target } from '../lib/target.ts';
import { aacTarget, avcRecordTarget, flvTarget, tagBodyTarget } from './containers.ts';
import { injectorShowTarget, injectorUnitTarget } from './injector.ts';
import { annexBTarget, avccTarget, escapeTarget } from './nal-units.ts';
import { accessUnitsTarget, headersTarget, slicesTarget } from './parameter-sets.ts';
import { payloadTarget, seiTarget } from './sei.ts';
import { stampTextTarget } from './stamps.ts';
import { nextFrameTarget, timelineTarget } from './times.ts';

/** All that `npm run fuzz` runs. */
export const TARGETS: readonly Target[] = [
  escapeTarget,
  avccTarget,
  annexBTarget,
  seiTarget,
  payloadTarget,
  headersTarget,
  slicesTarget,
  accessUnitsTarget,
  flvTarget,
  tagBodyTarget,
  avcRecordTarget,
  aacTarget,
  stampTextTarget,
  injectorUnitTarget,
  injectorShowTarget,
  timelineTarget,
  nextFrameTarget,
];
