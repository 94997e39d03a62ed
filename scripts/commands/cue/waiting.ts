import type { Cue } from '../../../cues/cue.ts';
import { isFinal } from '../../../cues/states.ts';
import type { AuditStatus } from '../../../server/media/audit.ts';
import { ask, type Server } from '../server.ts';

const POLL_MS = 100;
/** While the moment is far. */
const SLOW_POLL_MS = 1_000;
const PATIENCE_MS = 15_000;
/** Waits shorter than this are not talked about. */
const QUIET_MS = 1_000;
/** Longer than FRAMECUE_AUDIT_TIMEOUT_MS by default. */
const OUTPUTS_PATIENCE_MS = 75_000;
/** A voided cue is told of on the next picture. */
const VOIDING_PATIENCE_MS = 5_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string): void => void process.stderr.write(`${text}\n`);

export const getCue = (server: Server, id: string): Promise<Cue> =>
  ask<Cue>(server, 'GET', `/api/v1/streams/${server.stream}/cues/${encodeURIComponent(id)}`);

/** Landed, or never will, or nobody can say. */
const isDecided = ({ landing, state }: Cue): boolean =>
  landing !== null || isFinal(state) || state === 'uncertain';

/** How long until its picture is expected, counted from the answer that gave it its moment. */
function aheadMs({ dueAt, acceptedAt, taken, edited }: Cue): number {
  if (dueAt === undefined) return 0;
  return Math.max(0, dueAt - Math.max(acceptedAt, taken?.at ?? 0, edited?.at ?? 0));
}

/** The cue once it has landed or never will, or as it is when the patience is over; progress goes to stderr. */
export async function settled(server: Server, given: Cue): Promise<Cue> {
  const startedAt = performance.now();
  const dueIn = startedAt + aheadMs(given);
  let cue = given;
  let told: string | null = null;
  while (!isDecided(cue) && performance.now() < dueIn + PATIENCE_MS) {
    if (performance.now() - startedAt > QUIET_MS && told !== cue.state) {
      told = cue.state;
      say(progressOf(cue, dueIn - performance.now()));
    }
    await pause(dueIn - performance.now() > 3 * SLOW_POLL_MS && told !== null ? SLOW_POLL_MS : POLL_MS);
    cue = await getCue(server, cue.id);
  }
  return cue;
}

function progressOf({ id, state, dueAt }: Cue, leftMs: number): string {
  const when = dueAt === undefined ? '' : `, due ${new Date(dueAt).toISOString()}`;
  const left = leftMs > 0 ? `, in ${(leftMs / 1000).toFixed(1)} s` : '';
  return `${id}: ${state}${when}${left} ...`;
}

/** The cue once players have been told that it is void, or as it is when the patience is over. */
export async function toldVoid(server: Server, given: Cue): Promise<Cue> {
  const end = performance.now() + VOIDING_PATIENCE_MS;
  let cue = given;
  while (cue.voided !== undefined && cue.voided.landing === null && performance.now() < end) {
    await pause(POLL_MS);
    cue = await getCue(server, cue.id);
  }
  return cue;
}

/** The cue once every output has said whether it carries it, or as it is when the patience is over. */
export async function readBack(server: Server, landed: Cue): Promise<Cue> {
  const { outputs } = await ask<AuditStatus>(server, 'GET', `/api/v1/streams/${server.stream}/audit`);
  const startedAt = performance.now();
  let cue = landed;
  let told = false;
  // A master playlist's name gives way to those of its renditions.
  const hasAnswered = (label: string): boolean =>
    Object.keys(cue.landing?.outputs ?? {}).some((name) => name === label || name.startsWith(`${label}/`));
  const missing = (): string[] => outputs.map(({ output }) => output).filter((label) => !hasAnswered(label));
  while (missing().length > 0 && performance.now() < startedAt + OUTPUTS_PATIENCE_MS) {
    if (!told && performance.now() - startedAt > QUIET_MS) {
      told = true;
      say(`${cue.id}: waiting until outputs have been read: ${missing().join(', ')} ...`);
    }
    await pause(POLL_MS);
    cue = await getCue(server, cue.id);
  }
  return cue;
}

export const lostIn = ({ landing }: Cue): string[] =>
  Object.entries(landing?.outputs ?? {}).flatMap(([name, { seen }]) => (seen === 'missing' ? [name] : []));
