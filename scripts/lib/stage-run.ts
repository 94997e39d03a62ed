import type { Children } from './children.ts';

export interface StageCommand {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds until it is ended. */
  readonly limitMs: number;
  /** After so many milliseconds without output, and every so many more, a line says that it still runs. */
  readonly silenceMs: number;
  readonly write: (text: string) => void;
  /** Lines to leave out. */
  readonly isNoise?: (line: string) => boolean;
}

export type StageEnd =
  | { readonly kind: 'ended'; readonly code: number | null }
  | { readonly kind: 'time-is-up' }
  | { readonly kind: 'not-started'; readonly why: string };

/** Runs one stage's program and passes its output on line by line, as it comes. */
export function runStage(children: Children, stage: StageCommand): Promise<StageEnd> {
  const { label, limitMs, silenceMs, write, isNoise = () => false } = stage;
  const since = performance.now();
  return new Promise((resolve) => {
    const child = children.start(stage.command, stage.args, { cwd: stage.cwd, env: stage.env });
    const stillRuns = () =>
      write(`... ${label}: still running, ${Math.round((performance.now() - since) / 1_000)} s\n`);
    let silence = setInterval(stillRuns, silenceMs);
    let isTimeUp = false;
    const limit = setTimeout(() => {
      isTimeUp = true;
      void children.end(child);
    }, limitMs);

    const flushes = [child.stdout, child.stderr].map((stream) => {
      let unfinished = '';
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        clearInterval(silence);
        silence = setInterval(stillRuns, silenceMs);
        const lines = (unfinished + chunk).split('\n');
        unfinished = lines.pop() ?? '';
        for (const line of lines) if (!isNoise(line)) write(`${line}\n`);
      });
      return () => {
        if (unfinished !== '') write(`${unfinished}\n`);
      };
    });

    const settle = (end: StageEnd) => {
      clearInterval(silence);
      clearTimeout(limit);
      for (const flush of flushes) flush();
      resolve(end);
    };
    child.once('error', (error) => {
      if (child.pid === undefined) settle({ kind: 'not-started', why: error.message });
    });
    child.once('close', (code) => settle(isTimeUp ? { kind: 'time-is-up' } : { kind: 'ended', code }));
  });
}
