import { useEffect, useState } from 'preact/hooks';
import { useLatest, useNow } from '../design/hooks.ts';
import { Notice } from '../design/parts.tsx';
import type { DirectorApi } from '../director/api.ts';
import type { Chime } from '../director/chime.ts';
import { Connection, tokenTrouble } from '../director/connection.tsx';
import type { Action } from '../director/keys.ts';
import { type Row, rowsOf } from '../director/marks.ts';
import { useConsole } from '../director/use-console.ts';
import type { Feeds } from '../director/use-feeds.ts';
import { useKeys } from '../director/use-keys.ts';
import type { SignOut } from '../director/with-director.tsx';
import { PATHS } from '../players/player.ts';
import { againstNext, Controls } from './controls.tsx';
import { openingOf } from './opening.ts';
import { Saying } from './saying.tsx';
import { Spread } from './spread.tsx';
import type { Phones } from './use-phones.ts';

export interface StripProps {
  readonly api: DirectorApi;
  readonly chime: Chime;
  readonly phones: Phones;
  readonly onSignOut: SignOut;
}

const LOOK_MS = 500;
const HINT_MS = 3000;

/** The director's part of the page: the keys, what became of them, and how it reached the players. */
export function Strip({ api, chime, phones, onSignOut }: StripProps) {
  const console_ = useConsole(api, chime, phones.serverNow);
  const { feeds, deck, phase, round } = console_;
  const [since] = useState(() => phones.serverNow());
  useNow(LOOK_MS);

  const trouble = tokenTrouble(feeds);
  useEffect(() => {
    if (trouble !== null) onSignOut(trouble);
  }, [trouble, onSignOut]);

  const sample = (): number | null => phones.session('flv')?.streamTime()?.pts ?? null;
  const blocked = PATHS.some((path) => phones.links[path].kind === 'blocked');
  const start = (): void => {
    for (const path of PATHS) if (phones.links[path].kind === 'blocked') phones.session(path)?.play();
  };
  const press = (action: Action, mediaTime: number | null): void => {
    // The touch that the browser waits for; nothing was seen yet that it could mean.
    if (blocked) start();
    else console_.press(action, mediaTime);
  };
  const next = (): void => {
    if (againstNext(phase) === null) console_.next();
  };
  useKeys(sample, (command, mediaTime) => {
    if (command === 'next') next();
    else if (command !== 'cancel') press(command, mediaTime);
  });

  // A press that was too early is said for a moment; what went wrong stands until the next press.
  const { hint: newest } = console_;
  const hint = newest?.failure === null && Date.now() - newest.at > HINT_MS ? null : newest;
  const id = deck.kind === 'question' ? deck.interaction.id : null;
  const row = rowsOf(console_.marks).find((one) => isOf(one, id, round.open?.id ?? null)) ?? null;
  const opening = openingOf({ reached: phones.reached, cues: console_.marks.cues, since });

  // A question that was over before this page came: nothing here shows it, and O is for the next one.
  const stale = phase === 'locked' && opening === null;
  const latest = useLatest(console_);
  useEffect(() => {
    if (stale) latest.current.next();
  }, [stale, latest]);

  return (
    <>
      <Connection feeds={feeds} />
      <div role="status" class="connection">
        {!isLive(feeds) && (
          <Notice icon="broken" tone="bad">
            <strong>The stream is not live.</strong> Nobody publishes at the moment. It goes on here by
            itself.
          </Notice>
        )}
        {blocked && (
          <Notice
            icon="play"
            action={
              <button type="button" class="button button-main" onClick={start}>
                Start the players
              </button>
            }
          >
            <strong>Your browser waits for a touch before it plays.</strong> Any of the keys below does it,
            too.
          </Notice>
        )}
      </div>
      <section class="director" aria-label="Director">
        <div class="panel control">
          <Controls
            phase={phase}
            reasonAgainst={console_.reasonAgainst}
            sample={sample}
            onPress={press}
            onNext={next}
          />
          <Saying
            row={row}
            hint={hint}
            phase={phase}
            question={deck.kind === 'draft' ? deck.draft.question : deck.interaction.question}
            seeing={!blocked && sample() !== null}
            fresh={row !== null && row.key === console_.fresh}
            onSendAgain={console_.sendAgain}
          />
        </div>
        <Spread opening={opening} phones={phones} />
      </section>
    </>
  );
}

/** A mark on this question, or a cue that belongs to it. */
function isOf(row: Row, interaction: string | null, openCue: string | null): boolean {
  if (interaction === null) return false;
  if (row.kind === 'mark') return row.mark.interaction === interaction;
  return row.cue.interaction === interaction || (openCue !== null && row.cue.ref === openCue);
}

function isLive({ stream }: Feeds): boolean {
  const { failure, value } = stream;
  if (failure === null) return value === null || value.live;
  return !(failure.kind === 'refused' && failure.status === 404);
}
