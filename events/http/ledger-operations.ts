import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { JsonObject, UnixUs } from '../../service/openapi/parts.ts';

const Count = z.int().min(0);

const Head = z.strictObject({
  head: z.string().meta({ description: '`N:HASH`, as `framecue ledger check --head` takes it.' }),
  block: Count,
  hash: z.string(),
  at: UnixUs,
  rows: z.strictObject({
    ...{ interactions: Count, transitions: Count, submissions: Count, journal: Count },
  }),
});

const ViewerData = z.strictObject({
  viewer: z.string(),
  answers: z.array(
    z.strictObject({
      id: z.string(),
      interaction: z.string(),
      answer: JsonObject,
      status: z.enum(['accepted', 'held', 'refused']),
      code: z.string().nullable(),
      arrivedAtUs: UnixUs,
      claims: JsonObject,
    }),
  ),
  entries: z
    .array(z.strictObject({ seq: z.number(), kind: z.string(), atUs: UnixUs, body: JsonObject }))
    .meta({ description: 'Of the journal: what was decided about them.' }),
  tables: z
    .record(z.string(), z.array(JsonObject))
    .meta({ description: 'Their rows in the tables that follow from the journal.' }),
});

const Erasure = z.strictObject({
  pseudonym: z
    .string()
    .nullable()
    .meta({ description: 'What stands in their rows now; null: nothing is known of them (any more).' }),
  submissions: Count,
  journal: Count,
});

export const LEDGER_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/v1/ledger/head',
    tag: 'ledger',
    summary: 'How far the chain of the ledger reaches',
    description:
      'Whoever keeps it elsewhere can tell later whether anything up to there was changed or cut off.',
    right: 'read',
    answers: { 200: { text: 'The last block that is committed.', schema: Head } },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: '/api/v1/viewers/{id}/export',
    tag: 'ledger',
    summary: 'All that is known of a viewer',
    right: 'treasurer',
    answers: { 200: { text: 'Empty lists where nothing is.', schema: ViewerData } },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'post',
    path: '/api/v1/viewers/{id}/erase',
    tag: 'ledger',
    summary: "Erase a viewer's data",
    description:
      'Their id and what they said go out of every row; counts, balances and the chain stay as they are. It cannot be taken back. `details.open` of a refusal says what is under way.',
    right: 'treasurer',
    answers: { 200: { text: 'It is gone.', schema: Erasure } },
    errors: ['ERR_VIEWER_BUSY', 'ERR_STORE_UNAVAILABLE'],
  },
];
