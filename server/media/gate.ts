import type { StreamGate } from '../../director/stream-gate.ts';
import type { StreamName } from '../../packet/packet.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** The director's way to the injectors. */
export function gateTo(streams: StreamRegistry): StreamGate {
  const find = (stream: string) => {
    const [app, name] = stream.split('/') as [string, string];
    return streams.find({ app, name } satisfies StreamName);
  };
  return {
    now(stream) {
      const live = find(stream);
      const nextPts = live?.injector?.nextPts ?? null;
      if (live?.isLive !== true || nextPts === null) return null;
      const { epoch, passesAfterMs } = live.injector!;
      return { epoch, nextPts, ...(passesAfterMs === null ? {} : { passesAfterMs }) };
    },
    isLive(stream) {
      const live = find(stream);
      return live?.isLive === true && live.injector != null && live.injector.nextPts !== null;
    },
    schedule: (stream, cue) => find(stream)?.schedule(cue) ?? false,
    withdraw: (stream, id) => find(stream)?.withdraw(id) ?? false,
    setStamping(stream, on) {
      const live = find(stream);
      if (live !== undefined) live.stampingOn = on;
    },
  };
}
