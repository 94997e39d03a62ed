import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FramecueError } from '../../packet/errors.ts';
import { escapeHtml, type ReportPage, reportPage } from '../html/page.ts';
import { reasonOf } from '../sources/input.ts';
import type { FindingCount, Summary } from './inspector.ts';
import type { PageData, PlotPoint } from './page-data.ts';
import { CARRIER_NAMES, OTHER_NAMES } from './report-text.ts';
import type { SeenCue } from './stamps.ts';

const MAX_ROWS = 500;
const MAX_MARKS = 2000;

/** @throws {FramecueError} ERR_OUTPUT_WRITE */
export async function writePage(
  file: string,
  address: string,
  summary: Summary,
  page: PageData,
): Promise<void> {
  const html = await pageOf(address, summary, page);
  const partial = `${file}.${process.pid}.partial`;
  try {
    await writeFile(partial, html);
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new FramecueError('ERR_OUTPUT_WRITE', `${file} cannot be written: ${reasonOf(cause)}.`, { cause });
  }
}

/** One page that needs nothing else: no network, no other file. */
export function pageOf(address: string, summary: Summary, page: PageData): Promise<string> {
  const { errors, warnings, frames } = summary;
  const good = errors === 0 && frames > 0;
  const text =
    frames === 0
      ? 'No pictures'
      : good && warnings === 0
        ? 'Nothing wrong found'
        : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  return reportPage({
    title: `${basename(address)}: framecue inspect`,
    kind: 'framecue inspect',
    heading: address,
    verdict: { good, text },
    sections: [
      { heading: 'Stream', html: facts(summary) },
      { heading: 'Timeline', html: timeline(page) },
      { heading: 'Cues', html: cueTable(summary.cues) },
      ...besideSection(summary),
      { heading: 'Findings', html: findingTable(summary.findings) },
      { heading: 'SEI', html: seiTable(summary) },
    ],
    data: plotData(summary, page),
    style: join(import.meta.dirname, 'page.css'),
    script: join(import.meta.dirname, 'page.browser.js'),
  });
}

const timeline = ({ every }: PageData): string =>
  `<p class="legend-line"><span><i class="i-key"></i>keyframe</span><span><i class="i-delta"></i>other picture</span><span><i class="i-cue"></i>cue, at its fire PTS; SEI</span><span><i class="i-lint"></i>error or warning</span><span>Drag to zoom, double-click to go back.</span></p>
${every > 1 ? `<p class="soft">One of ${every} pictures is plotted, and all that something is wrong with.</p>` : ''}
<div class="plots" id="plots" role="img" aria-label="Bit rate, picture sizes and SEI sizes over time, with cues and findings"></div>`;

