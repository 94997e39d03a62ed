import { Icon } from '../../design/icons.tsx';
import { Fact } from '../../design/parts.tsx';
import { formatCount, formatSpan, plural } from '../../shared/format.ts';
import type { Spread } from '../model/spread.ts';
import type { Show } from '../use-show.ts';
import { KeyButton } from './key-button.tsx';
import { SpreadPlot } from './spread-plot.tsx';

/** Before the take: how far apart the apps will open, who is left out, and the hold that puts it right. */
export function SpreadPanel({ show }: { readonly show: Show }) {
  const { value, failure } = show.spread;
  if (value === null || value.groups.length === 0) {
    return (
      <p class="faint tab-none">
        {value === null && failure !== null
          ? failure.kind === 'refused' && failure.status === 404
            ? 'This server does not measure the spread.'
            : 'The events server does not answer: the spread is not known.'
          : 'No viewer has reported yet. Reports are a sample, and come every few seconds.'}
      </p>
    );
  }
  return (
    <div class="spread">
      <SpreadPlot spread={value} />
      <dl class="facts spread-facts">
        <Fact name="Without a hold, apart (p99)">{spanOf(value.apart.content)}</Fact>
        <Fact name="With the hold, apart (p99)">{spanOf(value.apart.aligned)}</Fact>
        <Fact name="Left out">{leftOutWords(value)}</Fact>
        <Fact name="Reports">{plural(value.viewers, 'viewer')}</Fact>
      </dl>
      {value.leftOut.viewers > 0 && (
        <p class="spread-warn">
          <Icon name="warning" size={16} /> {plural(value.leftOut.viewers, 'viewer')} are further behind than
          the cap
          {value.leftOut.capMs === null ? '' : ` of ${formatSpan(value.leftOut.capMs)}`}: they cannot answer
          in time.
        </p>
      )}
      {value.hold99Ms !== null && (
        <KeyButton
          command="take-held"
          tone="plain"
          sample={show.sample}
          onPress={(mediaTime) => show.press('take-held', mediaTime)}
          note="99 % open in the same instant"
        >
          Take with a hold of {formatSpan(value.hold99Ms)}
        </KeyButton>
      )}
    </div>
  );
}

const spanOf = (ms: number | null): string => (ms === null ? 'not known' : formatSpan(ms));

const leftOutWords = ({ leftOut }: Spread): string =>
  leftOut.viewers === 0
    ? 'nobody'
    : `${formatCount(leftOut.viewers)} (${(leftOut.share * 100).toFixed(leftOut.share < 0.1 ? 1 : 0)} %)`;
