const KEY = 'framecue.director-sound';

export interface Chime {
  readonly on: () => boolean;
  readonly set: (on: boolean) => void;
  /** From a touch or key: browsers start sound only then. */
  readonly wake: () => void;
  readonly landed: () => void;
  readonly failed: () => void;
}

/** Two notes up: it landed. One low one: it did not. */
export function createChime(storage: Pick<Storage, 'getItem' | 'setItem'>): Chime {
  let on = storage.getItem(KEY) !== 'off';
  let context: AudioContext | null = null;

  const note = (hertz: number, afterS: number, forS: number): void => {
    if (!on || context === null || context.state !== 'running') return;
    const start = context.currentTime + afterS;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = 'sine';
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.18, start + 0.012);
    volume.gain.exponentialRampToValueAtTime(0.001, start + forS);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + forS);
  };

  return {
    on: () => on,
    set(value) {
      on = value;
      storage.setItem(KEY, value ? 'on' : 'off');
    },
    wake() {
      if (!on || typeof AudioContext === 'undefined') return;
      context ??= new AudioContext();
      // A refusal leaves the console silent; what it would say is on the screen as well.
      if (context.state === 'suspended') context.resume().catch(() => undefined);
    },
    landed() {
      note(880, 0, 0.14);
      note(1318.5, 0.09, 0.22);
    },
    failed() {
      note(196, 0, 0.4);
    },
  };
}
