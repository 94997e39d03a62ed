import type { StampEvent } from '../cues/cue.ts';
import type { CueRecord } from './cue-record.ts';
import type { HeldCue } from './held-cues.ts';
import type { DirectorObserver } from './observer.ts';

/** What injectors tell of the cues that they hold. Within a frame: all of it returns at once. */
export class StampEvents {
  readonly #record: CueRecord;
  readonly #observer: DirectorObserver | undefined;

  constructor(record: CueRecord, observer: DirectorObserver | undefined) {
    this.#record = record;
    this.#observer = observer;
  }

  note(event: StampEvent): void {
    const held = this.#record.cues.get(event.id);
    if (held === undefined) return;
    if (held.cue.voided !== undefined) this.#noteOfVoiding(held, event);
    else this.#noteOfCue(held, event);
  }

  #noteOfCue(held: HeldCue, event: StampEvent): void {
    switch (event.kind) {
      case 'announced':
        held.announcedPts = event.firePts;
        if (held.cue.state === 'accepted' || held.cue.state === 'taken')
          this.#record.change(held, 'announced', {});
        return;
      case 'landed': {
        const { landing } = event;
        if (!this.#record.change(held, 'landed', { landing })) return;
        const { cue, scheduledAtUs } = held;
        const isImmediate = cue.fire.kind === 'next' && cue.rev === 0 && scheduledAtUs !== null;
        this.#observer?.cueLanded?.(cue, {
          acceptToStampMs: isImmediate ? (landing.stampedAtUs - scheduledAtUs) / 1000 : null,
          markToStampMs: landing.markToStampMs,
        });
        return;
      }
      case 'ended':
        if (held.cue.state === 'landed') this.#record.change(held, 'ended', {});
        return;
      case 'missed':
        this.#record.change(held, 'missed', { reason: { code: event.code, text: event.text } });
        return;
      default:
        event satisfies never;
    }
  }

  /** Of what takes it back: where that landed, and when its time is over. */
  #noteOfVoiding(held: HeldCue, event: StampEvent): void {
    const { voided, state } = held.cue;
    if (event.rev !== held.cue.rev || voided === undefined) return;
    if (event.kind === 'landed') this.#record.note(held, { voided: { ...voided, landing: event.landing } });
    else if (event.kind === 'ended' && state === 'landed') this.#record.change(held, 'ended', {});
  }
}
