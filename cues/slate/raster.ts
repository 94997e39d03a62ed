import { codeBits, type SlateContent } from './code.ts';
import { blackRects, CODE_HEIGHT, CODE_WIDTH, QUIET, SCREEN_HEIGHT, SCREEN_WIDTH } from './layout.ts';
import type { GreyPicture } from './picture.ts';

export const BLACK = 16;
export const WHITE = 235;

/** Pixels of a screen of this size: where the code area begins, and how long a module is. */
export function placeOf(width: number, height: number): { left: number; top: number; module: number } {
  const module = Math.min(width / SCREEN_WIDTH, height / SCREEN_HEIGHT);
  return { left: (width - CODE_WIDTH * module) / 2, top: QUIET * module, module };
}

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

/** Whether a place on the screen, in modules, belongs to the code or its quiet zone. */
export const isOnCode = (x: number, y: number): boolean =>
  x >= -QUIET && y >= -QUIET && x <= CODE_WIDTH + QUIET && y <= CODE_HEIGHT + QUIET;
