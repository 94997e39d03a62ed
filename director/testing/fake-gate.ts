import type { PreparedCue } from '../../cues/cue.ts';
import { ms } from '../../packet/time.ts';
import type { StreamGate, StreamMoment } from '../stream-gate.ts';

/** A gate without video: remembers what it was given. */
export class FakeGate implements StreamGate {
  readonly live = new Map<string, StreamMoment>();
  /** What the injector of a stream holds, by stream and id. */
  readonly held = new Map<string, PreparedCue>();
  readonly scheduled: PreparedCue[] = [];
  readonly stamping: [stream: string, on: boolean][] = [];
  isFull = false;
  onSchedule: (cue: PreparedCue) => void = () => undefined;

  begin(stream: string, epoch = 'epoch-1', nextPts = 1_000): void {
    this.live.set(stream, { epoch, nextPts: ms(nextPts) });
    for (const name of this.held.keys()) if (name.startsWith(`${stream} `)) this.held.delete(name);
  }

  end(stream: string): void {
    this.live.delete(stream);
  }

  now(stream: string): StreamMoment | null {
    return this.live.get(stream) ?? null;
  }

  isLive(stream: string): boolean {
    return this.live.has(stream);
  }

  schedule(stream: string, cue: PreparedCue): boolean {
    if (this.isFull || !this.live.has(stream)) return false;
    this.held.set(`${stream} ${cue.id}`, cue);
    this.scheduled.push(cue);
    this.onSchedule(cue);
    return true;
  }

  withdraw(stream: string, id: string): boolean {
    return this.held.delete(`${stream} ${id}`);
  }

  setStamping(stream: string, on: boolean): void {
    this.stamping.push([stream, on]);
  }
}
