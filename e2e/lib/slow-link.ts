import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A way to a server that takes time: what is said over it, HTTP or WebSocket, arrives later by a fixed span. */
export interface SlowLink {
  readonly url: string;
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** @param oneWayMs on each of the two ways. */
export async function startSlowLink(target: string, oneWayMs: number): Promise<SlowLink> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    connections++;
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
      // A cut is told by `close`.
      socket.on('error', () => undefined);
      socket.pipe(later(oneWayMs)).pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Each chunk in its order, so much later than it came; several are on the way at a time. */
function later(spanMs: number): Transform {
  let last: Promise<void> = Promise.resolve();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const due = performance.now() + spanMs;
      last = last.then(async () => {
        const waitMs = due - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        this.push(chunk);
      });
      done();
    },
    flush(done) {
      void last.then(() => done());
    },
  });
}
