#!/usr/bin/env node
// `npx framecue COMMAND`. The command itself is TypeScript, which Node runs from version 24 on: an older one hands
// over to the Node that set-up has brought. Only what Node 20 can read stands here.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const RUNTIME_MAJOR = 24;
const command = join(import.meta.dirname, 'framecue.ts');
const packaged = join(import.meta.dirname, '..', 'node_modules', '.bin', 'node');

if (Number(process.versions.node.split('.')[0]) >= RUNTIME_MAJOR) await import('./framecue.ts');
else if (existsSync(packaged)) handOver();
else {
  process.stderr.write(
    `framecue runs on Node ${RUNTIME_MAJOR}, and this is ${process.versions.node}.\n` +
      'What to do: run `npm start` or `npm run demo` here once (they bring their own), or install a newer Node.\n',
  );
  process.exitCode = 1;
}

function handOver() {
  const child = spawn(packaged, [command, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends its signals to both; what is sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`framecue: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
}
