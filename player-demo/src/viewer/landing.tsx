import type { FiredCue } from '../../../client/src/index.ts';
import { Icon } from '../design/icons.tsx';
import { Fact } from '../design/parts.tsx';
import { FrameStrip } from './frame-strip.tsx';
import { LATE_WORDS, latenessWords, pathWords, ptsWords, verdictOf, verdictWords } from './words.ts';

/** On which frame the question opened here, and how far that is from the one that the director marked. */
export function Landing({ cue }: { readonly cue: FiredCue | null }) {
  if (cue === null) {
    return (
      <div class="landing landing-none">
        <p class="faint">Frame of the last cue: none yet</p>
      </div>
    );
  }
  const verdict = verdictOf(cue);
  return (
    <div class={`landing landing-${verdict}`}>
      <p class="landing-verdict">
        <Icon name={verdict === 'exact' ? 'check' : verdict === 'late' ? 'clock' : 'warning'} />
        <strong>{verdictWords(cue)}</strong>
        {cue.reason !== null && <span class="soft landing-why">{LATE_WORDS[cue.reason]}</span>}
        <FrameStrip cue={cue} />
      </p>
      <dl class="facts landing-facts">
        <Fact name="Marked PTS">{ptsWords(cue.firePts)}</Fact>
        <Fact name="Shown PTS">{ptsWords(cue.shownPts)}</Fact>
        <Fact name="Late">{latenessWords(cue)}</Fact>
        <Fact name="Path">{pathWords(cue)}</Fact>
      </dl>
    </div>
  );
}
