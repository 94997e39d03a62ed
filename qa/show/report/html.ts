import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Comparison, Counts, CueStory, Difference } from '../compare-runs.ts';
import { cueNameOf } from './junit.ts';
import type { ReportData } from './report-data.ts';
import type { HexRow, NalRow, UnitDiff } from './unit-diff.ts';

const TOKENS = join(import.meta.dirname, '../../../player-demo/src/design/tokens.css');
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
export async function htmlOf(data: ReportData): Promise<string> {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  const [tokens, style, script, plotStyle, plotScript] = await Promise.all([
    readFile(TOKENS, 'utf8'),
    readFile(join(import.meta.dirname, 'report.css'), 'utf8'),
    readFile(join(import.meta.dirname, 'plot.browser.js'), 'utf8'),
    readFile(join(uplot, 'uPlot.min.css'), 'utf8'),
    readFile(join(uplot, 'uPlot.iife.min.js'), 'utf8'),
  ]);
  const { comparison, show, titles } = data;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${comparison.identical ? 'Same' : 'Differs'}: replay of ${esc(show)}</title>
<style>${plotStyle}\n${tokens}\n${style}</style>
</head>
<body>
<header>
<p class="kind">framecue replay</p>
<h1>${esc(show)}</h1>
<p class="verdict ${comparison.identical ? 'good' : 'bad'}">${esc(verdictOf(comparison))}</p>
<p class="soft">Stream ${esc(data.stream)}. Compared ${esc(data.madeAt)}.</p>
${data.notes.map((note) => `<p class="note">${esc(note)}</p>`).join('\n')}
</header>
<main>
<section>
<h2>The two runs</h2>
${runsTable(data)}
</section>
<section>
<h2>Timeline</h2>
<p class="legend"><span class="swatch a"></span>A: ${esc(titles.a)} <span class="swatch b"></span>B: ${esc(titles.b)} <span class="swatch differ"></span>packets that differ <span class="swatch epoch"></span>an epoch begins</p>
<div id="plot" role="img" aria-label="Access units of both runs over stream time, with the cues that landed"></div>
</section>
<section>
<h2>Cues</h2>
${cuesTable(data)}
</section>
<section>
<h2>Differences</h2>
${differencesTable(comparison)}
</section>
${data.firstDifference === null ? '' : firstDifference(data.firstDifference)}
</main>
<script type="application/json" id="data">${JSON.stringify(data.plot).replaceAll('<', '\\u003c')}</script>
<script>${plotScript}</script>
<script>${script}</script>
</body>
</html>
`;
}

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
    `<tr><th scope="row">${name}</th><td>${esc(one)}</td><td>${esc(two)}</td></tr>`;
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
    return `<td class="n">${esc(at)}</td><td class="n">${esc(frame)}</td><td>${esc(end ?? (landing === null ? '' : 'open'))}</td>`;
  };
  const rows = cues
    .slice(0, MAX_ROWS)
    .map(
      (cue) =>
        `<tr class="${cue.same ? '' : 'bad'}"><th scope="row">${esc(cueNameOf(cue))}</th>${cells(cue.a)}${cells(cue.b)}<td>${cue.same ? 'same' : 'differs'}</td></tr>`,
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
    return `<tr><th scope="row">${esc(place)}</th>${[String(each.epoch), timeOf(each.a), timeOf(each.b), sizeOf(each.a), sizeOf(each.b)].map((text) => `<td class="n">${esc(text)}</td>`).join('')}<td>${esc(what)}</td></tr>`;
  });
  return scrolled(`<table><thead><tr><th scope="col">Where</th><th scope="col" class="n">Epoch</th><th scope="col" class="n">PTS in A</th><th scope="col" class="n">in B</th><th scope="col" class="n">Bytes in A</th><th scope="col" class="n">in B</th><th scope="col">What</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>${differing > shown.length ? `<p class="soft">The first ${shown.length} of ${count(differing)}; report.json has up to 500.</p>` : ''}`);
}

const sizeOf = (line: Difference['a']): string => String(line?.size ?? '–');
const timeOf = (line: Difference['a']): string =>
  line === null ? '–' : String(line.kind === 'unit' ? line.pts : line.dts);

const WORDS: Readonly<Record<string, string>> = { sha256: 'bytes', key: 'keyframe', pts: 'PTS', dts: 'DTS' };
const wordOf = (field: string): string => WORDS[field] ?? field;

function firstDifference(diff: UnitDiff & { readonly epoch: number; readonly frame: number }): string {
  const nals = (rows: readonly NalRow[]) =>
    `<ol start="0" class="nals">${rows.map(({ type, size, same }) => `<li class="${same ? '' : 'bad'}">${esc(NAL_NAMES[type] ?? `type ${type}`)}, ${count(size)} bytes</li>`).join('')}</ol>`;
  const where = whereOf(diff);
  return `<section>
<h2>The first access unit that differs: frame ${diff.frame} of epoch ${diff.epoch}</h2>
<p>${where}</p>
<div class="sides"><div><h3>A</h3>${nals(diff.a)}${hexTable(diff.hexA)}</div><div><h3>B</h3>${nals(diff.b)}${hexTable(diff.hexB)}</div></div>
</section>`;
}

function whereOf({ a, b, nalA, nalB, offset }: UnitDiff): string {
  const name = (rows: readonly NalRow[], at: number) => {
    const { type } = rows[at]!;
    return `NAL unit ${at} (${esc(NAL_NAMES[type] ?? `type ${type}`)})`;
  };
  if (nalA === null && nalB === null) return 'Its NAL units are alike: its times or its order differ.';
  if (nalA === null) return `${name(b, nalB!)} is in B alone.`;
  if (nalB === null) return `${name(a, nalA)} is in A alone.`;
  if (offset === null) return `${name(a, nalA)} is in A alone, ${name(b, nalB)} in B alone.`;
  return `${name(a, nalA)} of A and ${name(b, nalB)} of B part at byte ${offset}.`;
}

function hexTable(rows: readonly HexRow[]): string {
  if (rows.length === 0) return '';
  const mark = (text: string, differs: boolean) => (differs ? `<b>${esc(text)}</b>` : esc(text));
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
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const esc = (text: string): string => text.replace(/[&<>"]/g, (letter) => ENTITIES[letter]!);
