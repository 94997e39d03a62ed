import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const TOKENS = join(import.meta.dirname, '../../player-demo/src/design/tokens.css');
const SHARED = join(import.meta.dirname, 'page.css');

/** A report for people to look at. All that is called HTML is put in as it stands: escape what comes from outside. */
export interface ReportPage {
  readonly title: string;
  /** The command that made it. */
  readonly kind: string;
  readonly heading: string;
  readonly verdict: { readonly good: boolean; readonly text: string };
  /** Below the verdict; HTML. */
  readonly notes?: readonly string[];
  /** HTML. */
  readonly sections: readonly { readonly heading: string; readonly html: string }[];
  /** What the script plots, in an element with the id `data`. */
  readonly data: object;
  /** Files of the report's own style and of its script, which finds `uPlot` and the data. */
  readonly style: string;
  readonly script: string;
}

/** One page that needs nothing else: no network, no other file. */
export async function reportPage(page: ReportPage): Promise<string> {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  const files = [join(uplot, 'uPlot.min.css'), TOKENS, SHARED, page.style];
  const scripts = [join(uplot, 'uPlot.iife.min.js'), page.script];
  const [styles, code] = await Promise.all(
    [files, scripts].map((paths) => Promise.all(paths.map((path) => readFile(path, 'utf8')))),
  );
  const { verdict, notes = [], sections } = page;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<style>${styles!.join('\n')}</style>
</head>
<body>
<header>
<p class="kind">${escapeHtml(page.kind)}</p>
<h1>${escapeHtml(page.heading)}</h1>
<p class="verdict ${verdict.good ? 'good' : 'bad'}">${escapeHtml(verdict.text)}</p>
${notes.join('\n')}
</header>
<main>
${sections.map(({ heading, html }) => `<section>\n<h2>${escapeHtml(heading)}</h2>\n${html}\n</section>`).join('\n')}
</main>
<script type="application/json" id="data">${JSON.stringify(page.data).replaceAll('<', '\\u003c')}</script>
${code!.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]!);
