import type { DemoConfig } from '../../shared/config.ts';
import { type ApiOutcome, type ApiRequest, request } from '../../shared/http.ts';
import { isObject, textOf } from '../../shared/json.ts';
import { type Cue, readCue, readCues, readStream, type StreamHealth } from '../../shared/media-api.ts';
import {
  type ClockHealth,
  type LatencyReport,
  type ProgrammeDelay,
  readClockHealth,
  readLatency,
  readProgrammeDelay,
} from '../model/health.ts';
import { type Rundown, readRundown } from '../model/rundown.ts';
import { readSpread, type Spread } from '../model/spread.ts';
import { type AsRunLine, type Control, readAsRun, readControl, readMode } from '../model/together.ts';
import { createStageApi, type StageApi } from './stage-api.ts';

/** A request that changes the show, as the machine has decided it. */
export interface ShowRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Below the stream's path. */
  readonly path: string;
  readonly body: unknown;
}

/** A ticket for the picture ahead of the programme delay. */
export interface PreviewTicket {
  readonly url: string;
}

export interface StreamFacts {
  readonly health: StreamHealth;
  readonly programmeDelay: ProgrammeDelay | null;
}

export type ControlDeed = 'take' | 'release' | 'keep' | 'standby';

/** What the show's console asks of media and events beside cues and interactions. */
export interface ShowApi {
  readonly channelUrl: string;
  readonly token: string;
  readonly send: (request: ShowRequest, key: string) => Promise<ApiOutcome<unknown>>;
  readonly cues: (signal: AbortSignal) => Promise<ApiOutcome<readonly Cue[]>>;
  readonly cue: (id: string) => Promise<ApiOutcome<Cue>>;
  readonly stream: (signal: AbortSignal) => Promise<ApiOutcome<StreamFacts>>;
  readonly rundown: (signal?: AbortSignal) => Promise<ApiOutcome<Rundown>>;
  readonly load: (file: RundownFile, how: LoadHow) => Promise<ApiOutcome<Rundown | null>>;
  readonly control: (deed: ControlDeed, name: string, force?: boolean) => Promise<ApiOutcome<Control>>;
  readonly setMode: (rehearsal: boolean) => Promise<ApiOutcome<{ readonly rehearsal: boolean }>>;
  readonly spread: (signal: AbortSignal) => Promise<ApiOutcome<Spread>>;
  readonly latency: (signal: AbortSignal) => Promise<ApiOutcome<LatencyReport>>;
  readonly changeLatency: (change: LatencyChange) => Promise<ApiOutcome<unknown>>;
  readonly clockOf: (which: 'media' | 'events', signal: AbortSignal) => Promise<ApiOutcome<ClockHealth>>;
  readonly asRun: (signal?: AbortSignal) => Promise<ApiOutcome<readonly AsRunLine[]>>;
  /** The whole log, for a spreadsheet; null where it cannot be had. */
  readonly asRunCsv: () => Promise<Blob | null>;
  readonly preview: () => Promise<ApiOutcome<PreviewTicket>>;
  readonly stage: StageApi;
}

export interface RundownFile {
  readonly kind: 'json' | 'csv';
  readonly text: string;
}

export interface LoadHow {
  readonly check?: boolean;
  readonly replace?: boolean;
  readonly unchecked?: boolean;
}

export type LatencyChange =
  | { readonly do: 'slate'; readonly on: boolean }
  | { readonly do: 'apply'; readonly source: 'measured' | 'declared'; readonly pin: boolean }
  | { readonly do: 'clear' }
  | {
      readonly do: 'mark';
      readonly person: string;
      readonly pressedPts: number;
      readonly picturePts: number;
    }
  | { readonly do: 'forget'; readonly person: string };

const POLL_TIMEOUT_MS = 3000;
/** An order is for now: what has no answer by then is looked up. */
const ORDER_TIMEOUT_MS = 4000;
const CUES_SHOWN = 60;
const LOG_SHOWN = 500;

