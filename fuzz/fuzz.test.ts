import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCorpus } from './lib/corpus.ts';
import { readCrashers, saveCrasher } from './lib/crashers.ts';
import { Engine, type Finding, runOnce } from './lib/engine.ts';
import { runFuzz } from './lib/fuzz-run.ts';
import { minimise } from './lib/minimise.ts';
import { LEAST_PAST_FRAMING, summaryOf } from './lib/report.ts';
import { KINDS } from './lib/target.ts';
import { TARGETS } from './targets/index.ts';

const corpus = readCorpus();

/** A short run on one thread; the whole of it depends on the seed alone. */
function run(seed: number, inputs: number, targets = TARGETS): { engine: Engine; findings: Finding[] } {
  const engine = new Engine({ targets, corpus, seed });
  const findings: Finding[] = [];
  for (let i = 0; i < inputs; i++) {
    const finding = engine.step();
    if (finding !== null) findings.push(finding);
  }
  return { engine, findings };
}

describe('a short run over the committed corpus', () => {
  const INPUTS = 40_000;
  const { engine, findings } = run(20_260_101, INPUTS);
  const summary = summaryOf(
    { stats: engine.stats, inputs: INPUTS, keptSeeds: engine.keptSeeds, seconds: 1 },
    TARGETS,
  );

  test('breaks nothing', () => {
    expect(findings.map(({ target, what, input }) => `${target}: ${what}: ${hex(input)}`)).toEqual([]);
  });

  test('gets past framing with three inputs in ten, and on every target', () => {
    expect(summary.pastFraming).toBeGreaterThanOrEqual(LEAST_PAST_FRAMING);
    expect(Object.entries(summary.pastFramingOf).filter(([, share]) => share < 5)).toEqual([]);
  });

  test('reaches the codes of errors, but for a few that take longer', () => {
    expect(summary.codesReached.length).toBeGreaterThan(50);
    expect(summary.codesMissing.length, summary.codesMissing.join()).toBeLessThanOrEqual(5);
  });

  test('is the same for the same seed, and another for another', () => {
    expect(run(7, 500).engine.stats).toEqual(run(7, 500).engine.stats);
    expect(run(7, 500).engine.stats).not.toEqual(run(8, 500).engine.stats);
  });
});

test('what broke once holds', () => {
  for (const { file, target: name, input } of readCrashers()) {
    const target = TARGETS.find((one) => one.name === name);
    expect(target, `a target ${name} for ${basename(file)}`).toBeDefined();
    expect(runOnce(target!, input), basename(file)).toBeNull();
  }
});

describe('the corpus', () => {
  test('has seeds of every kind, and is small', () => {
    for (const kind of KINDS) expect(corpus.seeds[kind].length, kind).toBeGreaterThan(0);
    const bytes = Object.values(corpus.seeds)
      .flat()
      .reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeLessThan(500_000);
  });

  test('breaks nothing as it is', () => {
    for (const target of TARGETS) {
      for (const seed of target.kinds.flatMap((kind) => corpus.seeds[kind])) {
        expect(runOnce(target, seed), `${target.name} ${hex(seed)}`).toBeNull();
      }
    }
  });
});

describe('the fuzzer itself', () => {
  test('finds what throws, breaks, hangs, allocates, hoards and writes, and the sound target holds', async () => {
    const findings: Finding[] = [];
    await runFuzz({
      targetsUrl: new URL('./testing/faulty.ts', import.meta.url).href,
      only: [],
      seed: 1,
      workers: 1,
      inputs: 3000,
      forMs: 60_000,
      hangMs: 2000,
      onFinding: (finding) => findings.push(finding),
    });
    const found = new Map(findings.map((finding) => [finding.target, finding]));
    expect([...found.keys()].sort()).toEqual(
      ['allocates', 'breaks', 'coded', 'hangs', 'hoards', 'throws', 'writes'].sort(),
    );
    expect(found.get('throws')!.what).toMatch(/^TypeError/);
    expect(found.get('throws')!.stack).toContain('faulty.ts');
    expect([...found.get('throws')!.input]).toEqual([0x11]);
    expect([...found.get('breaks')!.input].sort()).toEqual([0x22, 0x33]);
    expect(found.get('hangs')!.what).toMatch(/^Hang/);
    expect(found.get('hangs')!.input).toContain(0x44);
    expect(found.get('allocates')!.what).toContain("bounded by the input's size");
    expect(found.get('hoards')!.input).toContain(0x66);
    expect(found.get('writes')!.what).toContain('left as it is');
  }, 120_000);

  test('keeps what it found, and reads it back', () => {
    const folder = mkdtempSync(join(tmpdir(), 'framecue-crashers-'));
    try {
      const input = Uint8Array.of(1, 2, 3);
      const file = saveCrasher({ target: 'a-b', input, what: 'Broken: x', stack: '' }, folder);
      expect(readCrashers(folder)).toEqual([{ file, target: 'a-b', input }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('makes a failing input small', () => {
    const input = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);
    const fails = (data: Uint8Array): boolean => data.includes(7) && data.includes(200);
    expect([...minimise(input, fails, 3000)]).toEqual([7, 200]);
    expect(minimise(input, () => false, 3000)).toBe(input);
  });
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
