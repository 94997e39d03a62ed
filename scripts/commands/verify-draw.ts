import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { DrawBundle, DrawDocument, PageDocument } from '../../draws/document.ts';
import { type DrandChain, QUICKNET } from '../../draws/drand.ts';
import { pagesOf } from '../../draws/entrants.ts';
import { type Read, readBundle, readDraw, readPage } from '../../draws/read.ts';
import { type DrawCheckName, type DrawVerdict, verifyDraw } from '../../draws/verify.ts';
import { FramecueError } from '../../packet/errors.ts';
import { nodeSha256 } from '../../packet/node-sha256.ts';
import { readBounded } from '../../service/read-bounded.ts';

interface VerifyDrawOptions {
  readonly save?: string;
  readonly chain?: string;
  readonly json?: boolean;
}

const WHAT: Readonly<Record<DrawCheckName, string>> = {
  seed: 'seed: the one that was committed to when the interaction was created',
  list: 'list: every page, its root and its tiers as committed to',
  commitment: 'commitment: made of what is published beside it',
  source: 'source: a network that is trusted, and a round that came after the commitment',
  randomness: 'randomness: signed by the network, of the round that was named',
  winners: 'winners: who, what and in which order, drawn anew',
};

/** Where the commitment names no round: commit-reveal, or nobody has entered. */
const WITHOUT_ROUND: Partial<Record<DrawCheckName, string>> = {
  source: 'source: no round is named; what is drawn follows from the seed alone',
  randomness: 'randomness: none beside the seed, as the commitment says',
};

/** `framecue verify-draw URL|FILE`: exit code 1 where anything differs, or the draw is not over. */
export const verifyDrawCommand = (): Command =>
  new Command('verify-draw')
    .exitOverride()
    .showHelpAfterError()
    .description('computes a draw anew from what is published of it, and says what differs')
    .argument('<source>', "the interaction's URL on events (.../api/v1/interactions/ID), or a saved file")
    .option('--save <file>', 'keep the draw with its whole list in one file')
    .option('--chain <file>', "trust this drand network instead of quicknet: a relay's /info as JSON")
    .option('--json', 'print the checks as JSON')
    .addHelpText('after', HELP)
    .action(async (source: string, options: VerifyDrawOptions) => {
      const chains = options.chain === undefined ? [QUICKNET] : [await readChain(options.chain)];
      const bundle = /^https?:\/\//.test(source) ? await fetchBundle(source) : await readSaved(source);
      if (options.save !== undefined) await writeFile(options.save, `${JSON.stringify(bundle)}\n`);
      const verdict = verifyDraw(bundle, { chains, hash: nodeSha256 });
      const text =
        options.json === true ? JSON.stringify({ ...verdict, draw: bundle.draw }) : textOf(bundle, verdict);
      process.stdout.write(`${text}\n`);
      process.exitCode = verdict.kind === 'good' ? 0 : 1;
    });

const HELP = `
Nothing that the server says is taken at its word: seed, list, commitment, the network's signature and the winners are
computed here. What every byte is stands in docs/draws.md.

  framecue verify-draw https://events.example/api/v1/interactions/final --save final.json
  framecue verify-draw final.json
`;

function textOf({ draw }: DrawBundle, verdict: DrawVerdict): string {
  const { commitment, result } = draw;
  const words = commitment?.round === null ? { ...WHAT, ...WITHOUT_ROUND } : WHAT;
  const lines = verdict.checks.map(({ what, problem }) =>
    problem === null ? `good   ${words[what]}` : `WRONG  ${what}: ${problem}`,
  );
  const entrants = commitment === null ? 'list not closed yet' : `${commitment.count} entrants`;
  const winners = result === null ? '' : `, ${result.winners.length} winners`;
  const of = `${draw.interaction}: ${entrants}${winners}`;
  switch (verdict.kind) {
    case 'good':
      return [...lines, `${of}. All is as published.`].join('\n');
    case 'bad':
      return [...lines, `${of}. It is NOT as published.`].join('\n');
    case 'unfinished':
      return [...lines, `${of}. It cannot be verified whole: ${verdict.missing}.`].join('\n');
  }
}

const TIMEOUT_MS = 30_000;
/** A page is some 360 KB, the largest result 1 MB. */
const ANSWER_LIMIT_BYTES = 8 * 1024 * 1024;
/** A hundred million entrants. */
const MOST_PAGES = 12_500;

async function fetchBundle(address: string): Promise<DrawBundle> {
  const base = address.replace(/(?:\/draw)?\/*$/, '');
  const draw = readAs(await fetchJson(`${base}/draw`), readDraw, `${base}/draw`);
  const count = draw.commitment?.count ?? 0;
  const wanted = Math.min(draw.commitment?.pages ?? 0, pagesOf(count));
  if (wanted > MOST_PAGES)
    throw new FramecueError('ERR_REQUEST_INVALID', `${address} lists ${count} entrants.`);
  const pages: PageDocument[] = [];
  for (let page = 0; page < wanted; page++) {
    const from = `${base}/entrants?page=${page}`;
    pages.push(readAs(await fetchJson(from), readPage, from));
  }
  return { v: 1, draw: draw as DrawDocument, pages };
}

async function fetchJson(address: string): Promise<unknown> {
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw new FramecueError('ERR_NOT_FOUND', `${address} cannot be reached.`, { cause });
    },
  );
  if (!response.ok) {
    await response.body?.cancel();
    throw new FramecueError('ERR_NOT_FOUND', `${address} answers ${response.status}.`);
  }
  const text = await readBounded(response, ANSWER_LIMIT_BYTES);
  if (text === null) throw new FramecueError('ERR_BODY_TOO_LARGE', `${address} is too large.`);
  return parse(text, address);
}

async function readSaved(path: string): Promise<DrawBundle> {
  return readAs(parse(await readText(path), path), readBundle, path);
}

/** A relay's `GET /{chain}/info`. */
async function readChain(path: string): Promise<DrandChain> {
  const info = parse(await readText(path), path) as Record<string, unknown>;
  const { hash: chain, public_key: publicKey, genesis_time: genesis, period } = info;
  const isChain =
    typeof chain === 'string' &&
    typeof publicKey === 'string' &&
    Number.isSafeInteger(genesis) &&
    Number.isSafeInteger(period);
  if (!isChain || info.schemeID !== 'bls-unchained-g1-rfc9380') {
    throw new FramecueError(
      'ERR_REQUEST_INVALID',
      `${path} describes no network of the scheme bls-unchained-g1-rfc9380.`,
    );
  }
  return { chain, publicKey, genesis: genesis as number, period: period as number };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new FramecueError('ERR_NOT_FOUND', `${path} cannot be read.`, { cause });
  }
}

function parse(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FramecueError('ERR_REQUEST_MALFORMED', `${from} is no JSON.`, { cause });
  }
}

function readAs<Value>(given: unknown, read: (given: unknown) => Read<Value>, from: string): Value {
  const found = read(given);
  if (found.kind === 'read') return found.value;
  throw new FramecueError(
    'ERR_REQUEST_INVALID',
    `${from} is no draw: ${found.where} is not as it has to be.`,
  );
}
