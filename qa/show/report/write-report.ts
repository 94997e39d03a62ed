import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FramecueError } from '../../../packet/errors.ts';
import { htmlOf } from './html.ts';
import { junitOf } from './junit.ts';
import type { ReportData } from './report-data.ts';

/** `report.html`, `report.json` and `junit.xml` in a folder that is made where it is missing. @throws ERR_OUTPUT_WRITE */
export async function writeReport(folder: string, data: ReportData): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'report.json'), `${JSON.stringify(data, null, 1)}\n`);
    await writeFile(join(folder, 'junit.xml'), junitOf(data));
    await writeFile(join(folder, 'report.html'), await htmlOf(data));
  } catch (cause) {
    throw new FramecueError('ERR_OUTPUT_WRITE', `The report cannot be written to ${folder}.`, { cause });
  }
}
