import { Command } from 'commander';
import type { PanicOutcome } from '../../../director/taking-back.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { ask, serverOf, withServer } from '../server.ts';
import type { ReportOptions } from './options.ts';
import { telling } from './refusal.ts';
import { getCue, toldVoid } from './waiting.ts';
import { toldOf } from './words.ts';

interface PanicOptions extends ReportOptions {
  readonly yes?: boolean;
}

/** `framecue cue panic --yes`: exit code 1 where a voided cue has not been told to players within some seconds. */
export const panicCommand = (): Command =>
  withServer(new Command('panic'))
    .description('takes back all that waits on the stream, and closes and voids all that is open')
    .option('--yes', 'needed: it cannot be undone')
    .option('--json', 'print what it did')
    .action((options: PanicOptions) =>
      telling(options.json, async () => {
        if (options.yes !== true) {
          const what = 'This takes back and closes everything on the stream: say so by --yes.';
          throw new FramecueError('ERR_REQUEST_INVALID', what);
        }
        const server = serverOf(options);
        const path = `/api/v1/streams/${server.stream}/panic`;
        const outcome = await ask<PanicOutcome>(server, 'POST', path, { confirm: true });
        const voided = await Promise.all(
          outcome.voided.map(async (id) => toldVoid(server, await getCue(server, id))),
        );
        if (options.json === true) process.stdout.write(`${JSON.stringify(outcome)}\n`);
        else {
          const { cancelled, noted } = outcome;
          if (cancelled.length + voided.length === 0)
            process.stdout.write('Nothing waited and nothing was open.\n');
          for (const id of cancelled) process.stdout.write(`${id}: taken back; no player had heard of it\n`);
          for (const { id, voided: how } of voided) {
            process.stdout.write(`${id}: voided; ${how === undefined ? 'not noted yet' : toldOf(how)}\n`);
          }
          if (!noted) process.stdout.write('It is done, but the log cannot note it now.\n');
        }
        const untold = voided.some(({ voided: how }) => how === undefined || how.landing === null);
        process.exitCode = untold ? 1 : 0;
      }),
    );
