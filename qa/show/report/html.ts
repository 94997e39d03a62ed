import { join } from 'node:path';
import { escapeHtml, reportPage } from '../../html/page.ts';
import type { Comparison, Counts, CueStory, Difference } from '../compare-runs.ts';
import { cueNameOf } from './junit.ts';
import type { ReportData } from './report-data.ts';
import type { HexRow, NalRow, UnitDiff } from './unit-diff.ts';

const MAX_ROWS = 200;
/** H.264 table 7-1, those that streams carry. */
const NAL_NAMES: Readonly<Record<number, string>> = {
  1: 'slice',
  2: 'partition A',
  3: 'partition B',
  4: 'partition C',
  5: 'IDR slice',
  6: 'SEI',
  7: 'SPS',
  8: 'PPS',
  9: 'AUD',
  12: 'filler',
};

/** The whole report as one page that needs nothing else: no network, no other file. */
export function htmlOf(data: ReportData): Promise<string> {
  const { comparison, show, titles, firstDifference } = data;
  return reportPage({
    title: `${comparison.identical ? 'Same' : 'Differs'}: replay of ${show}`,
    kind: 'framecue replay',
    heading: show,
    verdict: { good: comparison.identical, text: verdictOf(comparison) },
    notes: [
      `<p class="soft">Stream ${escapeHtml(data.stream)}. Compared ${escapeHtml(data.madeAt)}.</p>`,
      ...data.notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`),
    ],
    sections: [
      { heading: 'The two runs', html: runsTable(data) },
      { heading: 'Timeline', html: timeline(titles) },
      { heading: 'Cues', html: cuesTable(data) },
      { heading: 'Differences', html: differencesTable(comparison) },
      ...(firstDifference === null ? [] : [firstDifferenceSection(firstDifference)]),
    ],
    data: data.plot,
    style: join(import.meta.dirname, 'report.css'),
    script: join(import.meta.dirname, 'plot.browser.js'),
  });
}

const timeline = ({ a, b }: ReportData['titles']): string =>
  `<p class="legend"><span class="swatch a"></span>A: ${escapeHtml(a)} <span class="swatch b"></span>B: ${escapeHtml(b)} <span class="swatch differ"></span>packets that differ <span class="swatch epoch"></span>an epoch begins</p>
<div id="plot" role="img" aria-label="Access units of both runs over stream time, with the cues that landed"></div>`;

/** One sentence: same or not, and how much. */
export function verdictOf({ identical, units, packets, cues, differing, epochs }: Comparison): string {
  if (identical) {
    return `Same: ${count(units.a)} access units and ${count(packets.a)} other packets, byte for byte; ${cues.length} cue revisions.`;
  }
  const parts = [];
  const off = units.different + units.onlyA + units.onlyB;
  if (off > 0) parts.push(`${count(off)} of ${count(Math.max(units.a, units.b))} access units`);
  if (differing > off) parts.push(`${count(differing - off)} other packets`);
  const cuesOff = cues.filter(({ same }) => !same).length;
  if (cuesOff > 0) parts.push(`${cuesOff} of ${cues.length} cue revisions`);
  if (!epochs.same) parts.push('the epochs');
  return `Differs: ${parts.join(', ')}.`;
}

function runsTable({ comparison, titles }: ReportData): string {
  const { units, packets, epochs, gaps, a, b } = comparison;
  const row = (name: string, one: string, two: string) =>
    `<tr><th scope="row">${name}</th><td>${escapeHtml(one)}</td><td>${escapeHtml(two)}</td></tr>`;
  const kept = (of: Counts, side: 'a' | 'b') => {
    const only = side === 'a' ? of.onlyA : of.onlyB;
    return `${count(of[side])}${only > 0 ? `, ${count(only)} of them here alone` : ''}`;
  };
  return scrolled(`<table class="facts"><thead><tr><td></td><th scope="col">A</th><th scope="col">B</th></tr></thead><tbody>
${row('Run', titles.a, titles.b)}
${row('Node', a.software.node, b.software.node)}
${row('Access units', kept(units, 'a'), kept(units, 'b'))}
${row('Other packets', kept(packets, 'a'), kept(packets, 'b'))}
${row('Epochs', String(epochs.a.length), String(epochs.b.length))}
${row('Records missing', count(gaps.a), count(gaps.b))}
</tbody></table>`);
}

function cuesTable({ comparison: { cues } }: ReportData): string {
  if (cues.length === 0) return '<p class="soft">No cue was announced or landed.</p>';
  const cells = ({ announced, landing, end }: CueStory) => {
    const pts = landing?.pts ?? announced;
    const at = pts === null ? '–' : String(pts);
    const frame = landing === null ? (announced === null ? '–' : 'announced') : String(landing.frame);
    return `<td class="n">${escapeHtml(at)}</td><td class="n">${escapeHtml(frame)}</td><td>${escapeHtml(end ?? (landing === null ? '' : 'open'))}</td>`;
  };
  const rows = cues
    .slice(0, MAX_ROWS)
    .map(
      (cue) =>
        `<tr class="${cue.same ? '' : 'bad'}"><th scope="row">${escapeHtml(cueNameOf(cue))}</th>${cells(cue.a)}${cells(cue.b)}<td>${cue.same ? 'same' : 'differs'}</td></tr>`,
    );
  return scrolled(`<table><thead>
<tr><td></td><th colspan="3" scope="colgroup">A</th><th colspan="3" scope="colgroup">B</th><td></td></tr>
<tr><th scope="col">Cue</th>${'<th scope="col" class="n">Fire PTS</th><th scope="col" class="n">Frame</th><th scope="col">End</th>'.repeat(2)}<th scope="col"></th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>${cues.length > MAX_ROWS ? `<p class="soft">The first ${MAX_ROWS} of ${cues.length}.</p>` : ''}`);
}

function differencesTable({ differences, differing }: Comparison): string {
  if (differing === 0) return '<p class="soft">None: every packet is the same in both.</p>';
  const shown = differences.slice(0, MAX_ROWS);
  const rows = shown.map((each) => {
    const what =
      each.a === null ? 'only in B' : each.b === null ? 'only in A' : each.fields.map(wordOf).join(', ');
    const place = each.kind === 'unit' ? `frame ${each.frame}` : `${each.of} ${each.n}`;
    return `<tr><th scope="row">${escapeHtml(place)}</th>${[String(each.epoch), timeOf(each.a), timeOf(each.b), sizeOf(each.a), sizeOf(each.b)].map((text) => `<td class="n">${escapeHtml(text)}</td>`).join('')}<td>${escapeHtml(what)}</td></tr>`;
  });
  return scrolled(`<table><thead><tr><th scope="col">Where</th><th scope="col" class="n">Epoch</th><th scope="col" class="n">PTS in A</th><th scope="col" class="n">in B</th><th scope="col" class="n">Bytes in A</th><th scope="col" class="n">in B</th><th scope="col">What</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>${differing > shown.length ? `<p class="soft">The first ${shown.length} of ${count(differing)}; report.json has up to 500.</p>` : ''}`);
}

const sizeOf = (line: Difference['a']): string => String(line?.size ?? '–');
const timeOf = (line: Difference['a']): string =>
  line === null ? '–' : String(line.kind === 'unit' ? line.pts : line.dts);

const WORDS: Readonly<Record<string, string>> = { sha256: 'bytes', key: 'keyframe', pts: 'PTS', dts: 'DTS' };
const wordOf = (field: string): string => WORDS[field] ?? field;

function firstDifferenceSection(diff: UnitDiff & { readonly epoch: number; readonly frame: number }) {
  const nals = (rows: readonly NalRow[]) =>
    `<ol start="0" class="nals">${rows.map(({ type, size, same }) => `<li class="${same ? '' : 'bad'}">${escapeHtml(NAL_NAMES[type] ?? `type ${type}`)}, ${count(size)} bytes</li>`).join('')}</ol>`;
  const side = (name: string, rows: readonly NalRow[], hex: readonly HexRow[]) =>
    `<div><h3>${name}</h3>${nals(rows)}${hexTable(hex)}</div>`;
  return {
    heading: `The first access unit that differs: frame ${diff.frame} of epoch ${diff.epoch}`,
    html: `<p>${whereOf(diff)}</p>
<div class="sides">${side('A', diff.a, diff.hexA)}${side('B', diff.b, diff.hexB)}</div>`,
  };
}

function whereOf({ a, b, nalA, nalB, offset }: UnitDiff): string {
  const name = (rows: readonly NalRow[], at: number) => {
    const { type } = rows[at]!;
    return `NAL unit ${at} (${escapeHtml(NAL_NAMES[type] ?? `type ${type}`)})`;
  };
  if (nalA === null && nalB === null) return 'Its NAL units are alike: its times or its order differ.';
  if (nalA === null) return `${name(b, nalB!)} is in B alone.`;
  if (nalB === null) return `${name(a, nalA)} is in A alone.`;
  if (offset === null) return `${name(a, nalA)} is in A alone, ${name(b, nalB)} in B alone.`;
  return `${name(a, nalA)} of A and ${name(b, nalB)} of B part at byte ${offset}.`;
}

function hexTable(rows: readonly HexRow[]): string {
  if (rows.length === 0) return '';
  const mark = (text: string, differs: boolean) =>
    differs ? `<b>${escapeHtml(text)}</b>` : escapeHtml(text);
  const lines = rows.map(({ offset, hex, text, differing }) => {
    const off = new Set(differing);
    const bytes = (hex.match(/../g) ?? []).map((byte, at) => mark(byte, off.has(at))).join(' ');
    const letters = [...text].map((letter, at) => mark(letter, off.has(at))).join('');
    return `<span class="offset">${offset.toString(16).padStart(6, '0')}</span>  ${bytes}${'   '.repeat(Math.max(0, 16 - hex.length / 2))}  ${letters}`;
  });
  return `<div class="scroll"><pre tabindex="0">${lines.join('\n')}</pre></div>`;
}

const scrolled = (table: string): string => `<div class="scroll">${table}</div>`;
const count = (value: number): string => value.toLocaleString('en');
