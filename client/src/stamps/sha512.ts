/**
 * SHA-512, FIPS 180-4 sections 5 and 6.4. Only for Ed25519 on pages without WebCrypto, where a stamp's few hundred
 * bytes are hashed: short rather than fast.
 */
export function sha512(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const { initial, rounds } = constants();
  const padded = new Uint8Array(Math.ceil((message.length + 17) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);

  const state = initial.slice();
  const schedule = new BigUint64Array(80);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) {
    for (let t = 0; t < 16; t++) schedule[t] = view.getBigUint64(at + 8 * t);
    for (let t = 16; t < 80; t++) {
      const a = schedule[t - 15]!;
      const b = schedule[t - 2]!;
      // BigUint64Array keeps the low 64 bits of what is stored.
      schedule[t] =
        schedule[t - 16]! +
        (rotr(a, 1n) ^ rotr(a, 8n) ^ (a >> 7n)) +
        schedule[t - 7]! +
        (rotr(b, 19n) ^ rotr(b, 61n) ^ (b >> 6n));
    }
    compress(state, schedule, rounds);
  }
  const digest = new Uint8Array(64);
  const out = new DataView(digest.buffer);
  state.forEach((word, i) => {
    out.setBigUint64(8 * i, word);
  });
  return digest;
}

const BLOCK_BYTES = 128;
const MASK = (1n << 64n) - 1n;
const rotr = (x: bigint, by: bigint): bigint => ((x >> by) | (x << (64n - by))) & MASK;

/** Section 6.4.2, steps 2 to 4. */
function compress(state: BigUint64Array, schedule: BigUint64Array, rounds: BigUint64Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as Iterable<bigint> as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  for (let t = 0; t < 80; t++) {
    const choice = (e & f) ^ (~e & MASK & g);
    const t1 = h + (rotr(e, 14n) ^ rotr(e, 18n) ^ rotr(e, 41n)) + choice + rounds[t]! + schedule[t]!;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const t2 = (rotr(a, 28n) ^ rotr(a, 34n) ^ rotr(a, 39n)) + majority;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & MASK, c, b, a, (t1 + t2) & MASK];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    state[i] = state[i]! + word;
  });
}

interface Constants {
  readonly initial: BigUint64Array;
  readonly rounds: BigUint64Array;
}

let made: Constants | null = null;

/** Sections 4.2.3 and 5.3.5: the first 64 bits of the fractional parts of primes' cube and square roots. */
function constants(): Constants {
  if (made !== null) return made;
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < 80; n++) if (primes.every((p) => n % p !== 0n)) primes.push(n);
  made = {
    initial: BigUint64Array.from(primes.slice(0, 8), (p) => root(p << 128n, 2n) & MASK),
    rounds: BigUint64Array.from(primes, (p) => root(p << 192n, 3n) & MASK),
  };
  return made;
}

/** The whole part of the k-th root, by bisection. */
function root(value: bigint, k: bigint): bigint {
  let low = 0n;
  let high = 1n << 73n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** k <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}