export function createShowApi(config: DemoConfig, token: string, consoleId: string): ShowApi {
  const { app, name } = config.stream;
  const path = `/api/v1/streams/${encodeURIComponent(app)}/${encodeURIComponent(name)}`;
  const stream = `${config.media}${path}`;
  const headers = { 'framecue-console': consoleId };
  const anything = (value: unknown): unknown => value ?? true;
  const ask = <T>(url: string, read: ApiRequest<T>['read'], signal?: AbortSignal) =>
    request({ url, token, read, timeoutMs: POLL_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) });
  const change = <T>(
    method: 'POST' | 'PUT' | 'DELETE',
    below: string,
    body: unknown,
    read: ApiRequest<T>['read'],
  ) => request({ url: stream + below, method, token, headers, body, read, timeoutMs: ORDER_TIMEOUT_MS });
  return {
    channelUrl: `${stream}/console`,
    token,
    send: ({ method, path: below, body }, idempotencyKey) =>
      request({
        ...{ url: stream + below, method, token, headers, body, idempotencyKey },
        ...{ read: anything, timeoutMs: ORDER_TIMEOUT_MS },
      }),
    cues: (signal) => ask(`${stream}/cues?limit=${CUES_SHOWN}`, readCues, signal),
    cue: (id) => ask(`${stream}/cues/${encodeURIComponent(id)}`, readCue),
    stream: (signal) => ask(stream, readFacts, signal),
    rundown: (signal) => ask(`${stream}/rundown`, readRundown, signal),
    load: ({ kind, text }, how) =>
      request({
        ...{ url: `${stream}/rundown${queryOf(how)}`, method: 'PUT', token, headers },
        file: { type: kind === 'csv' ? 'text/csv' : 'application/json', text },
        timeoutMs: 10_000,
        // A check answers with what it found, which need not be a rundown that is loaded.
        read: (value) => readRundown(value) ?? (how.check === true && isObject(value) ? readNothing() : null),
      }),
    control: (deed, as, force = false) =>
      change(
        'POST',
        '/control',
        { console: consoleId, name: as, do: deed, ...(force ? { force } : {}) },
        readControl,
      ),
    setMode: (rehearsal) => change('PUT', '/mode', { rehearsal }, readMode),
    spread: (signal) => ask(`${config.events}${path}/spread`, readSpread, signal),
    latency: (signal) => ask(`${stream}/latency`, readLatency, signal),
    changeLatency: (wanted) => {
      const { method, path: below, body } = latencyRequest(wanted);
      return change(method, below, body, anything);
    },
    clockOf: (which, signal) => ask(`${config[which]}/api/v1/clock/health`, readClockHealth, signal),
    asRun: (signal) => ask(`${stream}/as-run?last=${LOG_SHOWN}`, readAsRun, signal),
    async asRunCsv() {
      try {
        const response = await fetch(`${stream}/as-run?format=csv`, {
          headers: { authorization: `Bearer ${token}` },
          signal: AbortSignal.timeout(10_000),
        });
        return response.ok ? await response.blob() : null;
      } catch {
        return null;
      }
    },
    preview: () => change('POST', '/preview', {}, readTicket),
    stage: createStageApi(stream, token, { 'framecue-console': consoleId }),
  };
}

function readFacts(value: unknown): StreamFacts | null {
  const health = readStream(value);
  return health === null ? null : { health, programmeDelay: readProgrammeDelay(value) };
}

const readNothing = (): Rundown => ({ id: '', title: '', rev: null, next: null, items: [] });

function readTicket(value: unknown): PreviewTicket | null {
  const url = isObject(value) ? textOf(value.url) : null;
  return url === null ? null : { url };
}

function queryOf({ check = false, replace = false, unchecked = false }: LoadHow): string {
  const wanted = Object.entries({ check, replace, unchecked }).filter(([, on]) => on);
  return wanted.length === 0 ? '' : `?${wanted.map(([name]) => `${name}=1`).join('&')}`;
}

function latencyRequest(change: LatencyChange): ShowRequest {
  switch (change.do) {
    case 'slate':
      return { method: 'PUT', path: '/latency/slate', body: { on: change.on } };
    case 'apply':
      return {
        method: 'POST',
        path: '/latency/apply',
        body: { source: change.source, pin: change.pin },
      };
    case 'clear':
      return { method: 'DELETE', path: '/latency/apply', body: undefined };
    case 'mark': {
      const { person, pressedPts, picturePts } = change;
      return { method: 'POST', path: '/aligner/marks', body: { person, pressedPts, picturePts } };
    }
    case 'forget':
      return { method: 'DELETE', path: `/aligner/${encodeURIComponent(change.person)}`, body: undefined };
  }
}
