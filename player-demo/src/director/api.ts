import type { DemoConfig } from '../shared/config.ts';
import {
  type Interaction,
  type Result,
  readInteraction,
  readInteractions,
  readResult,
} from '../shared/events-api.ts';
import { type ApiOutcome, request } from '../shared/http.ts';
import { isObject } from '../shared/json.ts';
import { type Cue, readCue, readCues, readStream, type StreamHealth } from '../shared/media-api.ts';
import { configOf, type Draft } from './draft.ts';
import type { MarkRequest } from './marks.ts';

/** What the console asks of both processes, with the director's token. */
export interface DirectorApi {
  readonly cues: (signal: AbortSignal) => Promise<ApiOutcome<readonly Cue[]>>;
  readonly stream: (signal: AbortSignal) => Promise<ApiOutcome<StreamHealth>>;
  readonly interactions: (signal: AbortSignal) => Promise<ApiOutcome<readonly Interaction[]>>;
  readonly result: (id: string, signal?: AbortSignal) => Promise<ApiOutcome<Result>>;
  /** `id` is the caller's, so that asking twice creates one. */
  readonly create: (id: string, draft: Draft) => Promise<ApiOutcome<Interaction>>;
  readonly mark: (request: MarkRequest, idempotencyKey: string) => Promise<ApiOutcome<Cue>>;
  readonly setStamping: (on: boolean) => Promise<ApiOutcome<true>>;
  /** Paths of requests that mark. */
  readonly paths: { readonly cues: string; readonly cancelOf: (cueId: string) => string };
}

const POLL_TIMEOUT_MS = 3000;
/** A mark is for now: what has no answer by then is not waited for any longer. */
const MARK_TIMEOUT_MS = 4000;
const CUES_SHOWN = 40;

export function createDirectorApi(config: DemoConfig, token: string): DirectorApi {
  const { app, name } = config.stream;
  const streamPath = `/api/v1/streams/${encodeURIComponent(app)}/${encodeURIComponent(name)}`;
  const cuesPath = `${streamPath}/cues`;
  const interactions = `${config.events}/api/v1/interactions`;
  const polled = (signal: AbortSignal) => ({ token, signal, timeoutMs: POLL_TIMEOUT_MS });
  return {
    cues: (signal) =>
      request({ url: `${config.media}${cuesPath}?limit=${CUES_SHOWN}`, read: readCues, ...polled(signal) }),
    stream: (signal) => request({ url: `${config.media}${streamPath}`, read: readStream, ...polled(signal) }),
    interactions: (signal) =>
      request({ url: `${interactions}?limit=100`, read: readInteractions, ...polled(signal) }),
    result: (id, signal) =>
      request({
        url: `${interactions}/${encodeURIComponent(id)}/result`,
        read: readResult,
        timeoutMs: POLL_TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      }),
    create: (id, draft) =>
      request({
        url: interactions,
        method: 'POST',
        token,
        body: { id, type: 'quiz', config: configOf(draft) },
        read: readInteraction,
      }),
    mark: ({ path, body }, idempotencyKey) =>
      request({
        url: `${config.media}${path}`,
        method: 'POST',
        token,
        idempotencyKey,
        body,
        timeoutMs: MARK_TIMEOUT_MS,
        read: readCue,
      }),
    setStamping: (on) =>
      request({
        url: `${config.media}${streamPath}/stamping`,
        method: 'PUT',
        token,
        body: { on },
        read: (value) => (value === undefined || isObject(value) ? true : null),
      }),
    paths: { cues: cuesPath, cancelOf: (cueId) => `${cuesPath}/${encodeURIComponent(cueId)}/cancel` },
  };
}
