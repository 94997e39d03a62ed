import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { JsonObject, UnixMs } from '../../service/openapi/parts.ts';
import { AddRequest } from './audit-routes.ts';
import { StartRequest } from './recorder-routes.ts';

/** What the status page reads; it grows, so that fields beyond these can stand in it. */
export const StreamStatus = z.looseObject({
  stream: z.string(),
  live: z.boolean().meta({ description: 'A publisher is there and its first picture has passed.' }),
  epoch: z.string().nullable(),
  frame: z.number().meta({ description: 'Access units since the epoch began.' }),
  stamping: z.looseObject({ on: z.boolean() }),
  recording: JsonObject.nullable(),
  publisher: JsonObject.nullable(),
  health: JsonObject.nullable().meta({ description: 'Measured over the last seconds.' }),
  encoderClock: JsonObject.nullable(),
  viewers: z.looseObject({ flv: z.number(), ws: z.number(), hls: z.number(), total: z.number() }),
  injector: JsonObject,
  audit: JsonObject.nullable(),
});

export const MediaStatus = z.looseObject({
  at: UnixMs,
  streams: z.array(StreamStatus),
  recentEvents: z.array(JsonObject).meta({ description: 'Publishers refused or ended, newest first.' }),
});

export const Recording = z.strictObject({
  recording: z
    .strictObject({
      name: z.string(),
      stream: z.string(),
      state: z.enum(['waiting', 'recording', 'ended']),
      startedAt: UnixMs,
      durationMs: z.number(),
      reason: z.string().nullable(),
      error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
      packets: z.number(),
      cues: z.number(),
      records: z.number(),
      bytes: z.number(),
      segments: z.number(),
      lost: z.number(),
    })
    .nullable(),
});

export const Shows = z.strictObject({
  folder: z.string(),
  usedBytes: z.number().nullable(),
  quotaBytes: z.number(),
  shows: z.array(
    z.strictObject({
      name: z.string(),
      bytes: z.number(),
      recording: z.boolean(),
      stream: z.string().nullable(),
      startedAt: z.string().nullable(),
      end: JsonObject.nullable(),
      problem: z.string().nullable(),
    }),
  ),
});

export const AuditedOutputs = z.strictObject({
  outputs: z.array(z.looseObject({ output: z.string() })),
});

const STREAM = '/api/v1/streams/{app}/{name}';

/** Streams as they are, what is recorded of them, and what their outputs carry. */
export const STREAM_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/v1/status',
    tag: 'streams',
    summary: 'All streams, and publishers that were refused',
    right: 'read',
    answers: { 200: { text: 'What the status page shows.', schema: MediaStatus } },
  },
  {
    method: 'get',
    path: '/api/v1/streams',
    tag: 'streams',
    summary: 'All streams since the start',
    right: 'read',
    answers: { 200: { text: 'In any order.', schema: z.strictObject({ streams: z.array(StreamStatus) }) } },
  },
  {
    method: 'get',
    path: STREAM,
    tag: 'streams',
    summary: 'One stream',
    right: 'read',
    answers: { 200: { text: 'As it is.', schema: StreamStatus } },
    errors: ['ERR_STREAM_NOT_LIVE'],
  },
  {
    method: 'post',
    path: `${STREAM}/preview`,
    tag: 'streams',
    summary: 'An address of the picture ahead of the programme delay',
    description:
      'HTTP-FLV with the same PTS as the programme; the address needs no header and is good for a while.',
    right: 'read',
    answers: {
      200: {
        text: 'Without a programme delay it is the ordinary address.',
        schema: z.strictObject({
          url: z.string(),
          protocol: z.literal('flv'),
          expiresAt: UnixMs.nullable(),
          programmeDelayMs: z.number(),
        }),
      },
    },
  },
  {
    method: 'get',
    path: `${STREAM}/recording`,
    tag: 'recordings',
    summary: 'What is being recorded',
    right: 'read',
    answers: { 200: { text: 'The newest; null where there is none.', schema: Recording } },
  },
  {
    method: 'post',
    path: `${STREAM}/recording`,
    tag: 'recordings',
    summary: 'Record the stream, for replays',
    right: 'direct',
    body: { schema: StartRequest, optional: true },
    answers: { 201: { text: 'It is being recorded.', schema: Recording } },
    errors: [
      'ERR_SHOW_EXISTS',
      'ERR_RECORD_DISK',
      'ERR_RECORD_QUOTA',
      'ERR_RECORDING_RUNNING',
      'ERR_STREAM_NOT_LIVE',
    ],
  },
  {
    method: 'post',
    path: `${STREAM}/recording/stop`,
    tag: 'recordings',
    summary: 'End the recording',
    right: 'direct',
    answers: { 200: { text: 'It is on the disk.', schema: Recording } },
    errors: ['ERR_RECORDING_NONE'],
  },
  {
    method: 'get',
    path: '/api/v1/shows',
    tag: 'recordings',
    summary: 'Recorded shows',
    right: 'read',
    answers: { 200: { text: 'The oldest first.', schema: Shows } },
  },
  {
    method: 'get',
    path: `${STREAM}/audit`,
    tag: 'audit',
    summary: 'Which outputs are read back, and what they carry',
    right: 'read',
    answers: { 200: { text: 'Our own and those named.', schema: AuditedOutputs } },
    errors: ['ERR_AUDIT_OFF'],
  },
  {
    method: 'post',
    path: `${STREAM}/audit`,
    tag: 'audit',
    summary: 'Read one more output back',
    right: 'direct',
    body: { schema: AddRequest },
    answers: { 201: { text: 'It is being read.', schema: z.looseObject({ output: z.string() }) } },
    errors: ['ERR_AUDIT_OFF', 'ERR_AUDIT_URL', 'ERR_AUDIT_EXISTS', 'ERR_AUDIT_LIMIT', 'ERR_AUDIT_FILE'],
  },
  {
    method: 'delete',
    path: `${STREAM}/audit/{output}`,
    tag: 'audit',
    summary: 'Read it back no longer',
    right: 'direct',
    answers: { 204: { text: 'It is not read any more.' } },
    errors: ['ERR_AUDIT_OFF', 'ERR_AUDIT_FILE'],
  },
];
