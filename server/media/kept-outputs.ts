import { join } from 'node:path';
import { z } from 'zod';
import { STREAM_PATTERN } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { NamedOutput } from '../../qa/audit/messages.ts';
import { isFreeLabel, labelOf, outputUrl } from '../../qa/audit/named-outputs.ts';
import { readKeptFile, setKeptFileAside, systemCodeOf, writeKeptFile } from '../../service/kept-file.ts';
import type { Log } from '../../service/log.ts';
import { SETTINGS } from '../../service/settings.ts';

/** In the data folder; mode 0600, since addresses may hold tokens. */
export const KEPT_OUTPUTS_FILE = 'audit-outputs.json';
/** As many outputs as the setting allows, each with the longest address, every character of it escaped. */
const MAX_BYTES = 512 * 1024;

const KeptFile = z.object({ version: z.literal(1), outputs: z.array(z.unknown()) });
const KeptOutput = z
  .strictObject({ stream: z.string().regex(STREAM_PATTERN), label: z.string(), url: z.string() })
  .refine(({ label, url }) => {
    const read = outputUrl(url);
    return read !== null && read.href === url && (isFreeLabel(label) || label === labelOf(read));
  });

/** The outputs that were named at run time, for the next start of media. */
export class KeptOutputs {
  readonly #path: string;
  readonly #log: Log;

  constructor(dataDir: string, log: Log) {
    this.#path = join(dataDir, KEPT_OUTPUTS_FILE);
    this.#log = log;
  }

  /**
   * What was kept. Never in the way of a start: a file that cannot be used is logged, set aside under `.unusable`
   * and passed over, and so is a single entry. What stands in it is not logged: addresses are secrets.
   */
  read(): readonly NamedOutput[] {
    let text: string | null;
    try {
      text = readKeptFile(this.#path, MAX_BYTES);
    } catch (error) {
      this.#passOver(systemCodeOf(error) ?? 'unknown error');
      return [];
    }
    if (text === null) return [];
    const parsed = KeptFile.safeParse(jsonOf(text));
    if (!parsed.success) {
      this.#passOver('it is no list of outputs');
      return [];
    }
    return parsed.data.outputs.flatMap((entry, at): NamedOutput[] => {
      const output = KeptOutput.safeParse(entry);
      if (output.success) return [output.data];
      this.entryPassedOver(`entry ${at + 1} is no output`);
      return [];
    });
  }

  /**
   * The file is there whole, or stays as it was. One call at a time. Frames do not wait for the disk.
   * @throws {FramecueError} ERR_AUDIT_FILE when it cannot be written.
   */
  async write(outputs: readonly NamedOutput[]): Promise<void> {
    try {
      await writeKeptFile(this.#path, `${JSON.stringify({ version: 1, outputs }, null, 2)}\n`);
    } catch (cause) {
      const problem = `${KEPT_OUTPUTS_FILE} cannot be written (${systemCodeOf(cause) ?? 'unknown error'}).`;
      throw new FramecueError('ERR_AUDIT_FILE', problem, {
        cause,
        details: { setting: SETTINGS.dataDir.name },
      });
    }
  }

  entryPassedOver(problem: string, output?: Pick<NamedOutput, 'stream' | 'label'>): void {
    const about = output === undefined ? {} : { stream: output.stream, output: output.label };
    this.#log.warn(
      { code: 'ERR_AUDIT_FILE', file: KEPT_OUTPUTS_FILE, problem, ...about },
      'an output that was named at run time is passed over',
    );
  }

  #passOver(problem: string): void {
    const about = { code: 'ERR_AUDIT_FILE', file: KEPT_OUTPUTS_FILE, problem };
    this.#log.error(about, 'the outputs that were named at run time cannot be read and are passed over');
    try {
      setKeptFileAside(this.#path);
    } catch (error) {
      this.#log.warn({ ...about, problem: systemCodeOf(error) }, 'the file cannot be set aside');
    }
  }
}

/** Undefined for what is no JSON: no file that we know is that. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
