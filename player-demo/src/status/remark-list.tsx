import { Icon } from '../design/icons.tsx';
import type { Remark } from './remarks.ts';
import type { Problem } from './report.ts';
import { VERDICT_WORDS } from './verdict.ts';
import { VerdictSign } from './verdict-sign.tsx';

export function RemarkList({ remarks }: { readonly remarks: readonly Remark[] }) {
  if (remarks.length === 0) return null;
  return (
    <ul class="remarks">
      {remarks.map(({ key, level, text, advice }) => (
        <li key={key} class={level === null ? 'remark' : `remark level-${level}`}>
          {level === null ? <Icon name="clock" size={20} /> : <LevelSign level={level} size={20} />}
          <p>
            <strong>{text}</strong>
            {advice !== null && <span class="remark-advice">{advice}</span>}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** Marks what a problem is about: by shape, and in words for those who hear the page. */
export function LevelSign({ level, size }: { readonly level: Problem['level']; readonly size: number }) {
  const kind = level === 'bad' ? 'trouble' : 'look';
  return (
    <>
      <VerdictSign kind={kind} size={size} />
      <span class="only-read">{VERDICT_WORDS[kind]}: </span>
    </>
  );
}
