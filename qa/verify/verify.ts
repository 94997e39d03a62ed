import { basename } from 'node:path';
import type { StampKeySet } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { openSource, type Rendition, type SourceOptions, type SourceProgress } from '../sources/source.ts';
import type { ExpectedCue } from './expectations.ts';
import { type Finding, finding, isFailure } from './findings.ts';
import { GopKeeper, type KeptPicture } from './gop-keeper.ts';
import { StampJudge, type StreamVerdict } from './judge.ts';
import { PicturePicker } from './picture-picker.ts';

export interface VerifyOptions {
  readonly expected: readonly ExpectedCue[];
  readonly keys: StampKeySet | null;
  readonly stream: string | null;
  readonly ignoreOutside: boolean;
  /** Pictures of what is wrong are wanted. */
  readonly pictures: boolean;
  readonly source: SourceOptions;
  readonly onProgress?: (frames: number, progress: () => SourceProgress) => void;
}

/** One source, or one rendition of it. */
export interface SourceVerdict extends StreamVerdict {
  readonly name: string;
  readonly container: string | null;
  readonly pictures: readonly KeptPicture[];
}

/**
 * Reads a source once and judges its stamps; of an HLS master playlist every rendition, one after the other.
 * A source that cannot be read is a finding of its own: the others are judged all the same.
 */
export async function* verifySource(
  address: string,
  options: VerifyOptions,
): AsyncGenerator<SourceVerdict, void> {
  const first = await verifyOne(address, labelOf(address), options, undefined);
  if (first.renditions.length <= 1) {
    yield first.verdict;
    return;
  }
  // The first one read was the one with the highest bandwidth: index 0.
  yield { ...first.verdict, name: renditionName(address, first.renditions, 0) };
  for (let at = 1; at < first.renditions.length; at++) {
    const name = renditionName(address, first.renditions, at);
    yield (await verifyOne(address, name, options, at)).verdict;
  }
}

async function verifyOne(
  address: string,
  name: string,
  options: VerifyOptions,
  rendition: number | undefined,
): Promise<{ verdict: SourceVerdict; renditions: readonly Rendition[] }> {
  const { expected, keys, stream, ignoreOutside } = options;
  const judge = new StampJudge({ expected, keys, stream, ignoreOutside });
  const keeper = new GopKeeper();
  const problems: Finding[] = [];
  let container: string | null = null;
  let renditions: readonly Rendition[] = [];
  let frames = 0;
  try {
    const source = await openSource(address, {
      ...options.source,
      ...(rendition === undefined ? {} : { rendition }),
    });
    ({ container, renditions } = source);
    try {
      const picker = new PicturePicker(options.pictures ? expected : []);
      const problemCounts = new Map<string, number>();
      for await (const item of source.items()) {
        if (item.kind === 'problem') {
          problemCounts.set(item.code, (problemCounts.get(item.code) ?? 0) + 1);
        } else if (item.kind === 'config') {
          keeper.config(item);
        } else if (item.kind === 'access-unit') {
          // Before the keeper lets go of the GOP that they are in.
          for (const pts of picker.settled(item)) keeper.want(pts);
          if (options.pictures) keeper.add(item);
          const isWrong = judge.take(item);
          if (options.pictures && isWrong && item.pts !== null) keeper.want(item.pts);
          picker.take(item, (cue) => judge.sourcePtsOf(cue));
          options.onProgress?.(++frames, () => source.progress);
        }
      }
      for (const pts of picker.rest()) keeper.want(pts);
      for (const [code, times] of problemCounts) {
        problems.push(finding('SOURCE_PROBLEM', times === 1 ? code : `${code}, ${times} times`));
      }
    } finally {
      await source.close();
    }
  } catch (error) {
    options.source.signal?.throwIfAborted();
    if (!(error instanceof FramecueError)) throw error;
    problems.push(finding('SOURCE_UNREADABLE', `${error.message.replace(/\.$/, '')} (${error.code})`));
  }
  keeper.end();
  const verdict = judge.finish();
  return {
    verdict: {
      ...verdict,
      findings: [...problems, ...verdict.findings],
      ...{ name, container, pictures: keeper.kept },
    },
    renditions,
  };
}

export const hasFailed = ({ findings, cues }: StreamVerdict): boolean =>
  findings.some(isFailure) || cues.some((cue) => cue.findings.some(isFailure));

/** For reports: no query, which may hold a token. */
export function labelOf(address: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return basename(address);
  const url = new URL(address);
  return `${url.host}${url.pathname}`;
}

function renditionName(address: string, renditions: readonly Rendition[], at: number): string {
  const { resolution, bandwidth } = renditions[at]!;
  const size = resolution === null ? '' : `${resolution.height}p `;
  return `${labelOf(address)} ${size}${Math.round(bandwidth / 1000)} kbit/s`;
}
