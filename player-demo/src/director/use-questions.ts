import { useEffect, useRef, useState } from 'preact/hooks';
import type { Interaction } from '../shared/events-api.ts';
import { failureWords } from '../shared/failure-words.ts';
import type { ApiFailure } from '../shared/http.ts';
import { randomName } from '../shared/ids.ts';
import type { DirectorApi } from './api.ts';
import { firstOnDeck, nextOnDeck, waiting, withInteraction, withOwn } from './deck.ts';
import { type Draft, SAMPLES } from './draft.ts';
import { kept } from './model/decide.ts';
import { revealNotBefore } from './model/early.ts';
import { meantPts } from './model/health.ts';
import { lockWanted, type MarkAction, openWanted, revealWanted, whyNotRound } from './model/mark.ts';
import { openOrderOn } from './model/orders.ts';
import { itemOfRound } from './model/round-item.ts';
import type { Show } from './use-show.ts';

/** Questions that are asked without a rundown, and the lock and reveal of whatever round is on air. */
export interface Questions {
  /** Null: a sample, which opening creates. */
  readonly onDeck: Interaction | null;
  readonly sample: Draft;
  readonly upNext: readonly Interaction[];
  readonly next: () => void;
  readonly choose: (id: string) => void;
  readonly create: (draft: Draft) => Promise<ApiFailure | null>;
  readonly mark: (action: MarkAction, mediaTime: number | null) => void;
}

export function useQuestions(api: DirectorApi, show: Show): Questions {
  const [own, setOwn] = useState<readonly Interaction[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [sample, setSample] = useState(0);
  const busy = useRef(new Set<MarkAction>());
  const looked = useRef(false);
  const listed = show.interactions.value;

  useEffect(() => {
    if (listed === null || looked.current) return;
    looked.current = true;
    const first = firstOnDeck(listed, show.serverNow());
    if (first?.state === 'SCHEDULED') setChosen((known) => known ?? first.id);
  }, [listed, show.serverNow]);

  const all = withOwn(listed ?? [], own);
  const found = all.find(({ id }) => id === chosen) ?? null;
  const onDeck = found !== null && !wasOpened(found.id, show) ? found : null;
  const draft = SAMPLES[sample % SAMPLES.length]!;

  const add = async (wanted: Draft): Promise<Interaction | ApiFailure> => {
    const outcome = await api.create(randomName('q-'), wanted);
    if (!outcome.ok) return outcome.failure;
    setOwn((before) => withInteraction(before, outcome.value));
    return outcome.value;
  };

  const say = (text: string): void => show.runner?.hint(text);

  const open = async (mediaTime: number | null): Promise<void> => {
    if (show.state.rundown !== null) return say('A rundown is loaded: Space takes its items.');
    const question = onDeck ?? (await add(draft));
    if (!('id' in question)) return say(`The question could not be created. ${failureWords(question).text}`);
    setChosen(question.id);
    if (openOrderOn(show.state.orders, `open:${question.id}`) !== null) return;
    show.runner?.order(openWanted(randomName('c-'), question, mediaTime));
    setSample((count) => count + (onDeck === null ? 1 : 0));
  };

  const follow = async (action: 'lock' | 'reveal', pressed: number | null): Promise<void> => {
    const round = show.rounds[0];
    const against = whyNotRound(action, round);
    if (against !== null || round === undefined) return say(against ?? '');
    const { cue, title } = round;
    if (itemOfRound(action, show.state.rundown, cue) !== null) return show.press(action, pressed);
    const mediaTime = meantPts(pressed, show.offsetMs);
    const { guard } = show.state;
    if (guard?.kind === 'early' && guard.wanted.target === `${action}:${cue.id}`) return;
    if (openOrderOn(show.state.orders, `${action}:${cue.id}`) !== null) return;
    if (action === 'lock') return show.runner?.order(lockWanted(randomName('c-'), cue, title, mediaTime));
    const result = cue.interaction === null ? null : await api.result(cue.interaction);
    if (result?.ok === false && result.failure.kind !== 'refused') {
      return say(`The result could not be read. ${failureWords(result.failure).text}`);
    }
    const correct = all.find(({ id }) => id === cue.interaction)?.correct ?? null;
    const counted = result?.ok ? result.value : null;
    const wanted = revealWanted(randomName('c-'), cue, title, counted, correct, mediaTime);
    const notBefore = revealNotBefore(round, show.spread.value?.leftOut.capMs ?? null);
    if (notBefore === null || show.serverNow() < notBefore) show.runner?.askEarly(wanted, notBefore);
    else show.runner?.order(wanted);
  };

  const mark = async (action: MarkAction, mediaTime: number | null): Promise<void> => {
    const held = kept(show.state, show);
    if (held?.kind === 'refuse') return say(held.text);
    // A second press before the first is through is no second mark.
    if (busy.current.has(action)) return;
    busy.current.add(action);
    try {
      await (action === 'open' ? open(meantPts(mediaTime, show.offsetMs)) : follow(action, mediaTime));
    } finally {
      busy.current.delete(action);
    }
  };

  return {
    onDeck,
    sample: draft,
    upNext: waiting(all).filter(({ id }) => id !== onDeck?.id && !wasOpened(id, show)),
    next() {
      const following = nextOnDeck(all, chosen);
      setChosen(following?.id ?? null);
      if (following === null) setSample((count) => count + 1);
    },
    choose: setChosen,
    async create(wanted) {
      const created = await add(wanted);
      if (!('id' in created)) return created;
      setChosen(created.id);
      return null;
    },
    mark: (action, mediaTime) => void mark(action, mediaTime),
  };
}

/** The events service may hear of it a moment later than the console. */
const wasOpened = (id: string, { state }: Show): boolean =>
  (state.cues ?? []).some(
    (cue) =>
      cue.type === 'interaction.open' &&
      cue.interaction === id &&
      cue.state !== 'cancelled' &&
      cue.state !== 'missed',
  );
