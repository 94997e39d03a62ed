import { setTimeout as wait } from 'node:timers/promises';
import express, { type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Clock } from '../packet/clock.ts';
import { FramecueError } from '../packet/errors.ts';
import { createCors } from '../service/cors.ts';
import { createHttpApp, methodNotAllowed } from '../service/http-app.ts';
import type { Log } from '../service/log.ts';
import { answerIdOf, newWebhookSecret, signedRequestLine, WebhookSigner } from '../service/webhooks.ts';
import { Misbehaviour, type Mood, Moods } from './misbehaviour.ts';
import type { RewardStore, Told } from './store.ts';

export interface RewardServiceOptions {
  readonly store: RewardStore;
  /** Newest first: the same as the sender's. */
  readonly secrets: readonly string[];
  /** `POST /misbehave` is there: for tests and demonstrations alone. */
  readonly mayMisbehave: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to 1. */
  readonly random: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** Ends the process without another word. */
  readonly crash: () => void;
}

const BODY_BYTES = 64 * 1024;
const PAGE = 500;
const MAX_PAGE = 1_000;

const Call = z.object({
  type: z.string().regex(/^[a-z]+\.[a-z]+$/),
  timestamp: z.iso.datetime(),
  data: z.looseObject({
    viewer: z.string().optional(),
    grant: z.string().optional(),
    amountMinor: z.int().optional(),
    currency: z.string().optional(),
  }),
});

const Page = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .default('0'),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/)
    .default(String(PAGE)),
});

/**
 * The reference of a reward platform, for tests and the demonstration: it takes signed calls, does each once by its
 * `webhook-id`, and lists what it has done. What it does with a grant is to write it down.
 */
export function createRewardService(options: RewardServiceOptions): Express {
  const { store, clock, log, mayMisbehave } = options;
  const signer = new WebhookSigner(options.secrets);
  const stranger = new WebhookSigner([newWebhookSecret(options.randomBytes)]);
  const moods = new Moods(options.random);

  const refuseUnsigned = (req: Request, signed: string): string => {
    const verdict = signer.verify((name) => req.get(name), signed, clock.unixMs());
    if (verdict !== 'good')
      throw new FramecueError('ERR_WEBHOOK_SIGNATURE', undefined, { details: { verdict } });
    return req.get('webhook-id')!;
  };
  const send = (res: Response, id: string, body: object, mood: Mood) => {
    const text = JSON.stringify(body);
    const by = mood.is('wrongSignature') ? stranger : signer;
    res
      .set(by.sign(answerIdOf(id), clock.unixMs(), text))
      .type('application/json')
      .send(text);
  };

  const take = async (req: Request, res: Response): Promise<void> => {
    const text = typeof req.body === 'string' ? req.body : '';
    const id = refuseUnsigned(req, text);
    const told = toldOf(text);
    const mood = moods.next();
    if (mood.slowMs > 0) await wait(mood.slowMs);
    if (refusedBy(mood, res)) return;
    const taken = store.take(id, text, told, mood.is('decline') ? 'asked-to' : null, clock.unixMs());
    if (taken.kind === 'conflict') throw new FramecueError('ERR_WEBHOOK_CONFLICT');
    const { outcome, reason } = taken.entry;
    log.debug({ id, outcome, first: taken.first }, 'taken');
    if (mood.is('crashAfterWork')) return options.crash();
    if (mood.is('hangAfterWork')) return;
    if (mood.is('dropAfterWork')) {
      res
        .status(200)
        .set('Content-Length', '500')
        .type('application/json')
        .write('{"outcome":', () => res.destroy());
      return;
    }
    if (mood.is('failAfterWork')) {
      res.status(500).end();
      return;
    }
    send(res, id, { outcome, ...(reason === null ? {} : { reason }) }, mood);
  };

  const list = (req: Request, res: Response): void => {
    const id = refuseUnsigned(req, signedRequestLine('GET', req.originalUrl));
    const page = Page.parse(req.query);
    const limit = Math.min(MAX_PAGE, Number(page.limit));
    const entries = store.list(Number(page.after), limit);
    const mood = moods.list;
    const grants = entries.flatMap((entry) => (mood.is('duplicate') ? [entry, entry] : [entry]));
    const next = entries.length < limit ? null : entries.at(-1)!.seq;
    send(res, id, { grants, next }, mood);
  };

  return createHttpApp({
    log,
    cors: createCors([]),
    settings: { bodyLimitBytes: BODY_BYTES, trustProxy: 0 },
    // What is signed is the text as it came.
    readsOwnBody: (req) => req.path === '/grants',
    routes(app) {
      app.get('/health', (_req, res) => void res.json({ status: 'ok' }));
      app
        .route('/grants')
        .post(express.text({ type: 'application/json', limit: BODY_BYTES, inflate: false }), take)
        .get(list)
        .all(methodNotAllowed('GET', 'POST'));
      if (!mayMisbehave) return;
      app
        .route('/misbehave')
        .post((req, res) => {
          moods.set(Misbehaviour.parse(req.body ?? {}));
          res.status(204).end();
        })
        .all(methodNotAllowed('POST'));
    },
  });
}

function refusedBy(mood: Mood, res: Response): boolean {
  const status = mood.is('fail') ? 500 : mood.is('limit') ? 429 : mood.is('refuse') ? 422 : null;
  if (status === null) return false;
  if (mood.retryAfterS !== null && status !== 422) res.set('Retry-After', String(mood.retryAfterS));
  res.status(status).end();
  return true;
}

/** @throws {FramecueError} ERR_REQUEST_MALFORMED; {ZodError} where it says something else than a call does. */
function toldOf(text: string): Told {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FramecueError('ERR_REQUEST_MALFORMED', undefined, { cause });
  }
  const { type, data } = Call.parse(json);
  const { viewer = null, grant = null, amountMinor = null, currency = null } = data;
  return { type, viewer, grant, amountMinor, currency };
}
