import { codeBits, type SlateContent } from './code.ts';
import { blackRects, placeOf } from './layout.ts';
import type { GreyPicture } from './picture.ts';

export const BLACK = 16;
export const WHITE = 235;

/** The slate without its words, on a white screen; edges on pixels. */
export function drawSlate(content: SlateContent, width: number, height: number): GreyPicture {
  const data = new Uint8Array(width * height).fill(WHITE);
  const { left, top, module } = placeOf(width, height);
  for (const rect of blackRects(codeBits(content))) {
    const x0 = Math.round(left + rect.x * module);
    const x1 = Math.round(left + (rect.x + rect.width) * module);
    const y0 = Math.round(top + rect.y * module);
    const y1 = Math.min(height, Math.round(top + (rect.y + rect.height) * module));
    for (let y = y0; y < y1; y++) data.fill(BLACK, y * width + x0, y * width + x1);
  }
  return { width, height, data };
}
