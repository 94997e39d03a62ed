import { type EnsureOptions, ensureTestStream, type TestStreamName } from '../test-streams/catalogue.ts';

/** What tests push, longest first; a stream that a test alone needs is made there. */
const STREAMS: readonly (readonly [TestStreamName, Pick<EnsureOptions, 'seconds'>])[] = [
  // A minute of the demo's stream takes most of a core for half of one, and no test looks at more than its bits.
  ['demo', { seconds: 8 }],
  ['bframes-2997', {}],
  ['bframes-25', {}],
  ['plain-25', {}],
];
/** Drawing keeps one core busy and encoding the other, but neither all the time. */
const AT_ONCE = 2;

/** Makes the test streams before the first test: their encoding counts against no test's time. */
export default async function setup(): Promise<void> {
  const left = [...STREAMS];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await make(...next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function make(name: TestStreamName, options: Pick<EnsureOptions, 'seconds'>): Promise<void> {
  let shown = 0;
  await ensureTestStream(name, {
    ...options,
    onProgress: (percent) => {
      if (percent - shown < 25) return;
      shown = percent;
      process.stdout.write(`test stream ${name}: ${Math.round(percent)} %\n`);
    },
  });
}
