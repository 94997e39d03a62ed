import { Command, Option } from 'commander';
import type { Cue } from '../../../cues/cue.ts';
import { CUE_STATES, type CueState } from '../../../cues/states.ts';
import { ask, type Server, serverOf, wholeNumber, withServer } from '../server.ts';
import { cueId, type ReportOptions } from './options.ts';
import { telling } from './refusal.ts';
import { getCue, lostIn } from './waiting.ts';
import { describeCue, lineOf } from './words.ts';

interface ListOptions extends ReportOptions {
  readonly limit: number;
  readonly before?: string;
  readonly state?: CueState;
}

/** The most that the server gives at once. */
const PAGE = 200;
const MAX_PAGES = 50;

/** `framecue cue list`: newest first. */
export const listCommand = (): Command =>
  withServer(new Command('list'))
    .description('the newest cues of the stream')
    .option('--limit <n>', 'so many, at most 200', wholeNumber, 20)
    .option('--before <id>', 'older than this one', cueId)
    .addOption(new Option('--state <state>', 'only those in this state').choices(CUE_STATES))
    .option('--json', 'print { cues, next } as the server gives it')
    .action((options: ListOptions) =>
      telling(options.json, async () => {
        const server = serverOf(options);
        const { cues, next } = await cuesOf(server, options);
        if (options.json === true) process.stdout.write(`${JSON.stringify({ cues, next })}\n`);
        else if (cues.length === 0) process.stdout.write(`No such cue on ${server.stream}.\n`);
        else for (const cue of cues) process.stdout.write(`${lineOf(cue)}\n`);
      }),
    );

interface Page {
  readonly cues: readonly Cue[];
  readonly next: string | null;
}

/** One page; with a state, as many as are wanted of it, looked for among the newest. */
async function cuesOf(server: Server, { limit, before, state }: ListOptions): Promise<Page> {
  const found: Cue[] = [];
  let next: string | null = before ?? null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ limit: String(state === undefined ? limit : PAGE) });
    if (next !== null) query.set('before', next);
    const path = `/api/v1/streams/${server.stream}/cues?${query}`;
    const answer: Page = await ask<Page>(server, 'GET', path);
    if (state === undefined) return answer;
    for (const cue of answer.cues) {
      if (cue.state !== state) continue;
      found.push(cue);
      if (found.length >= limit) return { cues: found, next: cue.id };
    }
    next = answer.next;
    if (next === null) break;
  }
  return { cues: found, next };
}

/** `framecue cue show ID`: exit code 1 where it was missed, is uncertain, or an output lost it. */
export const showCommand = (): Command =>
  withServer(new Command('show'))
    .description('one cue: what was asked for, and what became of it')
    .argument('<id>', "the cue's id", cueId)
    .option('--json', 'print the cue as the server gives it')
    .addHelpText('after', '\nThe whole story of a cue, to the bytes: framecue trace ID')
    .action((id: string, options: ReportOptions) =>
      telling(options.json, async () => {
        const cue = await getCue(serverOf(options), id);
        process.stdout.write(`${options.json === true ? JSON.stringify(cue) : describeCue(cue)}\n`);
        const bad = cue.state === 'missed' || cue.state === 'uncertain' || lostIn(cue).length > 0;
        process.exitCode = bad ? 1 : 0;
      }),
    );
