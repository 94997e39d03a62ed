import { booleanOf, isObject, type JsonObject, listOf, momentOf, numberOf, textOf } from '../shared/json.ts';

/** What the events process tells of pools, rights, the way out, boxes and people; moments in Unix ms, money in minor units. */

export interface Amount {
  readonly pieces: number;
  readonly amountMinor: number;
}

export const ACCOUNTS = ['funded', 'sweptIn', 'free', 'reserved', 'granted', 'sweptOut'] as const;
export type Balances = Readonly<Record<(typeof ACCOUNTS)[number], Amount>>;

export interface Pool {
  readonly id: string;
  readonly show: string;
  readonly title: string;
  readonly tier: string;
  readonly purpose: string;
  readonly currency: string;
  readonly state: string;
  readonly closedWhy: string | null;
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  readonly balances: Balances;
}

const RIGHT_STATES = ['earned', 'reserved', 'released', 'granted', 'reversed', 'voided'] as const;
export type Rights = Readonly<Record<(typeof RIGHT_STATES)[number], number>>;

export interface Measure {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly auto: boolean;
  readonly due: boolean | null;
  readonly appliedAt: number | null;
  readonly when: JsonObject | null;
  readonly do: JsonObject;
}

export interface Show {
  readonly show: string;
  readonly dropPpm: number;
  readonly threshold: number;
  readonly boxes: number;
  readonly viewers: number;
  readonly high: number;
  readonly levels: readonly { readonly n: number; readonly viewers: number }[];
  readonly measures: readonly Measure[];
}

export interface Draw {
  readonly interaction: string;
  readonly show: string | null;
  readonly title: string;
  readonly shadow: boolean;
  readonly state: string;
  /** In this state. */
  readonly since: number;
  readonly problem: { readonly code: string; readonly since: number } | null;
  /** Null until the list is committed to. */
  readonly entrants: number | null;
  readonly winners: number;
  /** Winners who have no right yet. */
  readonly short: number;
  /** ... and who get none: their pool is not for them. */
  readonly excluded: number;
  readonly roundAt: number | null;
  /** What to do now, in words; null: nothing. */
  readonly next: string | null;
}

export interface Treasury {
  readonly at: number;
  readonly pools: readonly Pool[];
  readonly rights: Rights;
  readonly shows: readonly Show[];
  /** The newest first. */
  readonly draws: readonly Draw[];
}

export interface OutboxLane {
  readonly lane: string;
  readonly queued: number;
  readonly delivered: number;
  readonly declined: number;
  readonly dead: number;
  /** Age of the oldest that waits; null: nothing waits. */
  readonly lagMs: number | null;
  readonly breaker: string;
  readonly waitMs: number;
}

export interface Outbox {
  /** False: no address is set, or it is being stopped. */
  readonly sending: boolean;
  /** The one for all lanes. */
  readonly breaker: string;
  readonly lanes: readonly OutboxLane[];
}

export interface DeadLetter {
  readonly id: string;
  readonly topic: string;
  readonly lane: string;
  readonly viewer: string | null;
  readonly attempts: number;
  readonly lastCode: string | null;
  readonly lastStatus: number | null;
  readonly lastAt: number | null;
}

export interface Deed {
  readonly seq: number;
  readonly at: number;
  readonly by: string;
  readonly what: string;
  readonly target: string;
  readonly details: JsonObject;
}

const amountOf = (value: unknown): Amount | null => {
  if (!isObject(value)) return null;
  const pieces = numberOf(value.pieces);
  const amountMinor = numberOf(value.amountMinor);
  return pieces === null || amountMinor === null ? null : { pieces, amountMinor };
};

/** All of these fields as numbers; null where one is missing. */
function numbersOf<Name extends string>(
  value: unknown,
  names: readonly Name[],
): Readonly<Record<Name, number>> | null {
  if (!isObject(value)) return null;
  const found = names.map((name) => [name, numberOf(value[name])] as const);
  return found.every(([, number]) => number !== null)
    ? (Object.fromEntries(found) as Record<Name, number>)
    : null;
}

function readPool(value: unknown): Pool | null {
  if (!isObject(value) || !isObject(value.balances)) return null;
  const { balances } = value;
  const id = textOf(value.id);
  const amounts = ACCOUNTS.map((account) => [account, amountOf(balances[account])] as const);
  if (id === null || amounts.some(([, amount]) => amount === null)) return null;
  return {
    id,
    show: textOf(value.show) ?? '',
    title: textOf(value.title) ?? id,
    tier: textOf(value.tier) ?? '',
    purpose: textOf(value.purpose) ?? '',
    currency: textOf(value.currency) ?? '',
    state: textOf(value.state) ?? '',
    closedWhy: textOf(value.closedWhy),
    opensAt: momentOf(value.opensAt),
    closesAt: momentOf(value.closesAt),
    balances: Object.fromEntries(amounts) as Balances,
  };
}

