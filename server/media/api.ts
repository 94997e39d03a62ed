import { CONSOLE_OPERATIONS } from '../../director/console/operations.ts';
import { CUE_OPERATIONS } from '../../director/operations.ts';
import { RUNDOWN_OPERATIONS } from '../../director/rundown/operations.ts';
import { STAGE_OPERATIONS } from '../../director/stage/operations.ts';
import { TRIGGER_OPERATIONS } from '../../director/triggers/operations.ts';
import { CLOCK_HEALTH_OPERATION } from '../../service/clock-health/operations.ts';
import type { ApiInfo } from '../../service/openapi/document.ts';
import { OPERATING } from '../../service/openapi/operating.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import { VERSION } from '../version.ts';
import { STREAM_OPERATIONS } from './operations.ts';
import { LATENCY_OPERATIONS } from './slate/operations.ts';
import { TRACE_OPERATION } from './trace-routes.ts';

export const MEDIA_API: ApiInfo = {
  title: 'framecue media',
  description:
    "Cues into the video: marking, landing receipts, streams and their health. What cues open is the events process's: see its own `/docs`. Moments are Unix milliseconds where nothing else is said; `POST` and `PUT` take RFC 3339 too.",
  version: VERSION,
  tags: {
    cues: 'Mark, arm, take, change and take back.',
    rundown: 'The running order of a show.',
    consoles: 'Several directors: the channel, control, rehearsal and the as-run log.',
    triggers: 'Addresses that a stream deck can press.',
    stage: 'Stage screens, and what a touch on them may take.',
    latency: 'From the lens to here, and from the eye to the key.',
    streams: 'What is on air, and how healthy it is.',
    audit: 'What outputs and CDNs keep of each cue.',
    recordings: 'Shows for replays.',
    feed: 'Cues for backends.',
    stamps: 'What stamps are checked with.',
    clock: 'How well the clock is synchronised.',
    operating: 'For whoever runs it.',
  },
};

export const mediaOperations = (): readonly Operation[] => [
  ...CUE_OPERATIONS,
  TRACE_OPERATION,
  ...RUNDOWN_OPERATIONS,
  ...CONSOLE_OPERATIONS,
  ...TRIGGER_OPERATIONS,
  ...STAGE_OPERATIONS,
  ...LATENCY_OPERATIONS,
  ...STREAM_OPERATIONS,
  CLOCK_HEALTH_OPERATION,
  ...OPERATING,
];
