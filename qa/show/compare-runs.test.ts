import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareRuns } from './compare-runs.ts';
import { htmlOf } from './report/html.ts';
import { junitOf } from './report/junit.ts';
import { reportOn } from './report/report-data.ts';
import { diffNals } from './report/unit-diff.ts';
import { RunFileWriter, readRunFile } from './run-file.ts';
import type { RunHead, RunLine, UnitLine } from './run-lines.ts';

const HEAD: RunHead = {
  ...{ kind: 'run', version: 1, of: 'replay', show: '<b>show</b>', stream: 'live/main' },
  software: { version: '1', commit: 'abcdef0123', dirty: true, node: 'v24' },
};
const unit = (frame: number, more: Partial<UnitLine> = {}): UnitLine => ({
  ...{ kind: 'unit', epoch: 0, frame, pts: frame * 40, dts: frame * 40, key: frame === 0 },
  ...{ size: 100, sha256: `hash ${frame}` },
  ...more,
});
const sound = (n: number, sha256 = 'x'): RunLine => ({
  ...{ kind: 'packet', epoch: 0, of: 'aac-frame', n, dts: n * 20, size: 10, sha256 },
});
const landed = (pts: number, reversed = false): RunLine => {
  const entries = Object.entries({ epoch: 'e', pts, frame: 3, outputs: {} });
  const landing = Object.fromEntries(reversed ? entries.reverse() : entries);
  return { kind: 'event', event: { kind: 'landed', id: 'q', rev: 0, landing: landing as never } };
};
const run = (...lines: RunLine[]): RunLine[] => [HEAD, { kind: 'epoch', n: 0, epoch: 'e' }, ...lines];
const compare = (a: RunLine[], b: RunLine[]) =>
  compareRuns(
    () => a,
    () => b,
  );

describe('two runs', () => {
  it('that are the same are so, also where a build writes a landing in another order or interleaves otherwise', () => {
    const a = run(unit(0), sound(0), sound(1), unit(1), landed(40));
    const b = run(sound(0), unit(0), landed(40, true), unit(1), sound(1));
    const found = compare(a, b);
    expect(found).toMatchObject({ identical: true, differing: 0, units: { same: 2 }, packets: { same: 2 } });
  });

  it('differ by bytes, times, stamps', () => {
    const found = compare(
      run(unit(0), unit(1, { stamps: [{ at: 1 }] }), unit(2)),
      run(unit(0), unit(1, { sha256: 'other', stamps: [{ at: 2 }] }), unit(2, { pts: 81 })),
    );
    expect(found).toMatchObject({ identical: false, units: { a: 3, b: 3, same: 1, different: 2 } });
    expect(found.differences.map((d) => [d.kind === 'unit' && d.frame, d.fields, d.a?.at, d.b?.at])).toEqual([
      [1, ['sha256', 'stamps'], 1, 1],
      [2, ['pts'], 2, 2],
    ]);
  });

  it('may lack access units: those behind are still compared with their own', () => {
    const found = compare(run(unit(0), unit(1), unit(2)), run(unit(0), unit(2), unit(3)));
    expect(found.units).toEqual({ a: 3, b: 3, same: 2, different: 0, onlyA: 1, onlyB: 1 });
    expect(found.differences.map((d) => (d.a === null ? 'b' : 'a'))).toEqual(['a', 'b']);
  });

  it('differ in sound alone, in epochs alone, in a cue alone', () => {
    expect(compare(run(unit(0), sound(0)), run(unit(0), sound(0, 'y')))).toMatchObject({
      identical: false,
      packets: { different: 1 },
    });
    expect(compare(run(unit(0), sound(0)), run(unit(0)))).toMatchObject({
      identical: false,
      packets: { onlyA: 1 },
    });
    const renamed = run(unit(0)).map((line) => (line.kind === 'epoch' ? { ...line, epoch: 'f' } : line));
    expect(compare(run(unit(0)), renamed)).toMatchObject({ identical: false, epochs: { same: false } });
    expect(compare(run(unit(0), landed(40)), run(unit(0), landed(80)))).toMatchObject({
      identical: false,
      differing: 0,
      cues: [{ id: 'q', same: false }],
    });
  });

  it('of which one has nothing differ by all of the other', () => {
    const found = compare(run(unit(0), sound(0)), [HEAD]);
    expect(found).toMatchObject({ identical: false, units: { onlyA: 1 }, packets: { onlyA: 1 } });
  });

  it('that differ everywhere are listed up to a bound', () => {
    const many = Array.from({ length: 2_000 }, (_, n) => unit(n));
    const found = compare(run(...many), run(...many.map((line) => ({ ...line, sha256: 'z' }))));
    expect(found.differing).toBe(2_000);
    expect(found.differences.length).toBe(500);
  });
});