function readMeasure(value: unknown): Measure | null {
  if (!isObject(value) || !isObject(value.do)) return null;
  const id = textOf(value.id);
  const state = textOf(value.state);
  if (id === null || state === null) return null;
  return {
    ...{ id, state, title: textOf(value.title) ?? id, do: value.do },
    auto: booleanOf(value.auto) === true,
    due: booleanOf(value.due),
    appliedAt: momentOf(value.appliedAt),
    when: isObject(value.when) ? value.when : null,
  };
}

function readShow(value: unknown): Show | null {
  if (!isObject(value) || !isObject(value.boxes)) return null;
  const show = textOf(value.boxes.show);
  const numbers = numbersOf(value.boxes, ['dropPpm', 'threshold', 'boxes', 'viewers', 'high']);
  const levels = listOf(value.boxes.levels, (level) => numbersOf(level, ['n', 'viewers']));
  const measures = listOf(value.measures, readMeasure);
  if (show === null || numbers === null || levels === null || measures === null) return null;
  return { show, ...numbers, levels, measures };
}

function readDraw(value: unknown): Draw | null {
  const numbers = numbersOf(value, ['winners', 'short', 'excluded']);
  if (!isObject(value) || numbers === null) return null;
  const [interaction, state, since] = [textOf(value.interaction), textOf(value.state), momentOf(value.since)];
  if (interaction === null || state === null || since === null) return null;
  return {
    ...{ interaction, state, since, ...numbers, problem: readProblem(value.problem) },
    ...{ show: textOf(value.show), title: textOf(value.title) ?? interaction },
    shadow: booleanOf(value.shadow) === true,
    entrants: numberOf(value.entrants),
    roundAt: momentOf(value.roundAt),
    next: textOf(value.next),
  };
}

function readProblem(value: unknown): Draw['problem'] {
  if (!isObject(value)) return null;
  const [code, since] = [textOf(value.code), momentOf(value.since)];
  return code === null || since === null ? null : { code, since };
}

export function readTreasury(value: unknown): Treasury | null {
  if (!isObject(value)) return null;
  const pools = listOf(value.pools, readPool);
  const rights = numbersOf(value.rights, RIGHT_STATES);
  const shows = listOf(value.shows, readShow);
  // A server of before tells of none.
  const draws = listOf(value.draws ?? [], readDraw);
  if (pools === null || rights === null || shows === null || draws === null) return null;
  return { at: momentOf(value.at) ?? Date.now(), pools, rights, shows, draws };
}

function readLane(value: unknown): OutboxLane | null {
  const numbers = numbersOf(value, ['queued', 'delivered', 'declined', 'dead']);
  if (!isObject(value) || numbers === null) return null;
  const lane = textOf(value.lane);
  if (lane === null) return null;
  return {
    ...{ lane, ...numbers },
    lagMs: numberOf(value.lagMs),
    breaker: textOf(value.breaker) ?? 'closed',
    waitMs: numberOf(value.waitMs) ?? 0,
  };
}

export function readOutbox(value: unknown): Outbox | null {
  if (!isObject(value)) return null;
  const lanes = listOf(value.lanes, readLane);
  if (lanes === null) return null;
  return {
    sending: booleanOf(value.sending) !== false,
    breaker: textOf(value.breaker) ?? 'closed',
    lanes,
  };
}

export const readDead = (value: unknown): readonly DeadLetter[] | null =>
  isObject(value)
    ? listOf(value.items, (item): DeadLetter | null => {
        if (!isObject(item)) return null;
        const id = textOf(item.id);
        if (id === null) return null;
        return {
          ...{ id, topic: textOf(item.topic) ?? '', lane: textOf(item.lane) ?? '' },
          viewer: textOf(item.viewer),
          attempts: numberOf(item.attempts) ?? 0,
          lastCode: textOf(item.lastCode),
          lastStatus: numberOf(item.lastStatus),
          lastAt: momentOf(item.lastAt),
        };
      })
    : null;

export const readPeople = (value: unknown): readonly Deed[] | null =>
  isObject(value)
    ? listOf(value.people ?? value.items, (deed): Deed | null => {
        if (!isObject(deed)) return null;
        const at = momentOf(deed.at);
        const [seq, by, what] = [numberOf(deed.seq), textOf(deed.by), textOf(deed.what)];
        if (at === null || seq === null || by === null || what === null) return null;
        const details = isObject(deed.details) ? deed.details : {};
        return { at, seq, by, what, target: textOf(deed.target) ?? '', details };
      })
    : null;