function facts(s: Summary): string {
  const fps = s.fps ?? s.declaredFps;
  const gop = s.gopFrames;
  const clock = s.encoderClock;
  const list: readonly (readonly [string, string | null])[] = [
    ['Container', s.container],
    ['Codec', s.codec === 'hevc' ? 'HEVC' : (s.codecString ?? 'H.264')],
    ['Size', s.width === null ? null : `${s.width} x ${s.height}${s.interlaced ? ', interlaced' : ''}`],
    ['Pictures a second', fps === null ? null : String(Number(fps.toFixed(3)))],
    ['Pictures', String(s.frames)],
    ['Keyframes', String(s.keyframes)],
    ['Length', s.durationMs === null ? null : `${(s.durationMs / 1000).toFixed(2)} s`],
    ['Video', s.bitsPerSecond === null ? null : `${Math.round(s.bitsPerSecond / 1000)} kbit/s`],
    [
      'Keyframe every',
      gop === null ? null : `${gop.min === gop.max ? gop.min : `${gop.min} to ${gop.max}`} pictures`,
    ],
    ['B-frames', s.durationMs === null ? null : s.hasBFrames ? 'yes' : 'no'],
    ['Clock stamps', String(s.stamps.clock)],
    ['Cue stamps', String(s.stamps.cue)],
    [
      'Epochs',
      s.epochs.length === 0
        ? null
        : s.epochs
            .map(({ epoch }) => epoch)
            .slice(0, 4)
            .join(', '),
    ],
    [
      'Encoder clock',
      clock === null
        ? null
        : `${clock.source}${clock.driftMs === null ? '' : `, drift ${Number(clock.driftMs.toFixed(1))} ms`}`,
    ],
  ];
  const cells = list.filter(([, value]) => value !== null);
  return `<dl class="facts">${cells.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value!)}</dd></div>`).join('')}</dl>`;
}

function cueTable(cues: readonly SeenCue[]): string {
  if (cues.length === 0) return '<p class="soft">No cue stamps.</p>';
  const rows = cues
    .slice(0, MAX_ROWS)
    .map((cue) => [
      `<code>${escapeHtml(cue.id)}</code> rev ${cue.rev}`,
      escapeHtml(cue.type),
      num(cue.firePts),
      cue.own === null ? 'not here' : String(cue.own.index),
      cue.first.fireIn > 0 ? `${cue.first.fireIn} ms` : 'no',
      String(cue.copies),
      signatureTag(cue.verified),
    ]);
  return table(
    ['Cue', 'Type', 'Fire PTS', 'Access unit', 'Announced', 'Copies', 'Signature'],
    rows,
    cues.length,
  );
}

/** Nothing where nothing stands beside the video. */
function besideSection({ carriers, others }: Summary): ReportPage['sections'] {
  const rows = carriers.flatMap(({ carrier, clock, cue, unreadable, cues }) => [
    [
      CARRIER_NAMES[carrier],
      `${clock} clock, ${cue} cue`,
      '',
      '',
      String(clock + cue),
      unreadable === 0 ? '' : `${unreadable} unreadable`,
    ],
    ...cues.map(({ id, rev, type, firePts, copies, verified }) => [
      CARRIER_NAMES[carrier],
      `<code>${escapeHtml(id)}</code> rev ${rev}`,
      escapeHtml(type),
      num(firePts),
      String(copies),
      signatureTag(verified),
    ]),
  ]);
  for (const { kind, name, count: times } of others)
    rows.push([OTHER_NAMES[kind], escapeHtml(name), '', '', String(times), '']);
  if (rows.length === 0) return [];
  const isShort = carriers.length === 0;
  const head = ['Carried by', 'What', 'Type', 'Fire PTS', isShort ? 'Times' : 'Copies', 'Signature'];
  const without = <T>(cells: readonly T[]): readonly T[] =>
    isShort ? cells.filter((_, i) => i < 2 || i === 4) : cells;
  const html = table(without(head), rows.slice(0, MAX_ROWS).map(without), rows.length);
  return [{ heading: 'Beside the video', html }];
}

const signatureTag = (verified: SeenCue['verified']): string =>
  verified === null
    ? 'not checked'
    : `<span class="tag ${verified === 'good' ? '' : 'error'}">${verified}</span>`;

function findingTable(findings: readonly FindingCount[]): string {
  if (findings.length === 0) return '<p class="soft">Nothing found.</p>';
  const rows = findings.map((found) => [
    `<span class="tag ${found.severity}">${found.severity}</span>`,
    `<code>${found.code}</code>`,
    String(found.count),
    escapeHtml(found.text),
    escapeHtml(found.clause),
    found.firstIndex === null ? '' : `access unit ${found.firstIndex}`,
  ]);
  return table(['', 'Code', 'Times', 'What', 'Clause', 'First in'], rows, findings.length);
}

function seiTable({ sei }: Summary): string {
  if (sei.length === 0) return '<p class="soft">No SEI.</p>';
  const rows = sei
    .slice(0, MAX_ROWS)
    .map(({ name, payloadType, uuid, count: times, bytes, firstIndex }) => [
      escapeHtml(name),
      String(payloadType),
      uuid === null ? '' : `<code>${uuid}</code>`,
      String(times),
      String(Math.round(bytes / times)),
      String(firstIndex),
    ]);
  return table(['Message', 'Type', 'UUID', 'Times', 'Bytes, mean', 'First in'], rows, sei.length);
}

/** Cells are HTML. */
function table(head: readonly string[], rows: readonly (readonly string[])[], total: number): string {
  const more = total > rows.length ? `<p class="soft">${total - rows.length} more are not shown.</p>` : '';
  const line = (cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  return `<div class="scroll"><table><thead><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr></thead><tbody>${rows.map(line).join('')}</tbody></table></div>${more}`;
}

/** Columns, as uPlot takes them; a picture is in one of `key` and `delta`. */
function plotData({ cues, findings }: Summary, page: PageData): object {
  // uPlot wants x in order; a timeline that began anew would draw lines back.
  const points = [...page.points].sort((a, b) => a.x - b.x);
  const xOf = new Map(points.map(({ index, x }) => [index, x]));
  const bad = findings.filter(({ severity }) => severity !== 'info').flatMap(({ at }) => at);
  const lint = bad.flatMap((index) => xOf.get(index ?? -1) ?? []).slice(0, MAX_MARKS);
  return {
    hasTimes: page.hasTimes,
    points: {
      x: points.map(({ x }) => x),
      key: points.map(({ isKeyframe, bytes }) => (isKeyframe ? bytes : null)),
      delta: points.map(({ isKeyframe, bytes }) => (isKeyframe ? null : bytes)),
      sei: points.map(({ seiBytes }) => (seiBytes === 0 ? null : seiBytes)),
      rate: page.hasTimes ? ratesOf(points, page.every) : points.map(({ bytes }) => (bytes * 8) / 1000),
    },
    cues: cues.slice(0, MAX_MARKS).flatMap(({ id, sourceFirePts, own }) => {
      const x = page.hasTimes ? (sourceFirePts ?? 0) / 1000 : (own?.index ?? null);
      return x === null ? [] : [{ id, x }];
    }),
    lint,
  };
}

/** Mean of the second before each picture, kbit/s. */
function ratesOf(points: readonly PlotPoint[], every: number): (number | null)[] {
  let from = 0;
  let sum = 0;
  const begin = points[0]?.x ?? 0;
  const isLong = (points.at(-1)?.x ?? 0) - begin >= 2;
  return points.map(({ x, bytes }, i) => {
    sum += bytes;
    while (x - points[from]!.x >= 1) sum -= points[from++]!.bytes;
    // A part of the first second says nothing about a second: a keyframe is most of it.
    if (isLong && x - begin < 0.95) return null;
    const span = i === from ? 1 : Math.min(1, x - points[from]!.x + (x - points[from]!.x) / (i - from));
    return Math.round((sum * every * 8) / 1000 / Math.max(span, 0.1));
  });
}

const num = (value: number | null): string => (value === null ? '?' : String(Number(value.toFixed(3))));
const count = (value: number, one: string): string => `${value} ${one}${value === 1 ? '' : 's'}`;
