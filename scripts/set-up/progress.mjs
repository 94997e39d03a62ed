const TTY_EVERY_MS = 250;
const PLAIN_EVERY_MS = 5_000;

/** @param {number} ms */
export function formatSeconds(ms) {
  const seconds = ms / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * Says what set-up is doing. On a terminal one line is redrawn; elsewhere a line comes every five seconds, so
 * that a log shows that things move without filling up.
 *
 * @param {{ write: (text: string) => void, isTTY: boolean, columns?: () => number, now?: () => number }} to
 */
export function createReporter({ write, isTTY, columns = () => 80, now = () => performance.now() }) {
  let isDrawn = false;
  const erase = () => {
    if (isDrawn) write('\r\x1b[2K');
    isDrawn = false;
  };
  /** @param {string} text */
  const line = (text) => {
    erase();
    write(`set-up: ${text}\n`);
  };

  /**
   * Runs one step and shows it until it ends. `work` gets `say(detail)` for what is going on inside.
   * @template T
   * @param {string} label
   * @param {(say: (detail: string) => void) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function step(label, work) {
    const since = now();
    let detail = '';
    const show = () => {
      const text = `${[label, detail].filter((part) => part !== '').join(' · ')} · ${formatSeconds(now() - since)}`;
      if (!isTTY) return write(`set-up: ${text}\n`);
      erase();
      write(`set-up: ${text}`.slice(0, Math.max(20, columns() - 1)));
      isDrawn = true;
    };
    if (isTTY) show();
    const timer = setInterval(show, isTTY ? TTY_EVERY_MS : PLAIN_EVERY_MS);
    try {
      return await work((said) => {
        detail = said.replaceAll(/\s+/g, ' ').trim().slice(0, 70);
      });
    } finally {
      clearInterval(timer);
      erase();
    }
  }

  return { line, step, erase };
}

/** @typedef {ReturnType<typeof createReporter>} Reporter */
