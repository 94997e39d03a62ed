import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ViewerTokens } from '../../../events/http/viewer-token.ts';
import { unixMs } from '../../../packet/time.ts';
import { Connection } from './connection.ts';
import { interactionOf, Requests } from './request.ts';

const KEY = 'session-key-for-tests';
const NOW = 1_700_000_000_000;

describe('requests made beforehand', () => {
  const requests = new Requests(KEY, 20, NOW);

  test('are of as many viewers, each with a good token, and whole', () => {
    const tokens = new ViewerTokens(KEY);
    const viewers = Array.from({ length: requests.count }, (_, n) => {
      const [head, body] = requests.at(n).toString().split('\r\n\r\n') as [string, string];
      expect(Number(/content-length: (\d+)/i.exec(head)![1])).toBe(Buffer.byteLength(body));
      const check = tokens.check(/Bearer (\S+)/.exec(head)![1]!, unixMs(NOW));
      return check.kind === 'viewer' ? check.viewer : check.kind;
    });
    expect(new Set(viewers).size).toBe(20);
    expect(viewers[7]).toBe('viewer-00000007');
  });

  test('go where they are aimed, again and again', () => {
    for (const round of [3, 12]) {
      requests.aimAt(interactionOf(round));
      const text = requests.at(19).toString();
      expect(text).toContain(`POST /api/v1/interactions/${interactionOf(round)}/submissions HTTP/1.1`);
      expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toMatchObject({ cue: `open-${interactionOf(round)}` });
    }
  });
});

describe('a connection', () => {
  let end = (): void => undefined;
  afterEach(() => end());

  /** @param pieces what the server writes on each request; null: it hangs up. */
  const statusesOf = async (pieces: readonly (readonly string[] | null)[]): Promise<number[]> => {
    let asked = 0;
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', async () => {
        const answer = pieces[asked++];
        if (answer === null || answer === undefined) return socket.destroy();
        for (const piece of answer) {
          await new Promise((written) => socket.write(piece, written));
          await new Promise(setImmediate);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const statuses: number[] = [];
    return new Promise((resolve) => {
      const connection = new Connection(port, (self, status) => {
        statuses.push(status);
        if (status !== 0 && statuses.length < pieces.length) self.send(Buffer.from('x'), 0);
        else resolve(statuses);
      });
      end = () => {
        connection.close();
        server.close();
      };
      connection.ready().then(() => connection.send(Buffer.from('x'), 0), resolve as never);
    });
  };

  test('takes one answer for one request, however it comes in pieces', async () => {
    const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
    const late = ['HTTP/1.1 503 Later\r\ncontent-le', 'ngth: 4\r\n\r', '\n{ ', ' }'];
    expect(await statusesOf([[whole], late, [whole]])).toEqual([200, 503, 200]);
  });

  test('that breaks is told as such', async () => {
    expect(await statusesOf([null])).toEqual([0]);
  });
});
