import { ensureTestStream, TEST_STREAM_NAMES } from '../test-streams/catalogue.ts';

/** Makes the test streams before the first test: their encoding counts against no test's time. */
export default async function setup(): Promise<void> {
  for (const name of TEST_STREAM_NAMES) {
    let shown = 0;
    await ensureTestStream(name, {
      onProgress: (percent) => {
        if (percent - shown < 25) return;
        shown = percent;
        process.stdout.write(`test stream ${name}: ${Math.round(percent)} %\n`);
      },
    });
  }
}
