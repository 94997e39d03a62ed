import { Command } from 'commander';
import { FramecueError } from '../../packet/errors.ts';
import type {
  TraceAction,
  TracedInteraction,
  TracedPresentations,
  TraceParts,
} from '../../qa/trace/parts.ts';
import { traceText } from '../../qa/trace/text.ts';
import type { TraceAnswer } from '../../server/media/trace-routes.ts';
import { ask, eventsOf, type Server, type ServerOptions, serverOf, withEvents } from './server.ts';

interface TraceOptions extends ServerOptions {
  readonly json?: boolean;
  readonly bytes?: boolean;
}

/** Around the entries of the cue log: the as-run log is written beside it. */
const AROUND_MS = 60_000;

/** `framecue trace CUE_ID`: exit code 1 where the cue never landed, or an output or viewer lost it. */
export const traceCommand = (): Command =>
  withEvents(new Command('trace'))
    .description("tells one cue's story: key press, cue log, SEI bytes, outputs, presentations")
    .argument('<cue>', "the cue's id")
    .option('--bytes', 'print the SEI NAL unit of its picture, too')
    .option('--json', 'print all parts as the servers give them')
    .action(async (id: string, options: TraceOptions) => {
      const server = serverOf(options);
      const parts = await partsOf(server, id, options);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(parts)}\n` : `${traceText(parts, options.bytes)}\n`,
      );
      const { state, landing } = parts.cue;
      const lost = Object.values(landing?.outputs ?? {}).some(({ seen }) => seen === 'missing');
      process.exitCode = state === 'missed' || state === 'uncertain' || lost ? 1 : 0;
    });

async function partsOf(server: Server, id: string, options: TraceOptions): Promise<TraceParts> {
  const path = `/api/v1/streams/${server.stream}`;
  const trace = await ask<TraceAnswer>(server, 'GET', `${path}/cues/${encodeURIComponent(id)}/trace`);
  const from = Math.floor(Math.min(trace.cue.markedAt, trace.cue.acceptedAt) - AROUND_MS);
  const to = Math.ceil((trace.history.at(-1)?.at ?? trace.cue.exp) + AROUND_MS);
  const events = eventsOf(server, options);
  const interaction = typeof trace.cue.data.interaction === 'string' ? trace.cue.data.interaction : null;
  const [rows, presentations, round] = await Promise.all([
    known(ask<AsRun>(server, 'GET', `${path}/as-run?from=${from}&to=${to}&limit=1000`)),
    events === null
      ? null
      : known(ask<{ groups: TracedPresentations[] }>(events, 'GET', `/api/v1/cues/${id}/presentations`)),
    events === null || interaction === null ? null : roundOf(events, interaction),
  ]);
  return {
    ...trace,
    actions: (rows?.rows ?? []).filter(({ cue }) => cue === id),
    presentations: presentations?.groups ?? null,
    interaction: round,
  };
}

interface AsRun {
  readonly rows: readonly (TraceAction & { readonly cue: string | null })[];
}

async function roundOf(events: Server, id: string): Promise<TracedInteraction | null> {
  const path = `/api/v1/interactions/${encodeURIComponent(id)}`;
  const [facts, result] = await Promise.all([
    known(ask<Omit<TracedInteraction, 'total'>>(events, 'GET', path)),
    known(ask<{ total: number }>(events, 'GET', `${path}/result`)),
  ]);
  return facts === null ? null : { ...facts, total: result?.total ?? null };
}

/** A part that cannot be had leaves the others: the story says what is missing. */
async function known<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof FramecueError) return null;
    throw error;
  }
}
