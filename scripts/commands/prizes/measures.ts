import type { Command } from 'commander';
import type { measureBody } from '../../../events/http/treasury-views.ts';
import type { MeasureDo, MeasureWhen } from '../../../events/ledger/measures.ts';
import { cueId } from '../cue/options.ts';
import { ask, type Server } from '../server.ts';
import { assertSure, jsonFile, onEvents, onlySure, type PrizeOptions, tellAnswer } from './asking.ts';
import { columns, moment, percent } from './words.ts';

type MeasureBody = ReturnType<typeof measureBody>;

/** The rules of a show's boxes, and its measures. */
interface Rules {
  readonly show: string;
  readonly dropPpm: number;
  readonly threshold: number;
  readonly measures: readonly MeasureBody[];
}

const pathOf = (show: string): string => `/api/v1/shows/${show}/measures`;

const rulesOf = (server: Server, show: string): Promise<Rules> => ask<Rules>(server, 'GET', pathOf(show));

export const measureListCommand = (): Command =>
  onEvents('list')
    .description('the rules of boxes, and what is prepared to change them')
    .argument('<show>', 'the show', cueId)
    .action((show: string, options: PrizeOptions) =>
      tellAnswer<Rules>(options, 'read', (server) => rulesOf(server, show), rulesText),
    );

function rulesText({ show, dropPpm, threshold, measures }: Rules): string {
  const head = `${show}: ${percent(dropPpm)} of answers drop a box; ${threshold} lead to the high pools`;
  const rows = measures.map(({ id, state, due, auto, appliedAt, when, do: deed, title }) => [
    ...[id, appliedAt === null || state !== 'applied' ? state : `${state} ${moment(appliedAt)}`],
    ...[dueWords(due), auto ? 'by itself' : 'by hand', whenWords(when), doWords(deed), title],
  ]);
  if (rows.length === 0) return `${head}\nNothing is prepared.`;
  return `${head}\n${columns(['id', 'state', 'due', 'goes', 'when', 'does', 'title'], rows)}`;
}

const dueWords = (due: boolean | null): string => (due === null ? '' : due ? 'DUE' : 'no');

function whenWords(when: MeasureWhen | null): string {
  if (when === null) return '';
  if ('boxesOver' in when) return `over ${when.boxesOver} boxes`;
  if ('shareOver' in when) {
    return `over ${percent(when.shareOver.ppm)} of viewers have ${when.shareOver.boxes} boxes`;
  }
  if ('poolBelow' in when) return `under ${when.poolBelow.pieces} pieces free in ${when.poolBelow.pool}`;
  return `under ${when.budgetBelow.amountMinor} minor units free in ${when.budgetBelow.pool}`;
}

function doWords(deed: MeasureDo): string {
  if ('dropPpm' in deed) return `${percent(deed.dropPpm)} drop a box`;
  return 'threshold' in deed ? `${deed.threshold} lead to high` : `closes ${deed.closePool}`;
}

const SET_HELP = `
The file: { "dropPpm": 50000, "threshold": 3, "measures": [...] } (docs/prizes.md), or what
\`framecue measure list SHOW --json\` has printed. It is the whole list: what is not in it is gone.`;

export const measureSetCommand = (): Command =>
  onEvents('set')
    .description('sets the rules of boxes, and prepares measures')
    .argument('<show>', 'the show', cueId)
    .argument('<file>', 'the rules as JSON; -: standard input', jsonFile)
    .addHelpText('after', SET_HELP)
    .action((show: string, rules: Record<string, unknown>, options: PrizeOptions) =>
      tellAnswer<Rules>(
        options,
        'treasurer',
        (server) => ask(server, 'PUT', pathOf(show), wantedOf(rules)),
        rulesText,
      ),
    );

/** A list that was printed, as a list to set: without what only the server says of it. Anything else goes as it is. */
function wantedOf({ show: _, ...rules }: Record<string, unknown>): object {
  const { measures } = rules;
  if (!Array.isArray(measures)) return rules;
  return { ...rules, measures: measures.map((each) => (isPrinted(each) ? termsOf(each) : each)) };
}

const isPrinted = (each: unknown): each is MeasureBody =>
  typeof each === 'object' && each !== null && 'state' in each && 'appliedAt' in each;

const termsOf = ({ show, state, appliedAt, before, due, when, ...terms }: MeasureBody): object => ({
  ...terms,
  ...(when === null ? {} : { when }),
});

export const measureClearCommand = (): Command =>
  onlySure(onEvents('clear'))
    .description('takes all prepared measures of a show away; the rules of its boxes stay')
    .argument('<show>', 'the show', cueId)
    .addHelpText('after', '\nTo have them back: keep what `framecue measure list SHOW --json` prints.')
    .action((show: string, options: PrizeOptions & { readonly yes?: boolean }) =>
      tellAnswer<Rules>(
        options,
        'treasurer',
        async (server) => {
          assertSure(options, `This takes all measures of ${show} away`);
          const { dropPpm, threshold } = await rulesOf(server, show);
          return ask(server, 'PUT', pathOf(show), { dropPpm, threshold, measures: [] });
        },
        rulesText,
      ),
    );

type Changed = MeasureBody & { readonly repeated: boolean };

const changeCommand = (what: 'apply' | 'revert', description: string): Command =>
  onEvents(what)
    .description(description)
    .argument('<show>', 'the show', cueId)
    .argument('<id>', 'the measure', cueId)
    .action((show: string, id: string, options: PrizeOptions) =>
      tellAnswer<Changed>(
        options,
        'direct',
        (server) => ask(server, 'POST', `${pathOf(show)}/${id}/${what}`, {}),
        ({ state, do: deed, repeated }) =>
          `${id} of ${show}: ${state} (${doWords(deed)})${repeated ? ', had been done before' : ''}`,
      ),
    );

export const measureApplyCommand = (): Command =>
  changeCommand('apply', 'applies a measure by hand; `revert` takes it back');

export const measureRevertCommand = (): Command =>
  changeCommand('revert', 'puts back what a measure has changed');
