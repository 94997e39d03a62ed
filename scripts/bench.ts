/** `npm run bench -- NAME`: measurements, one program each; never part of the tests. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BENCHES: Readonly<Record<string, { readonly file: string; readonly text: string }>> = {
  cue: {
    file: '../e2e/bench/cue.ts',
    text: 'cue fires on a live stream in three players, from the pixels, with and without load (3,000; some 9 minutes)',
  },
  aligned: {
    file: '../e2e/bench/aligned.ts',
    text: 'aligned start of three players with wrong clocks, 100 ms away (300 cues; some 6 minutes)',
  },
  injector: {
    file: './benches/injector.ts',
    text: 'CPU of `framecue stamp` over ten minutes of 1080p, beside ffmpeg h264_metadata (some 3 minutes)',
  },
  leaves: {
    file: './benches/leaves.ts',
    text: "what the ledger's leaves and blocks cost an answer in its worker (some 15 seconds)",
  },
  submissions: {
    file: './benches/submissions.ts',
    text: 'durable submissions a second, beside empty handlers of Express 5 and node:http (some 2 minutes)',
  },
};

const USAGE = `usage: npm run bench -- NAME [--json FILE] [options of NAME]

${Object.entries(BENCHES)
  .map(([name, { text }]) => `  ${name.padEnd(12)}${text}`)
  .join('\n')}

Prints one \`name: value unit\` a line. \`npm run bench -- NAME --help\` tells its options.
`;

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name === '--help') {
  process.stdout.write(USAGE);
  process.exitCode = name === undefined ? 2 : 0;
} else if (!Object.hasOwn(BENCHES, name)) {
  process.stderr.write(`There is no benchmark ${JSON.stringify(name)}.\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  const file = fileURLToPath(new URL(BENCHES[name]!.file, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
