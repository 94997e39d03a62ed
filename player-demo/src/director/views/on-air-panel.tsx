import { useNow } from '../../design/hooks.ts';
import type { IconName } from '../../design/icons.tsx';
import { Chip, type Tone } from '../../design/parts.tsx';
import { plural, secondsLeft } from '../../shared/format.ts';
import type { OnAir } from '../model/on-air.ts';
import type { Questions } from '../use-questions.ts';
import type { Show } from '../use-show.ts';
import { KeyButton } from './key-button.tsx';

const LOOKS: {
  readonly [phase in OnAir['phase']]: { readonly word: string; readonly tone: Tone; readonly icon: IconName };
} = {
  'on-its-way': { word: 'On its way', tone: 'info', icon: 'arrow' },
  open: { word: 'Open', tone: 'cue', icon: 'dot' },
  locked: { word: 'Locked', tone: 'plain', icon: 'lock' },
};

/** Rounds that viewers have before them, whoever opened them. */
export function OnAirPanel({ show, questions }: { readonly show: Show; readonly questions: Questions }) {
  useNow(250);
  const { rounds, result, serverNow, sample } = show;
  const [first, ...others] = rounds;
  return (
    <section class="panel air" aria-label="On air">
      <header class="panel-head">
        <h2 class="panel-title">Rounds on air</h2>
        <span class="head-tools faint">{rounds.length === 0 ? 'none' : rounds.length}</span>
      </header>
      {first !== undefined && (
        <div class="air-body">
          <div class="air-head">
            <strong class="air-title">{first.title}</strong>
            <Chip tone={LOOKS[first.phase].tone} icon={LOOKS[first.phase].icon}>
              {LOOKS[first.phase].word}
            </Chip>
          </div>
          <p class="air-facts soft">
            {first.closesAt !== null && first.phase === 'open' && (
              <strong class="air-left" role="timer">
                {secondsLeft(first.closesAt - serverNow())} s left
              </strong>
            )}{' '}
            {result.value?.id === first.cue.interaction && result.value !== null
              ? plural(result.value.total, 'answer')
              : ''}
            {first.cue.by !== undefined && ` · marked by ${first.cue.by}`}
            {first.cue.rehearsal === true && ' · rehearsal'}
          </p>
          <div class="air-buttons">
            <KeyButton
              command="lock"
              tone="plain"
              sample={sample}
              off={show.standby || first.phase !== 'open' || first.lock !== null}
              onPress={(mediaTime) => questions.mark('lock', mediaTime)}
            >
              Lock
            </KeyButton>
            <KeyButton
              command="reveal"
              tone="plain"
              sample={sample}
              off={show.standby || first.phase !== 'locked' || first.reveal !== null}
              onPress={(mediaTime) => questions.mark('reveal', mediaTime)}
            >
              Reveal
            </KeyButton>
            <KeyButton
              command="void"
              tone="bad"
              off={show.standby}
              sample={sample}
              onPress={(at) => show.press('void', at)}
            >
              {first.phase === 'on-its-way' ? 'Take back' : 'Void'}
            </KeyButton>
          </div>
          {others.length > 0 && (
            <ul class="air-others soft">
              {others.map(({ cue, title, phase }) => (
                <li key={cue.id}>
                  {title}: {LOOKS[phase].word.toLowerCase()}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </section>
  );
}
