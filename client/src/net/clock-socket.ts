import type { Net } from './http.ts';

/** Set here and never called: browsers declare each with the event of its own. */
type Listener = ((event: never) => void) | null;

/** What is needed of a `WebSocket`. */
export interface SocketLike {
  readonly readyState: number;
  onopen: Listener;
  onclose: Listener;
  onerror: Listener;
  onmessage: Listener;
  send(text: string): void;
  close(): void;
}

const OPEN = 1;
/** A longer answer than this is none of ours. */
const MAX_ANSWER_CHARS = 1024;

interface Answer {
  readonly value: unknown;
  /** Monotonic milliseconds at which it came. */
  readonly atMs: number;
}

/** One connection to the gateway, made when it is needed; one question at a time. Never throws, never rejects. */
export class ClockSocket {
  readonly #net: Net;
  readonly #url: string;
  #socket: SocketLike | null = null;
  #onAnswer: ((answer: Answer | null) => void) | null = null;

  constructor(net: Net, url: string) {
    this.#net = net;
    this.#url = url;
  }

  /** False where it cannot be opened in time. */
  async open(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#socket?.readyState === OPEN) return true;
    this.close();
    const socket = this.#make();
    if (socket === null) return false;
    this.#socket = socket;
    const opened = await this.#within(timeoutMs, signal, (done: (opened: boolean) => void) => {
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
      socket.onclose = () => done(false);
    });
    if (opened !== true) {
      this.close();
      return false;
    }
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      const atMs = this.#net.nowMs();
      this.#onAnswer?.({ value: typeof data === 'string' ? readJson(data) : null, atMs });
    };
    const lost = () => {
      if (this.#socket === socket) this.#socket = null;
      this.#onAnswer?.(null);
    };
    socket.onclose = lost;
    socket.onerror = lost;
    return true;
  }

  /** Null where no answer comes in time; the connection is then given up. */
  async ask(question: object, timeoutMs: number, signal: AbortSignal): Promise<Answer | null> {
    const socket = this.#socket;
    if (socket === null) return null;
    const answer = await this.#within(timeoutMs, signal, (done: (answer: Answer | null) => void) => {
      this.#onAnswer = done;
      try {
        socket.send(JSON.stringify(question));
      } catch {
        // It closed between the look and the sending: as good as no answer.
        done(null);
      }
    });
    this.#onAnswer = null;
    if (answer === null) this.close();
    return answer;
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onclose = socket.onerror = socket.onmessage = null;
    socket.close();
  }

  #make(): SocketLike | null {
    try {
      return this.#net.webSocket?.(this.#url) ?? null;
    } catch {
      // A page whose security policy forbids it: the other ways are there.
      return null;
    }
  }

  /** What `begin` gives to `done`; null after the time, or where the signal ends first. */
  #within<T>(timeoutMs: number, signal: AbortSignal, begin: (done: (value: T) => void) => void) {
    return new Promise<T | null>((resolve) => {
      const end = (value: T | null) => {
        this.#net.clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        resolve(value);
      };
      const abort = () => end(null);
      const timer = this.#net.setTimeout(abort, timeoutMs);
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      else begin(end);
    });
  }
}

function readJson(text: string): unknown {
  try {
    return text.length > MAX_ANSWER_CHARS ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
