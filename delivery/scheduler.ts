/** Timers, injected so that tests decide when they fire. */
export interface Scheduler {
  /** Calls `run` once after `ms`; returns what calls it off. */
  after(ms: number, run: () => void): () => void;
  /** Calls `run` every `ms`; returns what ends it. Does not keep the process alive. */
  every(ms: number, run: () => void): () => void;
}

export const systemScheduler: Scheduler = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  every(ms, run) {
    const timer = setInterval(run, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
