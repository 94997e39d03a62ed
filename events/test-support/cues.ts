import { generateKeyPairSync } from 'node:crypto';
import type { Cue } from '../../cues/cue.ts';
import { type SigningKey, sealData, signBody, signingKeyFromPem } from '../../cues/signing.ts';
import { formatCueBody, formatCueStamp, type JsonObject } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { ms, unixMs, unixUs } from '../../packet/time.ts';

export const STREAM = 'live/main';
export const EPOCH = 'e1';

/** Media's side of a cue, for tests: its resource as the feed shows it, and its stamps. */
export interface CuePlan {
  readonly id: string;
  readonly type: Cue['type'];
  readonly data?: JsonObject;
  readonly ref?: string;
  readonly durationMs?: number;
  readonly stream?: string;
  readonly rev?: number;
  /** Where it lands, on a timeline whose zero was at `originMs` before the clock's start. */
  readonly pts?: number;
  readonly rehearsal?: boolean;
}

/** PTS 0 of the test's stream passes at this moment. */
export const ORIGIN_US = 1_700_000_000_000_000;

/** The resource, not landed. */
export function acceptedCue(plan: CuePlan, clock: Clock): Cue {
  const now = clock.unixMs();
  return {
    id: plan.id,
    rev: plan.rev ?? 0,
    stream: plan.stream ?? STREAM,
    type: plan.type,
    state: 'accepted',
    data: plan.data ?? {},
    markedAt: now,
    acceptedAt: now,
    exp: unixMs(now + (plan.durationMs ?? 0) + 60_000),
    fire: { kind: 'next' },
    announceMs: ms(0),
    repeat: 4,
    by: 'director',
    landing: null,
    ...(plan.rehearsal === undefined ? {} : { rehearsal: plan.rehearsal }),
    ...(plan.ref === undefined ? {} : { ref: plan.ref }),
    ...(plan.durationMs === undefined ? {} : { durationMs: ms(plan.durationMs) }),
  };
}

/** The resource, landed now, or where the plan says. */
export function landedCue(plan: CuePlan, clock: Clock): Cue {
  const nowUs = clock.unixUs();
  const pts = plan.pts ?? Math.round((nowUs - ORIGIN_US) / 1000);
  return {
    ...acceptedCue(plan, clock),
    state: 'landed',
    landing: {
      epoch: EPOCH,
      pts: ms(pts),
      frame: 1,
      stampedAtUs: nowUs,
      fireAtUs: unixUs(ORIGIN_US + pts * 1000),
      markToStampMs: 3,
      errorMs: 0,
      choice: 'next-in-presentation',
      outputs: {},
    },
  };
}

export const newSigningKey = (): SigningKey =>
  signingKeyFromPem(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );

/** The text of a copy of the cue's stamp, as an access unit at `fireIn` carries it. */
export function stampOf(cue: Cue, key: SigningKey, options: { readonly fireIn?: number } = {}): string {
  const { fireIn = 0 } = options;
  const sealed = sealData(cue.data);
  const body = formatCueBody({
    id: cue.id,
    rev: cue.rev,
    stream: cue.stream,
    type: cue.type,
    markedAt: cue.markedAt,
    exp: cue.exp,
    sealed: sealed.sealed,
    ...(cue.durationMs === undefined ? {} : { durationMs: cue.durationMs }),
    ...(cue.rehearsal === true ? { rehearsal: true } : {}),
  });
  return formatCueStamp(
    {
      epoch: EPOCH,
      at: cue.markedAt * 1000,
      pts: 0,
      fireIn,
      fireAt: cue.markedAt * 1000,
      ...(fireIn <= 0 ? { key: sealed.key } : {}),
    },
    body,
    signBody(body, key),
  );
}
