import { stampVerifier } from '../../cues/stamp-verify.ts';
import type { StampKey } from '../../cues/wire/index.ts';
import { DEFAULT_INJECTOR_SETTINGS, type InjectorSettings } from '../../injector/injector.ts';
import { FramecueError } from '../../packet/errors.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';
import type { Manifest } from '../../qa/show/manifest.ts';
import type { PathOptions, ReplayPath } from '../../qa/show/replayer.ts';
import { LiveStream, type LiveStreamState } from './live-stream.ts';

/**
 * The very path of a live stream, for a replay: what came out goes to the replay instead of to viewers.
 * @throws {FramecueError} ERR_SHOW_FORMAT, or ERR_SHOW_CORRUPT where it cannot begin with the recorded state.
 */
export function makeReplayPath(
  stream: StreamName,
  { injector, upstreamKeys = [] }: Pick<Manifest, 'injector' | 'upstreamKeys'>,
  options: PathOptions,
): ReplayPath {
  const { clock, from, epochId, onEpochBegins, onEpoch, onStampEvent, onOutput, onFault } = options;
  // A setting that the recorded build did not have yet has the value of one that is not set.
  const settings = { ...DEFAULT_INJECTOR_SETTINGS, ...injector } as InjectorSettings;
  const upstream = upstreamKeys.length === 0 ? {} : { upstream: trustIn(stream, upstreamKeys) };
  try {
    return new LiveStream({
      ...{ stream, clock, epochId, onEpoch, onStampEvent, onFault },
      injector: { ...settings, ...upstream },
      newHub: () => ({ ended: false, end: () => undefined, startEpoch: onEpochBegins, push: onOutput }),
      ...(from === null || from === undefined ? {} : { from: from as LiveStreamState }),
    });
  } catch (cause) {
    // The state is another build's, or somebody's: it is not read field by field before it is taken up.
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    const text = 'What the stream had learnt where the recording begins cannot be understood.';
    throw new FramecueError('ERR_SHOW_CORRUPT', text, { cause });
  }
}

/** @throws {FramecueError} ERR_SHOW_FORMAT for a key that is none. */
function trustIn(stream: StreamName, keys: readonly Readonly<Record<string, unknown>>[]) {
  try {
    return { stream: streamKeyOf(stream), verify: stampVerifier({ keys: keys as unknown as StampKey[] }) };
  } catch (cause) {
    throw new FramecueError('ERR_SHOW_FORMAT', 'An upstream key of the show is no Ed25519 key.', { cause });
  }
}
