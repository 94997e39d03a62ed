import { type Command, CommanderError } from 'commander';
import { vi } from 'vitest';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command in this process, ended as `scripts/framecue.ts` ends it. */
export async function ran(command: Command, args: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  const into =
    (stream: 'out' | 'err') =>
    (text: string | Uint8Array): boolean => {
      said[stream] += String(text);
      return true;
    };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(into('out'));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(into('err'));
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await command.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  const code = Number(process.exitCode);
  process.exitCode = before;
  return { code, ...said };
}
