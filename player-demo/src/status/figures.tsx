import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatBitrate, formatFps } from '../shared/format.ts';
import type { FactGroup, Headline, Headlines } from './facts.ts';
import type { Sample } from './history.ts';
import { LevelSign } from './remark-list.tsx';
import { Sparkline } from './sparkline.tsx';

export interface FiguresProps {
  readonly headlines: Headlines;
  readonly samples: readonly Sample[];
  /** Pictures per second that the encoder declared. */
  readonly declared: number | null;
}

/** The four large figures, two of them with their last two minutes. */
export function Figures({ headlines, samples, declared }: FiguresProps) {
  const bits = useMemo(
    () => samples.map(({ at, videoKbitPerS }) => ({ at, value: videoKbitPerS })),
    [samples],
  );
  const pictures = useMemo(() => samples.map(({ at, framesPerS }) => ({ at, value: framesPerS })), [samples]);
  return (
    <div class="figures">
      <Figure name="Video bit rate" headline={headlines.bitRate}>
        <Sparkline points={bits} label="Video bit rate" format={formatBitrate} />
      </Figure>
      <Figure name="Pictures" headline={headlines.pictures}>
        <Sparkline points={pictures} reference={declared} label="Pictures" format={wholeFps} />
      </Figure>
      <Figure name="Keyframe interval" headline={headlines.keyframes} />
      <Figure name="Sound" headline={headlines.sound} />
    </div>
  );
}

/** A second holds a picture more or less by chance. */
const wholeFps = (value: number): string => `${formatFps(Math.round(value))} fps`;

interface FigureProps {
  readonly name: string;
  readonly headline: Headline;
  readonly children?: ComponentChildren;
}

export function Figure({ name, headline: { value, note, level }, children }: FigureProps) {
  return (
    <div class={level === null ? 'figure' : `figure level-${level}`}>
      <h3 class="figure-name">{name}</h3>
      <p class="figure-value">
        {level !== null && <LevelSign level={level} size={22} />}
        {value}
      </p>
      <p class="figure-note">{note}</p>
      {children}
    </div>
  );
}

/** All other figures, with a sign where a problem is about one. */
export function AllFacts({ groups }: { readonly groups: readonly FactGroup[] }) {
  return (
    <div class="groups">
      {groups.map(({ title, facts, isWide }) => (
        <section key={title} class={isWide === true ? 'group group-wide' : 'group'}>
          <h3 class="group-title">{title}</h3>
          <dl class="lines">
            {facts.map(({ name, value, level }) => (
              <div key={name} class={level === null ? 'line' : `line level-${level}`}>
                <dt>{name}</dt>
                <dd>
                  {level !== null && <LevelSign level={level} size={14} />}
                  {value}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
