import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { useLatest } from '../design/hooks.ts';
import type { Interaction } from '../shared/events-api.ts';
import type { ApiFailure } from '../shared/http.ts';
import { randomName } from '../shared/ids.ts';
import type { Cue } from '../shared/media-api.ts';
import type { DirectorApi } from './api.ts';
import type { Chime } from './chime.ts';
import { firstOnDeck, nextOnDeck, withInteraction, withOwn } from './deck.ts';
import { type Draft, SAMPLES } from './draft.ts';
import type { Action } from './keys.ts';
import { markRequestOf } from './mark-request.ts';
import { FIRST_MARKS, type Mark, newsBetween, nextMarks, openPress } from './marks.ts';
import { type Phase, phaseOf, type Round, roundOf, whyNot } from './round.ts';
import { type Feeds, useFeeds } from './use-feeds.ts';

/** What is on deck: a question that the server has, or one that is created by opening it. */
export type Deck =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'question'; readonly interaction: Interaction };

/** A press that came to nothing before anything was marked. */
export interface Hint {
  readonly action: Action;
  readonly text: string | null;
  readonly failure: ApiFailure | null;
  readonly at: number;
}

export interface Console {
  readonly feeds: Feeds;
  readonly marks: ReturnType<typeof nextMarks>;
  readonly deck: Deck;
  readonly round: Round;
  readonly phase: Phase;
  readonly hint: Hint | null;
  /** Key of the cue that landed last, for a moment. */
  readonly fresh: string | null;
  readonly reasonAgainst: (action: Action) => string | null;
  /** @param mediaTime PTS on screen at the press. */
  readonly press: (action: Action, mediaTime: number | null) => void;
  readonly sendAgain: (mark: Mark) => void;
  readonly next: () => void;
}

const FRESH_MS = 2500;

export function useConsole(api: DirectorApi, chime: Chime, serverNow: () => number): Console {
  const [marks, dispatch] = useReducer(nextMarks, FIRST_MARKS);
  const [chosen, setChosen] = useState<string | null>(null);
  const [sample, setSample] = useState(0);
  const [own, setOwn] = useState<readonly Interaction[]>([]);
  const [hint, setHint] = useState<Hint | null>(null);
  const [fresh, setFresh] = useState<string | null>(null);
  const busy = useRef(new Set<string>());
  const heardOf = useRef<readonly Cue[] | null>(null);
  const looked = useRef(false);

  const feeds = useFeeds(
    api,
    chosen,
    (cues) => {
      const news = newsBetween(heardOf.current, cues);
      heardOf.current = cues;
      dispatch({ kind: 'cues', cues });
      for (const { kind, cue } of news) {
        if (kind !== 'landed') chime.failed();
        else {
          chime.landed();
          setFresh(cue.id);
        }
      }
    },
    (listed) => {
      if (looked.current) return;
      looked.current = true;
      setChosen((current) => current ?? firstOnDeck(listed, serverNow())?.id ?? null);
    },
  );

  useEffect(() => {
    if (fresh === null) return;
    const timer = setTimeout(() => setFresh(null), FRESH_MS);
    return () => clearTimeout(timer);
  }, [fresh]);

  const interactions = withOwn(feeds.interactions.value ?? [], own);
  const interaction = interactions.find(({ id }) => id === chosen) ?? null;
  const deck: Deck =
    interaction === null
      ? { kind: 'draft', draft: SAMPLES[sample % SAMPLES.length]! }
      : { kind: 'question', interaction };
  const round = roundOf(interaction?.id ?? null, marks.cues);
  const result = feeds.result.value;
  const state = result?.id === interaction?.id ? (result?.state ?? null) : (interaction?.state ?? null);
  const phase: Phase = interaction === null ? 'ready' : phaseOf({ round, state, now: serverNow() });

  const reasonAgainst = (action: Action): string | null =>
    whyNot(action, {
      phase,
      hasOpenCue: round.open !== null,
      press: interaction === null ? null : openPress(marks.marks, interaction.id, action),
    });

  const send = async (mark: Pick<Mark, 'key' | 'request'>): Promise<void> => {
    const outcome = await api.mark(mark.request, mark.key);
    if (outcome.ok) return dispatch({ kind: 'taken', key: mark.key, cue: outcome.value });
    dispatch({ kind: 'failed', key: mark.key, failure: outcome.failure });
    chime.failed();
  };

  const refuse = (action: Action, text: string | null, failure: ApiFailure | null): void => {
    setHint({ action, text, failure, at: Date.now() });
    if (failure !== null) chime.failed();
  };

  const create = async (draft: Draft, id = randomName('q-')): Promise<Interaction | ApiFailure> => {
    const outcome = await api.create(id, draft);
    if (!outcome.ok) return outcome.failure;
    setOwn((before) => withInteraction(before, outcome.value));
    return outcome.value;
  };

  const press = async (action: Action, mediaTime: number | null): Promise<void> => {
    const pressedAt = Date.now();
    const against = reasonAgainst(action);
    if (against !== null) return refuse(action, against, null);
    let target = interaction;
    if (target === null) {
      const created = await create(deck.kind === 'draft' ? deck.draft : SAMPLES[0]!);
      if (!('id' in created)) return refuse(action, 'The question could not be created.', created);
      target = created;
      setChosen(target.id);
    }
    let counted = result;
    if (action === 'reveal') {
      const asked = await api.result(target.id);
      if (!asked.ok) return refuse(action, 'The result could not be read.', asked.failure);
      counted = asked.value;
    }
    const request = markRequestOf(
      { action, interaction: target, round, mediaTime, result: counted },
      api.paths,
    );
    const mark = { key: randomName('m-'), action, interaction: target.id, pressedAt, mediaTime, request };
    setHint(null);
    dispatch({ kind: 'pressed', mark });
    await send(mark);
  };

  /** A second press of the same action before the first is through is no second mark. */
  const pressOnce = async (action: Action, mediaTime: number | null): Promise<void> => {
    const name = `${action}:${interaction?.id ?? ''}`;
    if (busy.current.has(name)) return;
    busy.current.add(name);
    try {
      await press(action, mediaTime);
    } finally {
      busy.current.delete(name);
    }
  };

  const latestPress = useLatest(pressOnce);

  return {
    feeds,
    marks,
    deck,
    round,
    phase,
    hint,
    fresh,
    reasonAgainst,
    press: (action, mediaTime) => void latestPress.current(action, mediaTime),
    sendAgain(mark) {
      dispatch({ kind: 'again', key: mark.key });
      void send(mark);
    },
    next() {
      const following = nextOnDeck(interactions, chosen);
      setChosen(following?.id ?? null);
      if (following === null && chosen !== null) setSample((count) => count + 1);
      setHint(null);
    },
  };
}
