import { codeBits, type SlateContent } from '../../../cues/slate/code.ts';
import { blackRects, CODE_HEIGHT, CODE_WIDTH, placeOf, QUIET } from '../../../cues/slate/layout.ts';
import type { SlateWords } from './state.ts';

const SIGNS: { readonly [tone in SlateWords['tone']]: string } = { good: '✓', wait: '…', bad: '✕' };
/** Lines for people below the code, in modules. */
const FIGURES_AT = CODE_HEIGHT + QUIET + 1.9;
const MORE_AT = CODE_HEIGHT + QUIET + 3.2;
const TITLE_AT = CODE_HEIGHT + QUIET + 1.2;
const WORDS_WIDTH = 20;

/** All of the screen at once: one display shows one moment. */
export function drawScreen(
  context: CanvasRenderingContext2D,
  content: SlateContent,
  words: SlateWords,
  label: string,
): void {
  const { width, height } = context.canvas;
  const { left, top, module } = placeOf(width, height);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#000';
  for (const rect of blackRects(codeBits(content))) {
    // On whole pixels: a grey edge is lost contrast.
    const x = Math.round(left + rect.x * module);
    const y = Math.round(top + rect.y * module);
    const right = Math.round(left + (rect.x + rect.width) * module);
    const bottom = Math.round(top + (rect.y + rect.height) * module);
    context.fillRect(x, y, right - x, bottom - y);
  }
  const font = (size: number, weight: number): string =>
    `${weight} ${(size * module).toFixed(1)}px "Liberation Sans", Arial, system-ui, sans-serif`;
  const at = (x: number): number => left + x * module;
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  context.font = font(2.3, 700);
  // Figures change width; each has its place.
  [...timeOf(content.unixMs)].forEach((figure, i) => {
    context.fillText(figure, at(PLACES[i]!), top + FIGURES_AT * module);
  });
  context.font = font(0.95, 600);
  context.fillText(label, at(0), top + MORE_AT * module, 14 * module);
  context.textAlign = 'right';
  const widest = WORDS_WIDTH * module;
  context.font = font(1.4, 700);
  const title = `${SIGNS[words.tone]} ${words.title}`;
  context.fillText(title, at(CODE_WIDTH), top + TITLE_AT * module, widest);
  context.font = font(0.72, 400);
  linesOf(context, words.more, widest).forEach((line, i) => {
    context.fillText(line, at(CODE_WIDTH), top + (TITLE_AT + 1.15 + i * 0.95) * module, widest);
  });
}

/** Two at most: what does not fit is drawn narrower. */
function linesOf(context: CanvasRenderingContext2D, text: string, widest: number): readonly string[] {
  if (context.measureText(text).width <= widest) return [text];
  const words = text.split(' ');
  let first = words.shift() ?? '';
  while (words.length > 0 && context.measureText(`${first} ${words[0]}`).width <= widest) {
    first = `${first} ${words.shift()}`;
  }
  return [first, words.join(' ')];
}

/** HH:MM:SS.mmm of UTC. */
export const timeOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(11, 23);

/** Where each character of the time stands, in modules: figures of one width, narrower signs between. */
const PLACES: readonly number[] = (() => {
  const places: number[] = [];
  let at = 0;
  for (const sign of '00:00:00.000') {
    places.push(at);
    at += sign === '0' ? 1.3 : 0.7;
  }
  return places;
})();
