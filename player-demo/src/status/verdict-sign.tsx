import type { ComponentChildren } from 'preact';
import type { VerdictKind } from './verdict.ts';

/** A sign for each verdict: told apart by shape before colour. The word always stands beside it. */
export function VerdictSign({ kind, size }: { readonly kind: VerdictKind; readonly size: number }) {
  return (
    <svg
      class="sign"
      width={size}
      height={size}
      viewBox="0 0 40 40"
      fill="none"
      stroke="currentColor"
      stroke-width="3.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {SIGNS[kind]}
    </svg>
  );
}

const filled = { fill: 'currentColor', stroke: 'none' } as const;

const SIGNS: { readonly [kind in VerdictKind]: ComponentChildren } = {
  healthy: (
    <>
      <circle cx="20" cy="20" r="18" {...filled} />
      <path class="sign-cut" d="M12 20.5l5.5 5.5L28.5 14.5" />
    </>
  ),
  look: (
    <>
      <path d="M20 5L36.5 34h-33z" fill="currentColor" />
      <path class="sign-cut" d="M20 15v9M20 29.5v.01" />
    </>
  ),
  trouble: (
    <>
      <path d="M13 3.5h14L36.5 13v14L27 36.5H13L3.5 27V13z" fill="currentColor" />
      <path class="sign-cut" d="M14.5 14.5l11 11M25.5 14.5l-11 11" />
    </>
  ),
  starting: (
    <>
      <circle cx="20" cy="20" r="16" />
      <path d="M20 11v9.5l6 4" />
    </>
  ),
  'off-air': (
    <>
      <circle cx="20" cy="20" r="16" />
      <path d="M9 31L31 9" />
    </>
  ),
  unknown: (
    <>
      <circle cx="20" cy="20" r="16" stroke-dasharray="5 6.2" />
      <path d="M15.5 16a4.5 4.5 0 118 2.8c-1.8 1.5-3.5 2-3.5 4.2M20 28.5v.01" />
    </>
  ),
};
