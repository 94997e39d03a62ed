import { Command, Option } from 'commander';
import { TRIGGER_DEEDS, type Trigger, type TriggerDeed } from '../../director/triggers/trigger.ts';
import { cueId, type ReportOptions } from './cue/options.ts';
import { telling } from './cue/refusal.ts';
import { ask, jsonObject, type Server, serverOf, withServer } from './server.ts';

interface MakeOptions extends ReportOptions {
  readonly do: TriggerDeed;
  readonly item?: string;
  readonly cue?: Record<string, unknown>;
  readonly console?: string;
}

const HELP = `
Examples:
  framecue trigger make go --do next
  framecue trigger make q1 --do take --item q1-open
  framecue trigger make bang --do cue --cue '{"type":"custom.fireworks"}'
  framecue trigger make stop --do panic

Making it again gives it a new address; the old one is dead then.`;

/** `framecue trigger make|list|drop`: addresses that a stream deck presses. */
export const triggerCommand = (): Command =>
  new Command('trigger')
    .exitOverride()
    .showHelpAfterError()
    .description('addresses that a stream deck presses: makes, lists and drops them')
    .addCommand(makeCommand())
    .addCommand(listCommand())
    .addCommand(dropCommand());

const pathOf = ({ stream }: Server, name = ''): string =>
  `/api/v1/streams/${stream}/triggers${name === '' ? '' : `/${name}`}`;

const makeCommand = (): Command =>
  withServer(new Command('make'))
    .description('makes a trigger and prints its address, which is its key: this once')
    .argument('<name>', 'as it stands in the as-run log', cueId)
    .addOption(
      new Option(
        '--do <what>',
        "next: takes the rundown's next item; take, arm: that of --item; cue: that of --cue; panic",
      )
        .choices(TRIGGER_DEEDS)
        .makeOptionMandatory(),
    )
    .option('--item <id>', 'with --do take or arm: the item of the rundown', cueId)
    .option('--cue <json>', 'with --do cue: the cue that each press makes', jsonObject)
    .option('--console <id>', 'acts as this console: refused while another one is in control', cueId)
    .option('--json', 'print the trigger as the server gives it')
    .addHelpText('after', HELP)
    .action((name: string, options: MakeOptions) =>
      telling(options.json, async () => {
        const server = serverOf(options);
        const { do: deed, item, cue, console } = options;
        const made = await ask<Trigger & { url: string; query: string }>(
          server,
          'PUT',
          pathOf(server, name),
          {
            ...{ do: deed, item, cue, console },
          },
        );
        if (options.json === true) process.stdout.write(`${JSON.stringify(made)}\n`);
        else process.stdout.write(`${addressText(server.media, made)}\n`);
      }),
    );

function addressText(
  media: string,
  { name, do: deed, url, query }: Trigger & { url: string; query: string },
): string {
  const lines = [
    `${name}: ${media}${url}`,
    `  or ${media}${query}`,
    'Whoever knows the address can press it: it is shown this once.',
    'Bitfocus Companion: connection "Generic HTTP Requests", action GET (or POST), this address.',
    'Elgato Stream Deck: "Website" opens it in a browser; tick "GET request in background".',
  ];
  if (deed === 'panic')
    lines.push('Panic acts on the second press, half a second to three seconds after the first.');
  if (/\/\/(?:127\.|localhost|\[::1\])/.test(media)) {
    lines.push('From another machine: put in the address under which it reaches media.');
  }
  return lines.join('\n');
}

const listCommand = (): Command =>
  withServer(new Command('list'))
    .description('the triggers of the stream, without their keys')
    .option('--json', 'print them as the server gives them')
    .action((options: ReportOptions) =>
      telling(options.json, async () => {
        const server = serverOf(options);
        const { triggers } = await ask<{ triggers: Trigger[] }>(server, 'GET', pathOf(server));
        if (options.json === true) process.stdout.write(`${JSON.stringify({ triggers })}\n`);
        else if (triggers.length === 0) process.stdout.write(`No triggers on ${server.stream}.\n`);
        else for (const trigger of triggers) process.stdout.write(`${lineOf(trigger)}\n`);
      }),
    );

function lineOf({ name, do: deed, item, cue, uses, lastUsedAt }: Trigger): string {
  const what = [deed, item, cue?.type].filter((part) => typeof part === 'string').join(' ');
  const used =
    lastUsedAt === null ? 'never pressed' : `${uses} presses, last ${new Date(lastUsedAt).toISOString()}`;
  return `${name.padEnd(20)}  ${what.padEnd(30)}  ${used}`;
}

const dropCommand = (): Command =>
  withServer(new Command('drop'))
    .description('drops a trigger: its address does nothing any more')
    .argument('<name>', 'its name', cueId)
    .option('--json', 'print what was dropped')
    .action((name: string, options: ReportOptions) =>
      telling(options.json, async () => {
        const server = serverOf(options);
        await ask<null>(server, 'DELETE', pathOf(server, name));
        process.stdout.write(
          options.json === true ? `${JSON.stringify({ dropped: name })}\n` : `${name}: dropped\n`,
        );
      }),
    );
