import type { ComponentChildren } from 'preact';
import { formatCount, optionLetter, percentages } from '../shared/format.ts';
import { Brand, Icon, type IconName } from './icons.tsx';
import './tokens.css';
import './base.css';
import './parts.css';
import './forms.css';

export type Tone = 'plain' | 'good' | 'bad' | 'cue' | 'info';

export function Head({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <header class="head">
      <a class="brand" href="/index.html" aria-label="framecue, all pages">
        <Brand />
        framecue
      </a>
      <h1 class="head-title soft">{title}</h1>
      <div class="head-end">{children}</div>
    </header>
  );
}

export function Chip({
  tone = 'plain',
  icon,
  children,
}: {
  readonly tone?: Tone;
  readonly icon?: IconName;
  readonly children: ComponentChildren;
}) {
  return (
    <span class={tone === 'plain' ? 'chip' : `chip chip-${tone}`}>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </span>
  );
}

export interface NoticeProps {
  readonly tone?: 'plain' | 'good' | 'bad' | 'cue';
  readonly icon: IconName;
  readonly code?: string | null;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Notice({ tone = 'plain', icon, code, action, children }: NoticeProps) {
  return (
    <div class={tone === 'plain' ? 'notice' : `notice notice-${tone}`}>
      <Icon name={icon} />
      <div class="notice-text">
        {children}
        {code && <span class="notice-code">{code}</span>}
      </div>
      {action}
    </div>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export const Spinner = () => <span class="spinner" aria-hidden="true" />;

export interface BarsProps {
  readonly options: readonly string[];
  readonly counts: readonly number[];
  /** Index of the right answer; null while it is not told, or where there is none. */
  readonly correct: number | null;
  /** Index of this viewer's answer. */
  readonly mine?: number | null;
}

/** Options with how many chose each. Right and own answers are marked in words. */
export function Bars({ options, counts, correct, mine = null }: BarsProps) {
  const known = options.map((_, index) => counts[index] ?? 0);
  const percents = percentages(known);
  return (
    <ol class="bars">
      {options.map((option, index) => (
        <li key={`${index}:${option}`} class={index === correct ? 'bar bar-right' : 'bar'}>
          <span class="bar-fill" style={{ transform: `scaleX(${percents[index]! / 100})` }} />
          <span class="letter">{optionLetter(index)}</span>
          <span class="bar-label">
            {option}
            {index === correct && (
              <span class="bar-mark bar-mark-right">
                <Icon name="check" size={14} />
                Right
              </span>
            )}
            {index === mine && (
              <span class="bar-mark">
                <Icon name="person" size={14} />
                You
              </span>
            )}
          </span>
          <span class="bar-figures">
            <span class="bar-percent">{percents[index]} %</span>
            <span class="bar-count">{formatCount(known[index]!)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
