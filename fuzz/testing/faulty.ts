import { Broken, type Target } from '../lib/target.ts';

const target = (name: string, run: Target['run']): Target => ({
  name,
  kinds: ['program'],
  pastFraming: 'always',
  codes: [],
  run,
});
const has = (input: Uint8Array, byte: number): boolean => input.includes(byte);
const kept: unknown[] = [];

/** Each with one of the faults that the fuzzer is there to find; a byte in the input sets it off. */
export const TARGETS: readonly Target[] = [
  target('sound', (_, probe) => probe.past()),
  target('throws', (input) => {
    if (has(input, 0x11)) (undefined as unknown as { x: { y: number } }).x.y = 1;
  }),
  target('breaks', (input) => {
    if (has(input, 0x22) && has(input, 0x33)) throw new Broken('a promise of 1 and 2');
  }),
  target('hangs', (input) => {
    while (has(input, 0x44));
  }),
  target('allocates', (input) => {
    if (has(input, 0x55)) kept[0] = new Uint8Array(200_000_000);
  }),
  target('hoards', (input) => {
    if (!has(input, 0x66)) return;
    for (let i = 0; ; i++) kept.push(`${i}`.repeat(50).split(''));
  }),
  target('writes', (input) => {
    if (has(input, 0x77)) input.fill(0);
  }),
  target('coded', (input, probe) => {
    probe.attempt(() => {
      if (has(input, 0x88)) throw Object.assign(new Error('no code of ours'), { code: 'EPERM' });
    });
  }),
];
