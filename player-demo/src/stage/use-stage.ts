import { useEffect, useReducer, useState } from 'preact/hooks';
import { useLatest } from '../design/hooks.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { readQuestion } from '../shared/cue-data.ts';
import { readInteraction, readResult } from '../shared/events-api.ts';
import { type ApiFailure, request } from '../shared/http.ts';
import { isObject, numberOf, parseJson, textOf } from '../shared/json.ts';
import { startPoller } from '../shared/poller.ts';
import { FIRST_STAGE, nextStage, type Remembered, readNow, type StageState } from './state.ts';

export interface Stage {
  readonly state: StageState;
  /** Null while the newest request was answered. */
  readonly failure: ApiFailure | null;
  /** When the newest answer came, by this machine's clock, Unix milliseconds; null: none yet. */
  readonly heardAt: number | null;
}

const KEY = 'framecue.stage';
const EVERY_MS = 1000;
const TIMEOUT_MS = 4000;

/** Follows what is due on the stream, and the counts of the newest question. No token: all of it is public. */
export function useStage(config: DemoConfig): Stage {
  const [state, dispatch] = useReducer(nextStage, FIRST_STAGE);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [heardAt, setHeardAt] = useState<number | null>(null);
  const latest = useLatest(state);
  const current = state.current?.interaction ?? null;

  useEffect(() => {
    const remembered = recall(sessionStorage);
    if (remembered !== null) dispatch({ kind: 'remembered', remembered });
  }, []);

  const since = state.current?.since ?? 0;
  const rehearsal = state.current?.rehearsal ?? false;
  useEffect(() => {
    if (current === null) return;
    sessionStorage.setItem(KEY, JSON.stringify({ interaction: current, since, rehearsal }));
  }, [current, since, rehearsal]);

  useEffect(() => {
    const poller = startPoller({
      run: (signal) =>
        request({
          url: `${config.events}/api/v1/streams/${streamPath(config)}/now`,
          read: readNow,
          timeoutMs: TIMEOUT_MS,
          signal,
        }),
      everyMs: EVERY_MS,
      onValue(now) {
        setFailure(null);
        setHeardAt(Date.now());
        dispatch({ kind: 'now', now, receivedAt: performance.now() });
      },
      onFailure: setFailure,
    });
    return poller.stop;
  }, [config]);

  useEffect(() => {
    if (current === null) return;
    const url = `${config.events}/api/v1/interactions/${encodeURIComponent(current)}`;
    const ask = async (signal: AbortSignal) => {
      if (latest.current.current?.question === null) {
        const found = await request({ url, read: readInteraction, timeoutMs: TIMEOUT_MS, signal });
        const question = found.ok ? readQuestion({ interaction: current, ...found.value }) : null;
        if (question !== null) dispatch({ kind: 'question', question });
      }
      const path = rehearsal ? 'rehearsal' : 'result';
      return request({ url: `${url}/${path}`, read: readResult, timeoutMs: TIMEOUT_MS, signal });
    };
    const poller = startPoller({
      run: ask,
      everyMs: EVERY_MS,
      onValue: (result) => dispatch({ kind: 'result', result }),
      // What is due is asked for at the same pace, and says that the connection is lost.
      onFailure: () => undefined,
    });
    return poller.stop;
  }, [config, current, rehearsal, latest]);

  return { state, failure, heardAt };
}

function recall(storage: Pick<Storage, 'getItem'>): Remembered | null {
  const kept = parseJson(storage.getItem(KEY) ?? '');
  if (!isObject(kept)) return null;
  const interaction = textOf(kept.interaction);
  const since = numberOf(kept.since);
  if (interaction === null || since === null) return null;
  return { interaction, since, rehearsal: kept.rehearsal === true };
}
