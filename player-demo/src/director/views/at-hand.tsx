import { useNow } from '../../design/hooks.ts';
import { Icon } from '../../design/icons.tsx';
import { Chip } from '../../design/parts.tsx';
import { formatSpan, plural } from '../../shared/format.ts';
import type { Command } from '../model/commands.ts';
import { holdNote, sendingWords } from '../model/hand.ts';
import { openOrderOn } from '../model/orders.ts';
import { type Item, isWaiting, itemAtHand } from '../model/rundown.ts';
import type { Show } from '../use-show.ts';
import { cueName } from '../words.ts';
import { KeyButton } from './key-button.tsx';
import { startsWords } from './lines.ts';

/** The item that the next press is about, large; with its two steps where it gives prizes. */
export function AtHand({ show }: { readonly show: Show }) {
  const { state } = show;
  const { rundown, guard, chosen } = state;
  const item = itemAtHand(rundown, chosen);
  if (rundown === null) return null;
  if (item === null) {
    return (
      <section class="panel hand" aria-label="Next">
        <p class="hand-title">The rundown is through</p>
        <p class="soft">Reset an item with Z, or load another rundown with U.</p>
      </section>
    );
  }
  const sending = openOrderOn(state.orders, item.id);
  const armed = guard?.kind === 'prize' && guard.item === item.id;
  const waits = item.state === 'pending' || item.state === 'armed';
  return (
    <section class={`panel hand ${armed ? 'hand-armed' : ''}`} aria-label="Next">
      <header class="hand-head">
        <span class="hand-kind">
          {chosen === null || chosen === rundown.next ? 'Next' : 'Chosen'} · {cueName(item.type)}
        </span>
        {item.prize && (
          <Chip tone="cue" icon="warning">
            Gives prizes
          </Chip>
        )}
        {item.private && <Chip icon="lock">Private</Chip>}
      </header>
      <p class="hand-title">{item.title}</p>
      <p class="hand-facts soft">{factsOf(item)}</p>
      {armed ? (
        <ArmedBar until={guard.until} since={guard.since} arming={sending?.kind === 'arm'} />
      ) : (
        <p class="hand-say" role="status">
          {sending !== null ? sendingWords(sending) : sayOf(item, show.serverNow())}
        </p>
      )}
      <Buttons show={show} item={item} armed={armed} waits={waits && sending === null} />
    </section>
  );
}

function Buttons({
  show,
  item,
  armed,
  waits,
}: {
  readonly show: Show;
  readonly item: Item;
  readonly armed: boolean;
  readonly waits: boolean;
}) {
  const hold = show.spread.value?.hold99Ms ?? null;
  const ready = waits && !show.standby && (!item.prize || armed);
  const press = (command: Command) => (mediaTime: number | null) => show.press(command, mediaTime);
  return (
    <>
      <div class="hand-buttons">
        {(item.prize || item.state === 'armed') && (
          <KeyButton
            command="arm"
            sample={show.sample}
            onPress={press('arm')}
            tone={armed ? 'plain' : 'cue'}
            off={!waits || show.standby}
          >
            {armed || item.state === 'armed' ? 'Disarm' : 'Arm'}
          </KeyButton>
        )}
        <KeyButton command="take" sample={show.sample} onPress={press('take')} tone="take" off={!ready} wide>
          {isWaiting(item) ? 'Take' : 'Taken'}
        </KeyButton>
      </div>
      <div class="hand-buttons hand-more">
        <KeyButton
          command="take-held"
          look="hand-held"
          sample={show.sample}
          onPress={press('take-held')}
          tone="plain"
          off={!ready || hold === null}
          note={holdNote(hold, item)}
        >
          Take held
        </KeyButton>
        <KeyButton
          command="skip"
          sample={show.sample}
          onPress={press('skip')}
          tone="quiet"
          off={!waits || show.standby}
        >
          Skip
        </KeyButton>
        <KeyButton
          command="reset"
          sample={show.sample}
          onPress={press('reset')}
          tone="quiet"
          off={item.state === 'pending' || show.standby}
        >
          Reset
        </KeyButton>
      </div>
    </>
  );
}

/** What is left of the ten seconds, in words and as a bar. */
function ArmedBar({
  until,
  since,
  arming,
}: {
  readonly until: number;
  readonly since: number;
  /** The server has not said yes yet. */
  readonly arming: boolean;
}) {
  const now = useNow(100);
  const left = Math.max(0, until - now);
  const s = Math.ceil(left / 1000);
  return (
    <div class="armed" role="alert">
      <strong>
        <Icon name="warning" size={22} />{' '}
        {arming ? 'Arming: waiting for the server' : `Armed: take within ${plural(s, 'second')}`}
      </strong>
      <span class="armed-track">
        <span class="armed-bar" style={{ transform: `scaleX(${left / Math.max(1, until - since)})` }} />
      </span>
    </div>
  );
}

function factsOf(item: Item): string {
  const parts = [
    item.durationMs === null ? null : `open for ${formatSpan(item.durationMs)}`,
    item.alignInMs === null ? null : `held ${formatSpan(item.alignInMs)}, then all together`,
    item.ref === null ? null : `of ${item.ref}`,
    startsWords(item),
    item.notes,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

function sayOf(item: Item, now: number): string {
  if (isWaiting(item) && item.notBefore !== null && item.notBefore > now) {
    return `Too early for ${plural(Math.ceil((item.notBefore - now) / 1000), 'more second')}: viewers far behind can still answer.`;
  }
  switch (item.state) {
    case 'pending':
      return item.prize ? 'Two steps: arm it, then take it within 10 s.' : '';
    case 'armed':
      return item.prize ? 'Armed on the server. Press A here to take it.' : 'Armed.';
    case 'taken':
    case 'announced':
      return 'On its way to its picture.';
    case 'landed':
      return 'Landed: on air.';
    case 'ended':
      return 'Over.';
    case 'skipped':
      return 'Skipped. Z brings it back.';
    default:
      return `${item.state}. ${item.reason ?? ''}`;
  }
}
