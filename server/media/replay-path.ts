import { DEFAULT_INJECTOR_SETTINGS, type InjectorSettings } from '../../injector/injector.ts';
import type { StreamName } from '../../packet/packet.ts';
import type { PathOptions, ReplayPath } from '../../qa/show/replayer.ts';
import { LiveStream, type LiveStreamState } from './live-stream.ts';

/** The very path of a live stream, for a replay: what came out goes to the replay instead of to viewers. */
export function makeReplayPath(
  stream: StreamName,
  injector: Readonly<Record<string, unknown>>,
  options: PathOptions,
): ReplayPath {
  const { clock, from, epochId, onEpoch, onStampEvent, onOutput, onFault } = options;
  // A setting that the recorded build did not have yet has the value of one that is not set.
  const settings = { ...DEFAULT_INJECTOR_SETTINGS, ...injector } as InjectorSettings;
  return new LiveStream({
    ...{ stream, clock, epochId, onEpoch, onStampEvent, onFault },
    injector: settings,
    randomId: () => 'replay',
    newHub: () => ({ ended: false, end: () => undefined, startEpoch: () => undefined, push: onOutput }),
    ...(from === null || from === undefined ? {} : { from: from as LiveStreamState }),
  });
}
