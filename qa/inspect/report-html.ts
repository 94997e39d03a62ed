import type { Summary } from './inspector.ts';
import type { PageData } from './page-data.ts';

export async function writePage(
  _file: string,
  _address: string,
  _summary: Summary,
  _page: PageData,
): Promise<void> {
  throw new Error('under way');
}
