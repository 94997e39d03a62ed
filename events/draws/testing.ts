import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { type DrandChain, QUICKNET } from '../../draws/drand.ts';
import { sha256, toHex } from '../../draws/index.ts';

/** A network of drand's kind whose secret key is known, so that tests have any round; and a relay of it over HTTP. */
const SECRET = sha256(new TextEncoder().encode('a network for tests'));
const { shortSignatures } = bls12_381;

export const TEST_CHAIN: DrandChain = {
  ...QUICKNET,
  chain: toHex(sha256(SECRET)),
  publicKey: toHex(shortSignatures.getPublicKey(SECRET).toBytes()),
};

export function signatureOf(round: number): string {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(round));
  const message = shortSignatures.hash(sha256(number), 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_');
  return toHex(shortSignatures.sign(message, SECRET).toBytes());
}

/** What a relay answers to one request: a body, or a status. */
export type RelayAnswer = object | string | number;

export class TestRelay {
  readonly asked: string[] = [];
  /** By the last part of the path: a round's number, or `latest`. */
  answer: (asked: string) => RelayAnswer = (asked) =>
    asked === 'latest' ? 404 : { round: Number(asked), signature: signatureOf(Number(asked)) };
  readonly #server: Server = createServer((req, res) => {
    const asked = (req.url ?? '').split('/').at(-1) ?? '';
    this.asked.push(asked);
    const answer = req.url?.startsWith(`/${TEST_CHAIN.chain}/public/`) === true ? this.answer(asked) : 404;
    if (typeof answer === 'number') res.writeHead(answer).end();
    else res.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
