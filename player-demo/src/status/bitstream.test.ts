import { describe, expect, it } from 'vitest';
import { bitstreamProblems } from './bitstream.ts';
import { factsOf } from './facts.ts';
import { HEALTHY_JSON } from './fixtures.ts';
import { readReport } from './report.ts';

const AT = HEALTHY_JSON.at;

function streamWithInjector(injector: object, repairs: object = {}) {
  const [stream] = HEALTHY_JSON.streams;
  const publisher = { ...stream!.publisher, repairs };
  return readReport({
    ...HEALTHY_JSON,
    streams: [{ ...stream, publisher, injector: { ...stream!.injector, ...injector } }],
  })!.streams[0]!;
}

const found = (code: string, severity: string, lastAt: number) => ({
  ...{ code, severity, lastAt, text: `What ${code} is.`, clause: '7.4.1.2.3', count: 3, firstAt: 1 },
  ...{ lastPts: 40, lastFrame: 1, lastOffset: 0 },
});

describe('what is odd about the bitstream', () => {
  it('is a problem while it goes on, with its code and how often; what is only worth knowing is none', () => {
    const stream = streamWithInjector({
      lint: [
        found('NAL_TRUNCATED', 'bad', AT - 1000),
        found('NAL_ORDER', 'warn', AT - 1000),
        found('AUD_NOT_FIRST', 'warn', AT - 60_000),
        found('SEI_AFTER_SLICES', 'info', AT),
      ],
    });
    expect([...bitstreamProblems(stream.bitstream, AT)]).toEqual([
      { level: 'bad', code: 'lint-NAL_TRUNCATED', text: 'What NAL_TRUNCATED is. (NAL_TRUNCATED, 3 times)' },
      { level: 'warn', code: 'lint-NAL_ORDER', text: 'What NAL_ORDER is. (NAL_ORDER, 3 times)' },
    ]);
  });

  it('is nothing where the server says nothing of it', () => {
    expect(readReport(HEALTHY_JSON)!.streams[0]!.bitstream).toEqual({ lint: [], rewrites: {}, repairs: {} });
  });

  it('has its changes among the facts, where there are any', () => {
    const linesOf = (stream: ReturnType<typeof streamWithInjector>) =>
      new Map(factsOf(stream, [], AT).flatMap(({ facts }) => facts.map(({ name, value }) => [name, value])));
    const rewrites = { 'sei-moved': 30, 'delimiter-first': 1, 'foreign-stamp-removed': 2 };
    const lines = linesOf(streamWithInjector({ rewrites }, { 'annex-b': 25, padding: 0 }));
    expect(lines.get('Changed in frames')).toBe('30 SEI moved before the slices, 1 delimiter made the first');
    expect(lines.get('Put right on arrival')).toBe('25 Annex B');
    expect(linesOf(streamWithInjector({})).has('Changed in frames')).toBe(false);
  });
});
