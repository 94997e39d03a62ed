import type { ComponentChildren } from 'preact';
import { plural } from '../shared/format.ts';
import { ClockSection } from './clock-section.tsx';
import { factsOf, headlinesOf } from './facts.ts';
import { AllFacts, Figures } from './figures.tsx';
import type { Sample } from './history.ts';
import { HowToPublish } from './how-to-publish.tsx';
import { RemarkList } from './remark-list.tsx';
import { type Remark, remarksOffAir, remarksOn } from './remarks.ts';
import type { MediaReport, StreamReport } from './report.ts';
import { VERDICT_WORDS, type Verdict, type VerdictKind } from './verdict.ts';
import { VerdictSign } from './verdict-sign.tsx';
import { formatAge, formatMoment } from './words.ts';

export interface StreamCardProps {
  readonly stream: StreamReport;
  readonly verdict: Verdict;
  readonly samples: readonly Sample[];
  readonly report: MediaReport;
  /** The only stream: everything stands open. */
  readonly alone: boolean;
}

/** One stream: the verdict, what is wrong in words, four large figures, and all others. */
export function StreamCard({ stream, verdict, samples, report, alone }: StreamCardProps) {
  const { kind, problems } = verdict;
  const headlines = headlinesOf(stream, problems);
  const facts = <AllFacts groups={factsOf(stream, problems, report.at)} />;
  return (
    <section class={`panel stream verdict-${kind}`} id={anchorOf(stream.name)} aria-label={stream.name}>
      <VerdictBanner kind={kind} remarks={remarksFor(stream, verdict, report)}>
        <strong>{stream.name}</strong> <span class="soft">{airWords(stream, kind, report.at)}</span>
      </VerdictBanner>
      {headlines !== null && (
        <Figures
          headlines={headlines}
          samples={samples}
          declared={stream.health?.video.declaredFrameRate ?? null}
        />
      )}
      {stream.publisher !== null && stream.clock !== null && (
        <ClockSection clock={stream.clock} problems={problems} samples={samples} />
      )}
      {stream.health !== null && (alone ? facts : <More title="All figures">{facts}</More>)}
      {kind === 'off-air' && (
        <More title="How to publish">
          <HowToPublish stream={stream.name} />
        </More>
      )}
    </section>
  );
}

function remarksFor(
  stream: StreamReport,
  { kind, problems }: Verdict,
  report: MediaReport,
): readonly Remark[] {
  if (kind === 'unknown') return [];
  return kind === 'off-air' ? remarksOffAir(stream.name, report) : remarksOn(stream, problems);
}

/** Fragment of the card of a stream. */
export const anchorOf = (name: string): string => `stream-${name.replaceAll('/', '-')}`;

/** @param at the server's clock, Unix milliseconds */
function airWords({ publisher, viewers }: StreamReport, kind: VerdictKind, at: number): string {
  const parts: string[] = [];
  if (kind === 'unknown') parts.push(`as it was at ${formatMoment(at, at)}`);
  if (publisher !== null && publisher.since !== null)
    parts.push(`connected for ${formatAge(at - publisher.since)}`);
  if (viewers.total !== null) parts.push(plural(viewers.total, 'viewer'));
  return parts.join(', ');
}

export function VerdictBanner({
  kind,
  remarks,
  children,
}: {
  readonly kind: VerdictKind;
  readonly remarks: readonly Remark[];
  readonly children: ComponentChildren;
}) {
  return (
    <header class="verdict">
      <VerdictSign kind={kind} size={52} />
      <div>
        <h2 class="verdict-word">{VERDICT_WORDS[kind]}</h2>
        <p>{children}</p>
      </div>
      <RemarkList remarks={remarks} />
    </header>
  );
}

function More({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <details class="more">
      <summary>{title}</summary>
      {children}
    </details>
  );
}
