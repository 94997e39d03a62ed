import type { Quad } from '../homography.ts';
import type { GreyPicture } from '../picture.ts';
import { drawSlate } from '../raster.ts';
import { blend, type Random, type Shot, shoot, tear } from './camera.ts';

export interface SceneOptions extends Partial<Omit<Shot, 'corners' | 'background'>> {
  /** Width of the screen in the picture, as a share of its width. */
  readonly size?: number;
  /** Radians. */
  readonly turn?: number;
  /** How far each corner strays, as a share of the size. */
  readonly slant?: number;
  readonly shift?: number;
}

/** A screen in a picture of 640 x 360, or as said. */
export function scene(screen: GreyPicture, options: SceneOptions, random: Random): GreyPicture {
  const { width = 640, height = 360, size = 0.8, turn = 0, slant = 0, shift = 0 } = options;
  const half = (size * width) / 2;
  const flat = (half * screen.height) / screen.width;
  const x0 = width / 2 + (random() - 0.5) * shift * width;
  const y0 = height / 2 + (random() - 0.5) * shift * height;
  const corner = (x: number, y: number) => ({
    x: x0 + x * Math.cos(turn) - y * Math.sin(turn) + (random() - 0.5) * slant * half,
    y: y0 + x * Math.sin(turn) + y * Math.cos(turn) + (random() - 0.5) * slant * half,
  });
  const corners: Quad = [corner(-half, -flat), corner(half, -flat), corner(half, flat), corner(-half, flat)];
  const stripes = 5 + random() * 60;
  const shot: Shot = {
    ...{ width, height, corners, gamma: 1, black: 20, white: 220, gradient: 0, blurRadius: 0.7, noise: 3 },
    // A stage behind it: neither even nor of one direction.
    background: (x, y) => 110 + 90 * (((x / stripes) % 1) - ((y / stripes / 0.7) % 1)),
    ...options,
  };
  return shoot(screen, shot, random);
}

export interface RandomPicture {
  readonly picture: GreyPicture;
  /** What the camera saw, with the share of each. */
  readonly displays: readonly { readonly unixMs: number; readonly share: number }[];
  readonly session: number;
  /** One display, nothing in front of it, of a size and sharpness that is asked for. */
  readonly isPlain: boolean;
}

const SCREEN_WIDTH = 480;
const SCREEN_HEIGHT = 270;
const START = 1_790_000_000_000;

export function randomPicture(random: Random): RandomPicture {
  const between = (from: number, to: number): number => from + random() * (to - from);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const session = Math.floor(random() * 256);
  const unixMs = START + random() * 1e10;
  const display = (at: number): GreyPicture =>
    drawSlate({ unixMs: at, session, valid: true }, SCREEN_WIDTH, SCREEN_HEIGHT);
  const refreshMs = 1000 / pick([50, 59.94, 60, 120, 144]);

  const kind = pick(['one', 'one', 'one', 'near', 'near', 'far', 'far', 'tear', 'tear-far']);
  let displays = [{ unixMs, share: 1 }];
  let screen: GreyPicture;
  if (kind === 'one') {
    screen = display(unixMs);
  } else if (kind === 'near' || kind === 'far') {
    const count = kind === 'near' ? pick([2, 2, 3, 4]) : 2;
    const apart =
      kind === 'near' ? refreshMs : pick([between(20, 400), between(400, 2e5), 131_072, 65_536, 32_768]);
    const weights = Array.from({ length: count }, () => 0.05 + random());
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    displays = weights.map((weight, i) => ({ unixMs: unixMs + i * apart, share: weight / whole }));
    const parts = displays.map((part) => ({ picture: display(part.unixMs), share: part.share }));
    screen = blend(parts, pick([1, 1, 2.2]));
  } else {
    const apart = kind === 'tear' ? refreshMs : between(20, 2e5);
    const row = between(0.1, 0.8);
    // The code takes about four fifths of the screen's height.
    const share = Math.min(1, row / 0.83);
    displays = [
      { unixMs: unixMs + apart, share },
      { unixMs, share: 1 - share },
    ];
    screen = tear(display(unixMs + apart), display(unixMs), row * SCREEN_HEIGHT);
  }
  const hidden = random() < 0.25;
  if (hidden) screen = withThingsInFront(screen, random);
  const hard = random() < 0.4;
  const options: SceneOptions = {
    ...pick([
      { width: 480, height: 270 },
      { width: 400, height: 226 },
    ]),
    size: hard ? between(0.15, 1.2) : between(0.4, 0.95),
    turn: random() < 0.2 ? between(-Math.PI, Math.PI) : between(-0.15, 0.15),
    slant: hard ? between(0, 0.5) : between(0, 0.2),
    shift: hard ? 0.4 : 0,
    gamma: between(0.6, 1.8),
    black: between(5, 60),
    white: hard ? between(70, 255) : between(150, 255),
    gradient: between(0, 0.4),
    blurRadius: hard ? between(0, 4) : between(0, 1),
    noise: hard ? between(0, 25) : between(0, 6),
  };
  return {
    picture: scene(screen, options, random),
    displays,
    session,
    isPlain: kind === 'one' && !hidden && !hard,
  };
}

/** Hands, cables, lights: even, striped and half-transparent, over anything. */
function withThingsInFront(screen: GreyPicture, random: Random): GreyPicture {
  const { width, height } = screen;
  const data = Uint8Array.from(screen.data);
  const count = 1 + Math.floor(random() * 5);
  for (let n = 0; n < count; n++) {
    const w = Math.ceil(random() ** 2 * width * 0.6) + 2;
    const h = Math.ceil(random() ** 2 * height * 0.6) + 2;
    const x0 = Math.floor(random() * (width - w / 2));
    const y0 = Math.floor(random() * (height - h / 2));
    const level = random() * 255;
    const other = random() < 0.5 ? level : random() * 255;
    const stripe = 2 + Math.floor(random() * 30);
    const cover = random() < 0.3 ? random() : 1;
    for (let y = y0; y < Math.min(height, y0 + h); y++) {
      for (let x = x0; x < Math.min(width, x0 + w); x++) {
        const of = Math.floor((x + y * (n % 3)) / stripe) % 2 === 0 ? level : other;
        data[y * width + x] = data[y * width + x]! * (1 - cover) + of * cover;
      }
    }
  }
  return { width, height, data };
}
