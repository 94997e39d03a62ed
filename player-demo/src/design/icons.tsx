import type { ComponentChildren } from 'preact';

export type IconName = keyof typeof SHAPES;

/** Line icons on a grid of 20; a word always stands beside them or in the control's label. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {SHAPES[name]}
    </svg>
  );
}

const SHAPES = {
  check: <path d="M4 10.5l4 4 8-9" />,
  cross: <path d="M5 5l10 10M15 5L5 15" />,
  dot: <circle cx="10" cy="10" r="4" fill="currentColor" stroke="none" />,
  ring: <circle cx="10" cy="10" r="5" />,
  clock: <path d="M10 2.5a7.5 7.5 0 100 15 7.5 7.5 0 000-15zM10 6v4.5l3 2" />,
  lock: <path d="M5 9h10v8H5zM7 9V6a3 3 0 016 0v3" />,
  warning: <path d="M10 3l8 14H2zM10 8.5v3.5M10 14.6v.01" />,
  broken: (
    <path d="M3 3l14 14M5.5 8.5a7 7 0 012-1.3M14.5 8.5a7 7 0 00-3-1.7M8 12a3.5 3.5 0 014 0M10 15.5v.01" />
  ),
  play: <path d="M6 4l10 6-10 6z" fill="currentColor" />,
  sound: <path d="M3 8v4h3l4 3.5V4.5L6 8zM13.5 7.5a3.5 3.5 0 010 5M15.8 5.2a7 7 0 010 9.6" />,
  mute: <path d="M3 8v4h3l4 3.5V4.5L6 8zM13.5 8l4 4M17.5 8l-4 4" />,
  plus: <path d="M10 4v12M4 10h12" />,
  bars: <path d="M4 16v-5M10 16V4M16 16V8" />,
  arrow: <path d="M4 10h12M11 5l5 5-5 5" />,
  expand: <path d="M3 8V3h5M17 8V3h-5M3 12v5h5M17 12v5h-5" />,
  flag: <path d="M5 17V3h10l-2 4 2 4H5" />,
  gift: (
    <path d="M3 7h14v3.5H3zM4.5 10.5V17h11v-6.5M10 7v10M10 7C6 7 5.5 2.5 8 2.7S10 5 10 7zM10 7c4 0 4.5-4.5 2-4.3S10 5 10 7z" />
  ),
  person: <path d="M10 10a3.3 3.3 0 100-6.6 3.3 3.3 0 000 6.6zM3.5 17a6.5 6.5 0 0113 0" />,
} satisfies Record<string, ComponentChildren>;

/** A frame with its cue dot in the corner. */
export function Brand({ size = 26 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <rect x="2.5" y="6.5" width="27" height="19" rx="4.5" stroke="currentColor" stroke-width="3" />
      <circle cx="22.5" cy="13" r="3.6" class="brand-dot" />
    </svg>
  );
}
