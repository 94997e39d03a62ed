#!/usr/bin/env node
/** `npx framecue COMMAND`: exit code 0 good, 1 found something wrong, 2 used wrongly. */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';

// What Node makes of the TypeScript files is kept between runs: loading them is most of a short command's time.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'framecue'));

// `| head` reads what it wants and goes: that is no error, and files are still written to their end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** Loaded only when they are called, so that each starts with no more than it needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  cue: async () => (await import('./commands/cue.ts')).cueCommand(),
  trace: async () => (await import('./commands/trace.ts')).traceCommand(),
  draw: async () => (await import('./commands/draw.ts')).drawCommand(),
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand(),
  ledger: async () => (await import('./commands/ledger.ts')).ledgerCommand(),
  measure: async () => (await import('./commands/measure.ts')).measureCommand(),
  outbox: async () => (await import('./commands/outbox.ts')).outboxCommand(),
  pool: async () => (await import('./commands/pool.ts')).poolCommand(),
  record: async () => (await import('./commands/record.ts')).recordCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  reconcile: async () => (await import('./commands/reconcile.ts')).reconcileCommand(),
  rewards: async () => (await import('./commands/rewards.ts')).rewardsCommand(),
  rundown: async () => (await import('./commands/rundown.ts')).rundownCommand(),
  stamp: async () => (await import('./commands/stamp.ts')).stampCommand(),
  strip: async () => (await import('./commands/strip.ts')).stripCommand(),
  trigger: async () => (await import('./commands/trigger.ts')).triggerCommand(),
  verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  'verify-draw': async () => (await import('./commands/verify-draw.ts')).verifyDrawCommand(),
};

const { Command: Program, CommanderError } = await import('commander');
const program = new Program('framecue')
  .description(
    'Frame-accurate cues for live video: talks to a server that runs, and works on files and streams.',
  )
  .showHelpAfterError()
  .exitOverride();
const named = COMMANDS[process.argv[2] ?? ''];
for (const load of named === undefined ? Object.values(COMMANDS) : [named]) {
  program.addCommand((await load()).copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    const { sentenceOf } = await import('../server/process.ts');
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}
