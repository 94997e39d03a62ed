import { type ChildProcess, spawn } from 'node:child_process';

export interface Load {
  stop(): void;
}

/** Programs that each use all of a core, as an encoder on the same machine does. They end with this process. */
export function startLoad(count: number): Load {
  const children: ChildProcess[] = [];
  for (let n = 0; n < count; n++) {
    // Whoever forgets to stop it: it stops when its parent's end of the pipe has gone.
    const busy =
      'process.stdin.resume().on("end", () => process.exit()); (function turn() { const end = Date.now() + 50; while (Date.now() < end); setImmediate(turn); })()';
    children.push(spawn(process.execPath, ['-e', busy], { stdio: ['pipe', 'ignore', 'inherit'] }));
  }
  return {
    stop() {
      for (const child of children) child.kill();
    },
  };
}
