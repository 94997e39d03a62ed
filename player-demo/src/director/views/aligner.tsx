import { useEffect, useRef, useState } from 'preact/hooks';
import { failureWords } from '../../shared/failure-words.ts';
import { formatSpan } from '../../shared/format.ts';
import type { KeptFrame } from '../frame-ring.ts';
import type { ShowApi } from '../wire/show-api.ts';

export interface AlignerProps {
  readonly api: ShowApi;
  readonly person: string;
  /** The picture on screen at the press. */
  readonly pressedPts: number;
  /** Oldest first, up to it. */
  readonly frames: readonly KeptFrame[];
  readonly onClose: () => void;
}

/** After a press: which of the pictures before it was the moment? Left and right step, Enter says so. */
export function Aligner({ api, person, pressedPts, frames, onClose }: AlignerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const choose = useRef<HTMLButtonElement>(null);
  const large = useRef<HTMLCanvasElement>(null);
  const [at, setAt] = useState(Math.max(0, frames.length - 8));
  const [said, setSaid] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const frame = frames[at];

  useEffect(() => {
    dialog.current?.showModal();
    // The browser would focus the first button, and Enter would forget the mark.
    choose.current?.focus();
  }, []);
  useEffect(() => {
    if (frame === undefined || large.current === null) return;
    large.current.getContext('2d')?.drawImage(frame.picture, 0, 0, large.current.width, large.current.height);
  }, [frame]);

  const step = (by: number): void => setAt((now) => Math.min(frames.length - 1, Math.max(0, now + by)));
  /** By pointer Enter goes on meaning the picture; by key whatever has the focus. */
  const stepBy = (by: number) => (event: MouseEvent) => {
    step(by);
    if (event.detail > 0) choose.current?.focus();
  };

  const send = async (): Promise<void> => {
    if (frame === undefined || busy) return;
    setBusy(true);
    const outcome = await api.changeLatency({ do: 'mark', person, pressedPts, picturePts: frame.pts });
    setBusy(false);
    if (outcome.ok) dialog.current?.close();
    else setSaid(failureWords(outcome.failure).text);
  };

  return (
    <dialog
      class="dialog dialog-wide"
      ref={dialog}
      onClose={onClose}
      aria-labelledby="align-title"
      onKeyDown={(event) => {
        const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
        if (by === 0) return;
        event.preventDefault();
        step(by);
      }}
    >
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <h2 id="align-title">Which picture did you press at?</h2>
        <canvas
          class="align-picture"
          ref={large}
          width={480}
          height={270}
          role="img"
          aria-label="The picture chosen"
        />
        <p role="status">
          {frame === undefined
            ? 'No picture was kept.'
            : `${formatSpan(pressedPts - frame.pts)} before the press (picture ${at + 1} of ${frames.length})`}
        </p>
        {said !== null && <p role="alert">{said}</p>}
        <div class="dialog-end">
          <button type="button" class="button button-quiet" onClick={() => dialog.current?.close()}>
            Forget it <kbd>Esc</kbd>
          </button>
          <button type="button" class="button" onClick={stepBy(-1)}>
            Earlier <kbd>←</kbd>
          </button>
          <button type="button" class="button" onClick={stepBy(1)}>
            Later <kbd>→</kbd>
          </button>
          <button
            type="submit"
            class="button button-main"
            ref={choose}
            aria-disabled={frame === undefined || busy}
          >
            This one <kbd>Enter</kbd>
          </button>
        </div>
      </form>
    </dialog>
  );
}
