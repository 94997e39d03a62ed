import { type ApiOutcome, type ApiRequest, request } from '../../shared/http.ts';
import { isObject, listOf, numberOf, textOf } from '../../shared/json.ts';

export const STAGE_VIEWS = ['countdown', 'question', 'result', 'blank', 'slate', 'test'] as const;
export type StageView = (typeof STAGE_VIEWS)[number];

export interface StageNow {
  readonly shown: string | null;
  readonly view: string;
  readonly screens: readonly {
    readonly screen: string;
    readonly name: string;
    readonly lost: boolean;
    readonly heardAt: number;
  }[];
  readonly leave: { readonly name: string; readonly until: number } | null;
}

/** What the console asks of the stage. */
export interface StageApi {
  readonly state: (signal: AbortSignal) => Promise<ApiOutcome<StageNow>>;
  readonly show: (view: StageView) => Promise<ApiOutcome<unknown>>;
  readonly leave: (
    target: { readonly item: string | null } | { readonly cue: string },
  ) => Promise<ApiOutcome<unknown>>;
  /** The ticket, which is told this once. */
  readonly makeTicket: () => Promise<ApiOutcome<string>>;
}

/** @param stream base URL of the stream. @param headers name the console. */
export function createStageApi(
  stream: string,
  token: string,
  headers: Readonly<Record<string, string>>,
): StageApi {
  const send = <T>(method: 'POST' | 'PUT', path: string, body: object, read: ApiRequest<T>['read']) =>
    request({ url: `${stream}/stage${path}`, method, token, headers, body, read });
  const anything = (value: unknown) => (isObject(value) ? value : null);
  return {
    state: (signal) => request({ url: `${stream}/stage`, token, signal, read: readStage }),
    show: (view) => send('PUT', '/show', { view }, anything),
    leave: (target) => send('PUT', '/leave', target, anything),
    makeTicket: () => send('POST', '/tickets', {}, (value) => (isObject(value) ? textOf(value.token) : null)),
  };
}

function readStage(value: unknown): StageNow | null {
  if (!isObject(value) || !isObject(value.show)) return null;
  const screens = listOf(value.screens, (raw) => {
    if (!isObject(raw)) return null;
    const screen = textOf(raw.screen);
    const heardAt = numberOf(raw.heardAt);
    if (screen === null || heardAt === null) return null;
    return { screen, heardAt, name: textOf(raw.name) ?? screen, lost: raw.lost === true };
  });
  const view = textOf(value.show.view);
  if (screens === null || view === null) return null;
  const leave = isObject(value.leave) ? value.leave : null;
  const until = numberOf(leave?.until);
  const name = textOf(leave?.title) ?? textOf(leave?.item) ?? textOf(leave?.cue);
  return {
    ...{ shown: textOf(value.shown), view, screens },
    leave: until === null || name === null ? null : { name, until },
  };
}
