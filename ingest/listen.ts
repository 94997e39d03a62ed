import type { AddressInfo, Server } from 'node:net';
import { FramecueError } from '../packet/errors.ts';

export interface ListenTarget {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Named in the error when the port cannot be had. */
  readonly setting: string;
}

/**
 * Listens and returns the real port.
 * @throws {FramecueError} ERR_PORT_TAKEN, or ERR_SETTING for a port or host that can never be listened on
 *   (`details`: `port`, `host`, `setting`).
 */
export function listen(server: Server, { host, port, setting }: ListenTarget): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      server.off('listening', listening);
      const taken = error.code === 'EADDRINUSE';
      const text = taken
        ? `Port ${port} is taken by another program: stop it, or set ${setting} to another port.`
        : `Cannot listen on ${host}, port ${port} (${error.code ?? error.name}): see ${setting}.`;
      const details = { host, port, setting };
      reject(new FramecueError(taken ? 'ERR_PORT_TAKEN' : 'ERR_SETTING', text, { details, cause: error }));
    };
    const listening = (): void => {
      server.off('error', refused);
      resolve((server.address() as AddressInfo).port);
    };
    server.once('error', refused);
    server.once('listening', listening);
    server.listen({ host, port });
  });
}