describe('a report', () => {
  const subject = (title: string, lines: RunLine[]) => ({ title, lines: () => lines, flv: null });
  const about = { madeAt: new Date(0), notes: ['a note & more'] };
  const a = subject('recorded run', run(...Array.from({ length: 100 }, (_, n) => unit(n)), landed(40)));
  const b = subject(
    'replay',
    run(...Array.from({ length: 100 }, (_, n) => unit(n, n === 60 ? { size: 1 } : {})), landed(80)),
  );

  it('counts access units and differences for each second', () => {
    const { plot } = reportOn(a, b, about);
    expect(plot.seconds).toEqual([0, 1, 2, 3]);
    expect([plot.unitsA, plot.unitsB]).toEqual([
      [25, 25, 25, 25],
      [25, 25, 25, 25],
    ]);
    expect(plot.differing).toEqual([0, 0, 1, 0]);
    expect(plot.landings).toEqual([{ id: 'q', rev: 0, a: 0.04, b: 0.08, same: false }]);
    expect(plot.epochs).toEqual([0]);
  });

  it('is a page that needs nothing else, and takes no markup from names', async () => {
    const html = await htmlOf(reportOn(a, b, about));
    expect(html).not.toMatch(/<link|src="|url\(\s*['"]?http/);
    expect(html).not.toContain('<b>show</b>');
    expect(html).toContain('&lt;b&gt;show&lt;/b&gt;');
    expect(html).toContain('a note &amp; more');
    expect(html).toContain('frame 60');
  });

  it('is JUnit that fails where the runs differ, and not where they are the same', () => {
    expect(junitOf(reportOn(a, b, about))).toMatch(/failures="2"/);
    const same = junitOf(reportOn(a, a, about));
    expect(same).toMatch(/tests="4" failures="0"/);
  });
});

describe('two access units', () => {
  const [sei, slice, other] = [
    Uint8Array.of(6, 5, 1, 2, 3),
    Uint8Array.of(0x41, 9, 9),
    Uint8Array.of(6, 5, 1, 9, 3),
  ];

  it('of which one has a stamp more differ by that alone', () => {
    const diff = diffNals([slice], [sei, slice]);
    expect(diff).toMatchObject({ nalA: null, nalB: 0, offset: null, hexA: [] });
    expect(diff.a).toEqual([{ type: 1, size: 3, same: true }]);
    expect(diff.b.map(({ same }) => same)).toEqual([false, true]);
  });

  it('whose stamps differ part at a byte', () => {
    const diff = diffNals([sei, slice], [other, slice]);
    expect(diff).toMatchObject({ nalA: 0, nalB: 0, offset: 3 });
    expect(diff.hexA[0]).toMatchObject({ offset: 0, hex: '0605010203', differing: [3] });
  });

  it('that are alike have nothing to show', () => {
    expect(diffNals([sei], [sei])).toMatchObject({ nalA: null, nalB: null, hexA: [], hexB: [] });
  });
});

describe('a kept listing', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'framecue-run-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is read as it was written', () => {
    const path = join(folder, 'run.jsonl');
    const writer = new RunFileWriter(path);
    const lines = run(...Array.from({ length: 5_000 }, (_, n) => unit(n)), landed(40));
    for (const line of lines) writer.write(line);
    writer.close();
    expect([...readRunFile(path)]).toEqual(lines);
  });

  it('of a later version of lines that are not known is read without them', () => {
    const path = join(folder, 'run.jsonl');
    writeFileSync(path, `${JSON.stringify(HEAD)}\n{"kind":"later","x":1}\n${JSON.stringify(unit(0))}\n`);
    expect([...readRunFile(path)]).toEqual([HEAD, unit(0)]);
  });

  it.each([
    ['is empty', '', 0],
    ['is no JSON', 'hello\n', 1],
    ['lacks its head', `${JSON.stringify(unit(0))}\n`, 1],
    ['is of a newer version', `${JSON.stringify({ ...HEAD, version: 2 })}\n`, 1],
    // Compared, it would never end: its place is before no other, behind none, and not the same.
    [
      'has a place that is no number',
      `${JSON.stringify(HEAD)}\n${JSON.stringify({ ...unit(0), epoch: 'x' })}\n`,
      2,
    ],
    [
      'has markup for a number',
      `${JSON.stringify(HEAD)}\n${JSON.stringify({ ...unit(0), pts: '<img src=x>' })}\n`,
      2,
    ],
    [
      'lacks a landing',
      `${JSON.stringify(HEAD)}\n{"kind":"event","event":{"kind":"landed","id":"a","rev":0}}\n`,
      2,
    ],
    ['is cut', `${JSON.stringify(HEAD)}\n{"kind":"un`, 2],
  ])('that %s is refused with its line', (_, text, line) => {
    const path = join(folder, 'run.jsonl');
    writeFileSync(path, text);
    expect(() => [...readRunFile(path)]).toThrow(
      expect.objectContaining({ code: 'ERR_RUN_FORMAT', details: { line } }),
    );
  });

  it('that is not there cannot be opened', () => {
    expect(() => [...readRunFile(join(folder, 'nope'))]).toThrow(
      expect.objectContaining({ code: 'ERR_SOURCE_OPEN' }),
    );
  });
});
