import { CUE_OPERATIONS } from '../../director/operations.ts';
import type { ApiInfo } from '../../service/openapi/document.ts';
import { OPERATING } from '../../service/openapi/operating.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import { VERSION } from '../version.ts';
import { STREAM_OPERATIONS } from './operations.ts';
import { TRACE_OPERATION } from './trace-routes.ts';

export const MEDIA_API: ApiInfo = {
  title: 'framecue media',
  description:
    "Cues into the video: marking, landing receipts, streams and their health. What cues open is the events process's: see its own `/docs`. Moments are Unix milliseconds where nothing else is said; `POST` and `PUT` take RFC 3339 too.",
  version: VERSION,
  tags: {
    cues: 'Mark, arm, take, change and take back.',
    streams: 'What is on air, and how healthy it is.',
    audit: 'What outputs and CDNs keep of each cue.',
    recordings: 'Shows for replays.',
    feed: 'Cues for backends.',
    stamps: 'What stamps are checked with.',
    operating: 'For whoever runs it.',
  },
};

export const mediaOperations = (): readonly Operation[] => [
  ...CUE_OPERATIONS,
  TRACE_OPERATION,
  ...STREAM_OPERATIONS,
  ...OPERATING,
];
