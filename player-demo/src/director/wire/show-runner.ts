import { codeWords } from '../../shared/failure-words.ts';
import type { ApiFailure, ApiOutcome } from '../../shared/http.ts';
import { randomName } from '../../shared/ids.ts';
import type { Cue } from '../../shared/media-api.ts';
import { type Poller, startPoller } from '../../shared/poller.ts';
import type { Command } from '../model/commands.ts';
import { type Decision, decide, type Facts, type Wanted } from '../model/decide.ts';
import { askedOfRefusal } from '../model/early.ts';
import { earlyGuard, isHeldOut } from '../model/guard.ts';
import { isOpenOrder, type Order, packOrders, unpackOrders } from '../model/orders.ts';
import { FIRST_SHOW, nextShow, type ShowEvent, type ShowState } from '../model/state.ts';
import { type Control, standingOf } from '../model/together.ts';
import { startChannel } from './channel.ts';
import { type Kept, keepArmed, takeArmed } from './kept.ts';
import { lookUp } from './look-up.ts';
import type { ShowApi } from './show-api.ts';
import { eventsOf } from './told.ts';

export interface RunnerOptions {
  readonly api: ShowApi;
  readonly self: string;
  readonly name: () => string;
  readonly storage: Kept;
  readonly onChange: (state: ShowState, polling: boolean) => void;
  readonly onFailure: (failure: ApiFailure | null) => void;
  /** Sound: something that the director did was refused. */
  readonly onRefused: () => void;
}

/** What the page knows at a press. */
export type PressFacts = Omit<Facts, 'self' | 'now'>;

/** Runs the show's machine against the server: told by the channel, asked where there is none. */
export interface ShowRunner {
  readonly state: () => ShowState;
  /** A press: decided by the machine, then carried out once. */
  readonly press: (command: Command, facts: PressFacts) => void;
  readonly order: (wanted: Wanted) => void;
  /** It would come too early: sent after a confirm. @param notBefore Unix milliseconds; null: nobody knows */
  readonly askEarly: (wanted: Wanted, notBefore: number | null) => void;
  readonly choose: (item: string | null) => void;
  readonly hint: (text: string) => void;
  readonly putAside: (key: string) => void;
  /** The panic key was let go. */
  readonly letGo: () => void;
  readonly refresh: () => void;
  readonly stop: () => void;
}

const CUES_MS = 500;
/** The channel tells of cues; asking as well finds what reading the outputs back has shown since. */
const CUES_BESIDE_CHANNEL_MS = 2_000;
const RUNDOWN_MS = 1_500;
const TICK_MS = 100;
const KEEP_MS = 5_000;
const ORDERS_KEY = 'framecue.orders';

