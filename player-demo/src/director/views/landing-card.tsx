import { useNow } from '../../design/hooks.ts';
import { Icon } from '../../design/icons.tsx';
import { formatCount, formatSpan } from '../../shared/format.ts';
import type { Cue } from '../../shared/media-api.ts';
import { CueOutputs } from '../cue-outputs.tsx';
import { lastLanded } from '../model/on-air.ts';
import { isOpenOrder } from '../model/orders.ts';
import type { Show } from '../use-show.ts';
import { cueName, errorWords, howWords } from '../words.ts';
import { cueTitle } from './lines.ts';

const FRESH_MS = 3_000;
/** Something that went wrong stays until the next cue. */
const KEPT_MS = 60_000;

/** What became of the newest cue: which frame, how far off, which outputs have it. */
export function LandingCard({ show }: { readonly show: Show }) {
  const now = useNow(250);
  const { news, cues, hint, orders } = show.state;
  const sending = orders.find(isOpenOrder);
  const bad = news !== null && news.kind !== 'landed' && now - news.at < KEPT_MS ? news.cue : null;
  const landed = bad === null ? lastLanded(cues ?? []) : null;
  const fresh = news?.kind === 'landed' && landed?.id === news.cue.id && now - news.at < FRESH_MS;
  const newest = bad === null ? null : ((cues ?? []).find(({ id }) => id === bad.id) ?? bad);
  if (hint !== null) {
    return (
      <section class="landing landing-hint" role="status" aria-label="Newest">
        <Icon name="warning" size={28} />
        <div class="landing-words">
          <strong class="landing-title">{hint.text}</strong>
        </div>
      </section>
    );
  }
  if (sending !== undefined) {
    return (
      <section class="landing" role="status" aria-label="Newest">
        <span class="spinner" aria-hidden="true" />
        <div class="landing-words">
          <strong class="landing-title">{sending.title}: sent</strong>
          <span class="soft">
            {sending.outcome.kind === 'looking'
              ? 'No answer yet: the server is asked what became of it. It is not sent again.'
              : 'Waiting for the server.'}
          </span>
        </div>
      </section>
    );
  }
  if (newest !== null) {
    return (
      <section class="landing landing-bad" role="alert" aria-label="Newest">
        <Icon name="warning" size={28} />
        <div class="landing-words">
          <strong class="landing-title">
            {cueName(newest.type)} {newest.state}: {cueTitle(newest)}
          </strong>
          <span>{newest.reason?.text ?? 'Reading the outputs settles it.'}</span>
        </div>
      </section>
    );
  }
  if (landed === null) {
    return (
      <section class="landing" aria-label="Newest">
        <Icon name="flag" size={28} />
        <div class="landing-words">
          <strong class="landing-title">Nothing has landed yet</strong>
          <span class="soft">
            What lands is shown here within a second: its frame, how far off, which outputs.
          </span>
        </div>
      </section>
    );
  }
  return (
    <section class={`landing ${fresh ? 'landing-fresh' : ''}`} role="status" aria-label="Newest">
      <Icon name="check" size={28} />
      <Landed cue={landed} />
    </section>
  );
}

function headOf({ type, landing, voided }: Cue): string {
  if (voided !== undefined)
    return `${cueName(type)} ${voided.told ? 'voided: players are told' : 'is being voided'}`;
  return `${cueName(type)} landed${landing?.errorMs == null ? '' : `, ${errorWords(landing.errorMs)}`}`;
}

function Landed({ cue }: { readonly cue: Cue }) {
  const landing = cue.landing!;
  return (
    <div class="landing-words">
      <strong class="landing-title">{headOf(cue)}</strong>
      <span class="landing-what">{cueTitle(cue)}</span>
      <span class="landing-facts">
        {landing.frame !== null && <span>Frame {formatCount(landing.frame)}</span>}
        <span>PTS {formatCount(landing.pts)}</span>
        {landing.markToStampMs !== null && <span>{formatSpan(landing.markToStampMs)} after the mark</span>}
        {howWords(landing) !== null && <span>{howWords(landing)}</span>}
      </span>
      {landing.outputs !== undefined && <CueOutputs outputs={landing.outputs} />}
    </div>
  );
}
