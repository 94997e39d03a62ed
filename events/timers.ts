/** Waiting, injected like the clock. */
export interface Timers {
  /** @returns what takes it back. */
  after(spanMs: number, run: () => void): () => void;
}

/** Timers that do not keep the process alive. */
export const systemTimers: Timers = {
  after(spanMs, run) {
    const timer = setTimeout(run, spanMs).unref();
    return () => clearTimeout(timer);
  },
};

/** Calls `run` again and again, `spanMs` after the end of each. `run` must not reject. */
export function every(timers: Timers, spanMs: number, run: () => Promise<void>): () => void {
  let stopped = false;
  let cancel = (): void => undefined;
  const next = () => {
    cancel = timers.after(spanMs, () => {
      void run().finally(() => {
        if (!stopped) next();
      });
    });
  };
  next();
  return () => {
    stopped = true;
    cancel();
  };
}
