import { Countdown } from '../design/countdown.tsx';
import { Icon, type IconName } from '../design/icons.tsx';
import { Bars, Chip, type Tone } from '../design/parts.tsx';
import type { Interaction, Result } from '../shared/events-api.ts';
import { optionLetter, plural } from '../shared/format.ts';
import { waiting } from './deck.ts';
import { closesAtMs, type Phase, type Round } from './round.ts';
import type { Deck } from './use-console.ts';
import { PHASE_WORDS } from './words.ts';

export interface DeckPanelProps {
  readonly deck: Deck;
  readonly phase: Phase;
  readonly round: Round;
  readonly result: Result | null;
  readonly interactions: readonly Interaction[];
  readonly serverNow: () => number;
  readonly onNew: () => void;
  readonly onNext: () => void;
  readonly onChoose: (id: string) => void;
}

const LOOKS: { readonly [phase in Phase]: { readonly tone: Tone; readonly icon: IconName } } = {
  none: { tone: 'plain', icon: 'ring' },
  ready: { tone: 'plain', icon: 'ring' },
  opening: { tone: 'info', icon: 'arrow' },
  open: { tone: 'cue', icon: 'dot' },
  locked: { tone: 'plain', icon: 'lock' },
  revealed: { tone: 'good', icon: 'check' },
  cancelled: { tone: 'plain', icon: 'cross' },
};

/** The question that the marks are about, its running result, and what comes next. */
export function DeckPanel(props: DeckPanelProps) {
  const { deck, phase, round, result, interactions, serverNow, onNew, onNext, onChoose } = props;
  const { question, options, correct } = deck.kind === 'draft' ? deck.draft : deck.interaction;
  const durationMs = deck.kind === 'draft' ? deck.draft.durationS * 1000 : deck.interaction.durationMs;
  const current = deck.kind === 'question' ? deck.interaction.id : null;
  const upNext = waiting(interactions).filter(({ id }) => id !== current);
  const closes = phase === 'open' ? closesAtMs(round) : null;
  return (
    <section class="panel deck" aria-label="Question on deck">
      <header class="panel-head">
        <h2 class="panel-title">On deck</h2>
        <Chip tone={LOOKS[phase].tone} icon={LOOKS[phase].icon}>
          {PHASE_WORDS[phase]}
        </Chip>
        <span class="deck-tools">
          {(phase === 'revealed' || phase === 'cancelled' || upNext.length > 0) && (
            <button type="button" class="button" onClick={onNext}>
              Next <kbd>N</kbd>
            </button>
          )}
          <button type="button" class="button" onClick={onNew}>
            <Icon name="plus" /> New
          </button>
        </span>
      </header>
      <div class="panel-body deck-body">
        <h3 class="deck-question">{question}</h3>
        {phase === 'ready' || phase === 'opening' || phase === 'none' ? (
          <ol class="deck-options">
            {options.map((option, index) => (
              <li key={`${index}:${option}`} class="deck-option">
                <span class="letter">{optionLetter(index)}</span>
                <span>{option}</span>
                {index === correct && (
                  <span class="bar-mark deck-right">
                    <Icon name="check" size={14} /> Right
                  </span>
                )}
              </li>
            ))}
          </ol>
        ) : (
          <Bars options={options} counts={result?.counts ?? []} correct={result?.correct ?? correct} />
        )}
        {closes !== null && durationMs !== null ? (
          <Countdown
            closesAt={steady(performance.now() + (closes - serverNow()))}
            durationMs={durationMs}
            label="until it locks by itself"
          />
        ) : (
          <p class="soft deck-note">{noteOf(deck, phase, durationMs, result, serverNow())}</p>
        )}
      </div>
      {upNext.length > 0 && (
        <div class="deck-next">
          <h3 class="panel-title">Up next</h3>
          <ul>
            {upNext.map(({ id, question: text }) => (
              <li key={id}>
                <button type="button" class="deck-choose" onClick={() => onChoose(id)}>
                  <span>{text}</span>
                  <Icon name="arrow" size={16} />
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

/** The two clocks are compared anew each time: what is the same moment stays the same number. */
const steady = (atMs: number): number => Math.round(atMs / 100) * 100;

/** Until the server stops taking answers of those who had not seen the lock. */
const settling = (result: Result | null, now: number): boolean =>
  result === null || result.settlesAt === undefined || now < result.settlesAt;

function noteOf(
  deck: Deck,
  phase: Phase,
  durationMs: number | null,
  result: Result | null,
  now: number,
): string {
  const answers = plural(result?.total ?? 0, 'answer');
  switch (phase) {
    case 'none':
      return '';
    case 'ready': {
      const window =
        durationMs === null ? 'Stays open until you lock it.' : `Open for ${durationMs / 1000} s.`;
      return deck.kind === 'draft' ? `A sample. ${window} Opening creates it.` : window;
    }
    case 'opening':
      return 'On its way to its frame.';
    case 'open':
      return `${answers} so far.`;
    case 'locked':
      return settling(result, now)
        ? `${answers} so far. Viewers far behind are still sending theirs.`
        : `${answers}. All are in.`;
    case 'revealed':
      return answers;
    case 'cancelled':
      return 'It does not count.';
  }
}
