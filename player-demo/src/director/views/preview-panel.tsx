import { useState } from 'preact/hooks';
import { useNow } from '../../design/hooks.ts';
import { Icon } from '../../design/icons.tsx';
import { Screen } from '../../players/screen.tsx';
import { formatCount, formatSpan } from '../../shared/format.ts';
import { PtsReadout } from '../pts-readout.tsx';
import type { Show } from '../use-show.ts';

/** The director's picture, how old it is, and what of the programme is still ahead. */
export function PreviewPanel({
  show,
  readTime,
}: {
  readonly show: Show;
  readonly readTime: () => ReturnTime;
}) {
  useNow(500);
  const [muted, setMuted] = useState(true);
  const { preview, stream } = show;
  const playing = preview.link.kind === 'playing';
  const behindMs = playing ? (preview.session()?.delayMs() ?? null) : null;
  const delay = stream.value?.programmeDelay ?? null;
  const aheadMs = delay === null ? null : (delay.nowMs ?? delay.setMs);
  return (
    <section class="panel preview" aria-label="Preview">
      <Screen
        video={preview.video}
        link={preview.link}
        muted={muted}
        label="the preview"
        onPlay={() => preview.session()?.play()}
        onMute={(value) => {
          setMuted(value);
          if (preview.video.current !== null) preview.video.current.muted = value;
        }}
      >
        <PtsReadout read={readTime} />
      </Screen>
      <div class="preview-line">
        <span>
          <Icon name="clock" size={16} />{' '}
          {behindMs === null
            ? 'Preview delay not known'
            : `Preview ${formatSpan(behindMs)} behind the stream`}
        </span>
        <span>
          {aheadMs === null
            ? 'No programme delay: a cue lands on the next picture'
            : behindMs !== null && behindMs > aheadMs
              ? `Programme is only ${formatSpan(aheadMs)} later: too little for this preview`
              : `Programme ${formatSpan(aheadMs)} later: what you see can still be met`}
        </span>
        {delay !== null && delay.early > 0 && (
          <span class="preview-warn">
            <Icon name="warning" size={16} /> {formatCount(delay.early)} frames went out early
          </span>
        )}
        {show.offsetMs !== null && <span>Your press delay: {formatSpan(show.offsetMs)} taken off</span>}
      </div>
    </section>
  );
}

type ReturnTime = Parameters<typeof PtsReadout>[0]['read'] extends () => infer T ? T : never;
