import type { UnixMilliseconds } from '../../packet/time.ts';
import type { StreamGate } from '../stream-gate.ts';
import type { StreamBrief } from './shapes.ts';

/** What the gate alone knows of a stream, where nobody says more. */
export function briefOfGate(gate: StreamGate, stream: string, at: UnixMilliseconds): StreamBrief {
  const moment = gate.now(stream);
  return {
    ...{ at, live: moment !== null, epoch: moment?.epoch ?? null, frame: 0, pts: moment?.nextPts ?? null },
    ...{ frameRate: null, stamping: true, viewers: 0, publisher: null, problems: [] },
    programmeDelayMs: null,
  };
}