export function startShow(options: RunnerOptions): ShowRunner {
  const { api, self, storage } = options;
  let state: ShowState = { ...FIRST_SHOW, orders: unpackOrders(storage.getItem(ORDERS_KEY)) };
  let polling = false;
  let seated = false;
  let wanted = true;
  let lastCuesAt = 0;
  const end = new AbortController();

  const dispatch = (event: ShowEvent): void => {
    const before = state;
    state = nextShow(before, event);
    if (state === before) return;
    if (event.kind === 'control' && seated) wanted = standingOf(state.control, self) === 'in-control';
    if (state.orders !== before.orders) storage.setItem(ORDERS_KEY, packOrders(state.orders));
    if (state.guard !== before.guard) keepArmed(storage, state.guard);
    options.onChange(state, polling);
  };
  const now = (): number => performance.now();

  const send = async (wanted: Wanted): Promise<void> => {
    const key = randomName('k-');
    const { kind, target, cue, title, mediaTime, path, body } = wanted;
    const order: Order = {
      ...{ key, kind, target, cue, title, mediaTime },
      ...{ pressedAt: Date.now(), outcome: { kind: 'sending' } },
    };
    dispatch({ kind: 'order', event: { kind: 'sent', order } });
    const first = await api.send({ method: 'POST', path, body }, key);
    const { next: further } = wanted;
    const outcome =
      first.ok && further !== undefined
        ? await api.send({ method: 'POST', path: further, body: {} }, `${key}.2`)
        : first;
    if (end.signal.aborted) return;
    const failure = outcome.ok ? null : outcome.failure;
    dispatch({ kind: 'order', event: { kind: 'answered', key, failure } });
    if (failure?.kind === 'refused') options.onRefused();
    const asked = askedOfRefusal(wanted, failure, state.rundown, now());
    // What is asked already (panic, perhaps) is not talked over: the refusal stands in the list then.
    if (asked !== null && state.guard === null) {
      dispatch({ kind: 'order', event: { kind: 'put-aside', key } });
      dispatch({ kind: 'guard', guard: asked });
    }
    refresh();
    const after = state.orders.find((known) => known.key === key);
    if (after?.outcome.kind === 'looking') await search(after);
  };

  const search = async (order: Order): Promise<void> => {
    const there = await lookUp(order, api, end.signal);
    if (there === null) return;
    dispatch({ kind: 'order', event: { kind: 'found', key: order.key, there } });
    refresh();
  };

  const carryOut = (decision: Decision): void => {
    if (decision.kind === 'refuse') {
      options.onRefused();
      dispatch({ kind: 'hint', text: decision.text, now: now() });
    } else if (decision.kind === 'guard') {
      dispatch({ kind: 'guard', guard: decision.guard });
      if (decision.arm !== undefined) void send(decision.arm);
    } else if (decision.kind === 'choose') {
      dispatch({ kind: 'choose', item: decision.item });
    } else if (decision.kind === 'order') {
      if (decision.endsGuard) dispatch({ kind: 'guard', guard: null });
      void send(decision.wanted);
    } else if (decision.kind !== 'nothing') {
      dispatch({ kind: 'guard', guard: null });
      if (decision.kind === 'control') void control(decision.deed, decision.force);
      else void setMode(decision.rehearsal);
    }
  };

  const control = async (deed: 'take' | 'release' | 'keep' | 'standby', force = false): Promise<void> => {
    const outcome = await api.control(deed, options.name(), force);
    if (end.signal.aborted) return;
    if (outcome.ok) dispatch({ kind: 'control', control: outcome.value });
    else if (deed === 'take' || deed === 'release') said(outcome.failure, 'Control');
  };

  const setMode = async (rehearsal: boolean): Promise<void> => {
    const outcome = await api.setMode(rehearsal);
    if (end.signal.aborted) return;
    if (outcome.ok) dispatch({ kind: 'mode', rehearsal: outcome.value.rehearsal });
    else said(outcome.failure, rehearsal ? 'Rehearsal' : 'Show');
  };

  const said = (failure: ApiFailure, what: string): void => {
    const text = failure.kind === 'refused' ? codeWords(failure.code, failure.message) : 'No answer.';
    options.onRefused();
    dispatch({ kind: 'hint', text: `${what}: ${text}`, now: now() });
  };

  const told = (name: string, payload: unknown): void => {
    for (const event of eventsOf(name, payload, now())) dispatch(event);
    if (name === 'snapshot') rundownPoller.poke();
    if (!seated && state.control !== null) seat(state.control);
  };

  /**
   * A console that finds nobody in control as it opens takes it. One that connects again (media was started anew:
   * control is free) takes it where it had it; the others stand by.
   */
  const seat = ({ holder }: Control): void => {
    seated = true;
    void control(holder === null && wanted ? 'take' : holder?.console === self ? 'keep' : 'standby');
  };

  const channel = startChannel({
    url: `${api.channelUrl}?console=${encodeURIComponent(self)}&name=${encodeURIComponent(options.name())}`,
    token: api.token,
    onEvent: told,
    onLink(link) {
      if (link.kind !== 'live') seated = false;
      dispatch({ kind: 'link', link });
      if (link.kind === 'live') cuesPoller.poke();
    },
  });

  const cuesPoller: Poller = startPoller<readonly Cue[] | null>({
    run: async (signal): Promise<ApiOutcome<readonly Cue[] | null>> => {
      // Beside a channel that works, only now and then.
      const due = state.link.kind !== 'live' || now() - lastCuesAt >= CUES_BESIDE_CHANNEL_MS;
      if (!due) return { ok: true, value: null, status: 0 };
      lastCuesAt = now();
      return api.cues(signal);
    },
    everyMs: CUES_MS,
    mostMs: 2_000,
    onValue(cues) {
      if (cues === null) return;
      polling = true;
      options.onFailure(null);
      dispatch({ kind: 'cues', cues, now: now() });
      options.onChange(state, polling);
    },
    onFailure(failure) {
      polling = false;
      options.onFailure(failure);
      options.onChange(state, polling);
    },
  });

  const rundownPoller: Poller = startPoller({
    run: api.rundown,
    everyMs: RUNDOWN_MS,
    mostMs: 3_000,
    onValue: (rundown) => dispatch({ kind: 'rundown', rundown }),
    onFailure(failure) {
      if (failure.kind === 'refused' && failure.status === 404) dispatch({ kind: 'rundown', rundown: null });
    },
  });

  const tick = (): void => {
    const { guard } = state;
    if (guard !== null && isHeldOut(guard, now())) press('panic', NO_FACTS);
    dispatch({ kind: 'tick', now: now() });
    // An item that gives prizes does not stay armed.
    if (guard?.kind === 'prize' && state.guard === null) disarm(guard.item);
  };

  const disarm = (id: string): void => {
    const item = state.rundown?.items.find((known) => known.id === id);
    if (item?.state !== 'armed') return;
    const facts = { ...NO_FACTS, self, now: now() };
    const armed: ShowState = { ...state, chosen: id, guard: { kind: 'prize', item: id, since: 0, until: 0 } };
    carryOut(decide('arm', armed, facts));
    dispatch({ kind: 'hint', text: `${item.title}: not taken in time, so it is disarmed.`, now: now() });
  };

  const press = (command: Command, facts: PressFacts): void =>
    carryOut(decide(command, state, { ...facts, self, now: now() }));

  const refresh = (): void => {
    lastCuesAt = 0;
    cuesPoller.poke();
    rundownPoller.poke();
  };

  const timers = [
    setInterval(tick, TICK_MS),
    setInterval(() => {
      if (standingOf(state.control, self) === 'in-control') void control('keep');
    }, KEEP_MS),
  ];

  const armed = takeArmed(storage);
  if (armed !== null) dispatch({ kind: 'guard', guard: armed });
  for (const order of state.orders.filter(isOpenOrder)) void search(order);
  options.onChange(state, polling);

  return {
    state: () => state,
    press,
    order: (wanted) => void send(wanted),
    askEarly: (wanted, notBefore) => dispatch({ kind: 'guard', guard: earlyGuard(wanted, notBefore, now()) }),
    choose: (item) => dispatch({ kind: 'choose', item: item === state.rundown?.next ? null : item }),
    hint: (text) => dispatch({ kind: 'hint', text, now: now() }),
    putAside: (key) => dispatch({ kind: 'order', event: { kind: 'put-aside', key } }),
    letGo() {
      const { guard } = state;
      if (guard?.kind === 'panic' && guard.held)
        dispatch({ kind: 'guard', guard: { ...guard, held: false } });
    },
    refresh,
    stop() {
      end.abort();
      channel.stop();
      cuesPoller.stop();
      rundownPoller.stop();
      for (const timer of timers) clearInterval(timer);
    },
  };
}

const NO_FACTS: PressFacts = { meant: null, onAir: [], hold99Ms: null };
