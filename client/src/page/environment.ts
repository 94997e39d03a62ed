import type { Net } from '../net/http.ts';

let channel: MessageChannel | null = null;
const waiting: (() => void)[] = [];

/** A message to oneself: browsers make timers wait 4 ms where they nest, and these not at all. */
function soon(run: () => void): void {
  if (channel === null) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  waiting.push(run);
  channel.port2.postMessage(null);
}

/** The browser's clocks, timers and network, looked up when used: pages and tests may replace them. */
export const browserNet: Net = {
  fetch: (input, init) => globalThis.fetch(input, init),
  setTimeout: (run, ms) => globalThis.setTimeout(run, ms) as unknown as number,
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  soon,
  webSocket: (url) => new WebSocket(url),
  random: Math.random,
  nowMs: () => performance.now(),
  localUnixMs: Date.now,
};

/** Shows an error of the page's own callback where the page's other errors go, without stopping anything here. */
export function reportPageError(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
  else console.error(error);
}
