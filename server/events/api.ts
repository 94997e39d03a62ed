import { DRAW_OPERATIONS } from '../../events/draws/operations.ts';
import { LEDGER_OPERATIONS } from '../../events/http/ledger-operations.ts';
import { DEMO_OPERATION, EVENTS_OPERATIONS } from '../../events/http/operations.ts';
import { PRESENTATIONS_OPERATION } from '../../events/http/presentations.ts';
import { SALE_OPERATIONS } from '../../events/http/sale-operations.ts';
import { SHADOW_SESSION_OPERATION } from '../../events/http/shadow-session.ts';
import { SPREAD_OPERATIONS } from '../../events/http/spread-operations.ts';
import { TREASURY_OPERATIONS } from '../../events/http/treasury-operations.ts';
import { OUTBOX_OPERATIONS } from '../../events/outbox/operations.ts';
import { CLOCK_HEALTH_OPERATION } from '../../service/clock-health/operations.ts';
import type { ApiInfo } from '../../service/openapi/document.ts';
import { OPERATING } from '../../service/openapi/operating.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import { VERSION } from '../version.ts';

export const EVENTS_API: ApiInfo = {
  title: 'framecue events',
  description:
    "Interactions, answers and results, the clock, and what viewers fall back to. Cues are the media process's: see its own `/docs`. Moments are Unix milliseconds where nothing else is said.",
  version: VERSION,
  tags: {
    interactions: 'What cues open, lock and reveal.',
    viewers: 'What pages of viewers ask; the client library does this.',
    audience: 'Where viewers stand: how far behind each app is.',
    clock: 'The synchronised clock.',
    draws: 'Who wins, and how anybody can check it.',
    sales: 'Flash sales: what is left, reservations and orders.',
    ledger: 'The books: their head, and what they know of one viewer.',
    stamps: 'What stamps are checked with.',
    prizes: 'What is given away: pools, rights, grants, and the way out to the reward platform.',
    operating: 'For whoever runs it.',
  },
};

export const eventsOperations = ({ demo }: { readonly demo: boolean }): readonly Operation[] => [
  ...EVENTS_OPERATIONS,
  SHADOW_SESSION_OPERATION,
  PRESENTATIONS_OPERATION,
  ...SPREAD_OPERATIONS,
  ...TREASURY_OPERATIONS,
  ...OUTBOX_OPERATIONS,
  ...DRAW_OPERATIONS,
  ...SALE_OPERATIONS,
  ...LEDGER_OPERATIONS,
  ...(demo ? [DEMO_OPERATION] : []),
  CLOCK_HEALTH_OPERATION,
  ...OPERATING,
];
