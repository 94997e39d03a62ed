import { z } from 'zod';
import { RundownDocument, RundownItem } from '../../cues/rundown/index.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import { Pts, Reason, UnixMs } from '../../service/openapi/parts.ts';
import { BY_CONSOLE } from '../console/operations.ts';
import { TakeRequest } from '../cue-request.ts';
import { CueResource } from '../operations.ts';
import { LoadQuery, TakeQuery, UnloadQuery } from './routes.ts';

const RUNDOWN = '/api/v1/streams/{app}/{name}/rundown';
const ITEM = `${RUNDOWN}/items/{item}`;

export const Rundown = z.strictObject({
  id: z.string(),
  title: z.string().nullable(),
  show: z.string().nullable(),
  stream: z.string(),
  rev: z.number(),
  loadedAt: UnixMs,
  by: z.string(),
  rehearsal: z.boolean(),
  next: z.string().nullable().meta({ description: 'What a plain take takes; null at the end.' }),
  items: z.array(
    RundownItem.extend({
      state: z.string(),
      cue: z.string().nullable(),
      landedPts: Pts.nullable(),
      reason: Reason.nullable(),
      runsAt: UnixMs.nullable(),
      notBefore: UnixMs.nullable(),
    }),
  ),
});

const OF_ITEM = [
  'ERR_MODE_SWITCHED',
  'ERR_RUNDOWN_NONE',
  'ERR_RUNDOWN_ITEM_UNKNOWN',
  'ERR_RUNDOWN_ITEM_STATE',
  'ERR_CONTROL_HELD',
  'ERR_STORE_UNAVAILABLE',
] as const;

export const RUNDOWN_OPERATIONS: readonly Operation[] = [
  {
    method: 'put',
    path: RUNDOWN,
    tag: 'rundown',
    summary: 'Load a rundown, or only check it',
    description: 'Checked as a whole: `details.issues` names all that is wrong, each with its item and line.',
    right: 'direct',
    headers: BY_CONSOLE,
    query: LoadQuery,
    body: { schema: RundownDocument, others: { 'text/csv': 'A line for each item; names of fields first.' } },
    answers: {
      200: {
        text: 'It is loaded; with `check`, it could be.',
        schema: z.union([
          Rundown,
          z.strictObject({
            id: z.string(),
            title: z.string().nullable(),
            items: z.number(),
            issues: z.array(z.never()),
          }),
        ]),
      },
    },
    errors: ['ERR_RUNDOWN_INVALID', 'ERR_RUNDOWN_ON_AIR', 'ERR_CONTROL_HELD', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: RUNDOWN,
    tag: 'rundown',
    summary: 'The rundown as it stands',
    right: 'read',
    answers: { 200: { text: 'Each item with its state.', schema: Rundown } },
    errors: ['ERR_RUNDOWN_NONE'],
  },
  {
    method: 'delete',
    path: RUNDOWN,
    tag: 'rundown',
    summary: 'Unload the rundown',
    right: 'direct',
    headers: BY_CONSOLE,
    query: UnloadQuery,
    answers: { 204: { text: 'None is loaded.' } },
    errors: ['ERR_RUNDOWN_NONE', 'ERR_RUNDOWN_ON_AIR', 'ERR_CONTROL_HELD', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'post',
    path: `${ITEM}/take`,
    tag: 'rundown',
    summary: 'Take an item',
    description: 'Armed or not. An item fires once, however often it is taken.',
    right: 'direct',
    headers: BY_CONSOLE,
    query: TakeQuery,
    body: { schema: TakeRequest, optional: true },
    answers: {
      200: { text: 'It had been taken before.', schema: CueResource },
      202: { text: 'Its cue is on its way into the video.', schema: CueResource },
    },
    errors: [...OF_ITEM, 'ERR_RUNDOWN_TOO_EARLY', 'ERR_STREAM_NOT_LIVE', 'ERR_RATE_LIMITED'],
  },
  {
    method: 'post',
    path: `${ITEM}/arm`,
    tag: 'rundown',
    summary: 'Arm an item',
    right: 'direct',
    headers: BY_CONSOLE,
    answers: { 202: { text: 'Its cue waits to be taken.', schema: CueResource } },
    errors: [...OF_ITEM, 'ERR_STREAM_NOT_LIVE', 'ERR_RATE_LIMITED'],
  },
  {
    method: 'post',
    path: `${ITEM}/skip`,
    tag: 'rundown',
    summary: 'Pass over an item',
    right: 'direct',
    headers: BY_CONSOLE,
    answers: { 200: { text: 'The rundown as it now stands.', schema: Rundown } },
    errors: OF_ITEM,
  },
  {
    method: 'post',
    path: `${ITEM}/reset`,
    tag: 'rundown',
    summary: 'Put an item back, to be taken again',
    right: 'direct',
    headers: BY_CONSOLE,
    answers: { 200: { text: 'The rundown as it now stands.', schema: Rundown } },
    errors: OF_ITEM,
  },
];
