import type { Express } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { z } from 'zod';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import { withinRate } from '../../service/rate-limit.ts';
import type { CueMirror } from '../interactions/cue-mirror.ts';
import type { EventsObserver } from '../observer.ts';
import type { Presentations } from '../spread/presentations.ts';
import { requireViewer, viewerOf } from './session.ts';
import type { ViewerTokens } from './viewer-token.ts';

const Report = z.object({
  cue: z.string().regex(ID_PATTERN),
  rev: z.int().nonnegative(),
  path: z.enum(['flv', 'ws', 'hls', 'events']),
  /** By what the cue came; clients of before there were carriers say nothing. */
  carrier: z.enum(['sei', 'script', 'emsg', 'daterange', 'feed']).optional(),
  /** How far off its frame the moment may be that the carrier told. */
  accuracyMs: z.number().optional(),
  outcome: z.enum(['fired', 'late', 'missed', 'closed']),
  /** From the fire frame to the frame that was shown. */
  lateMs: z.number().optional(),
  frames: z.number().optional(),
  /** It was to open for all at one moment: `lateMs` counts from there. */
  aligned: z.boolean().optional(),
  alignErrorMs: z.number().optional(),
  reason: z.string().max(64).optional(),
  interactionOpenedPts: z.number().optional(),
});

export const Reports = z.object({ reports: z.array(Report).min(1).max(50) });

/** Clients lie, and their clocks do too: nobody's lateness counts for more than this, nor for less than none. */
const LATE_MAX_MS = 60_000;

const REPORTS_PER_VIEWER = 30;
const REPORTS_WINDOW_SECONDS = 60;

export interface ReportsOptions {
  readonly mirror: CueMirror;
  readonly presentations: Presentations;
  readonly tokens: ViewerTokens;
  readonly clock: Clock;
  readonly observer: EventsObserver;
}

/** How cues fired at the viewers', as they say. It feeds histograms and decides nothing. */
export function reportRoutes(app: Express, options: ReportsOptions): void {
  const { mirror, presentations, tokens, clock, observer } = options;
  const limiter = new RateLimiterMemory({
    points: REPORTS_PER_VIEWER,
    duration: REPORTS_WINDOW_SECONDS,
  });
  app
    .route('/api/v1/reports')
    .post(requireViewer(tokens, clock), async (req, res) => {
      const { reports } = Reports.parse(req.body ?? {});
      try {
        await withinRate(limiter, viewerOf(res));
      } catch (error) {
        observer.reportDropped('rate');
        throw error;
      }
      for (const { cue, path, carrier, outcome, lateMs, aligned, reason } of reports) {
        // Of a cue that never was, nothing can be learnt.
        if (!mirror.knows(cue)) observer.reportDropped('unknown-cue');
        else {
          const report = {
            ...{ path, outcome, lateMs: clamped(lateMs), carrier: carrier ?? null },
            ...{ aligned: aligned === true, reason: reason ?? null },
          };
          observer.report(report);
          presentations.note(cue, report);
        }
      }
      res.status(204).end();
    })
    .all(methodNotAllowed('POST'));
}

const clamped = (lateMs: number | undefined): number | null =>
  lateMs === undefined ? null : Math.min(LATE_MAX_MS, Math.max(0, lateMs));
