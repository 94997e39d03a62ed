import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { startRewards } from '../../rewards/start.ts';
import { createLog } from '../../service/log.ts';
import { loadSecrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';

interface RewardsOptions {
  readonly port: number;
  readonly host: string;
  readonly file?: string;
  readonly misbehave?: boolean;
  readonly json?: boolean;
}

const HELP = `
Examples:
  framecue rewards --port 8090
  FRAMECUE_REWARDS_URL=http://127.0.0.1:8090/grants npm start

It takes what is signed with the secret of this data folder (or FRAMECUE_REWARDS_SECRETS).`;

/** `framecue rewards`: the reference reward platform, until Ctrl-C. */
export const rewardsCommand = (): Command =>
  new Command('rewards')
    .exitOverride()
    .showHelpAfterError()
    .description('runs the reference reward platform: takes grants, does each once, lists what it has done')
    .option('--port <port>', 'the port; 0 lets the system choose', port, 8090)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--file <path>', 'its database (default: rewards.db in the data folder)')
    .option('--misbehave', 'lets POST /misbehave make it slow, fail, forget to answer: for tests')
    .option('--json', 'print the address as JSON')
    .addHelpText('after', HELP)
    .action(async (options: RewardsOptions) => {
      const { settings } = loadSettings(process.env);
      const { rewardsSecrets } = loadSecrets(settings);
      mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
      const running = await startRewards({
        host: options.host,
        port: options.port,
        file: options.file ?? join(settings.dataDir, 'rewards.db'),
        secrets: rewardsSecrets,
        mayMisbehave: options.misbehave === true,
        log: createLog('rewards', { logLevel: 'silent' }),
      });
      const { url } = running;
      process.stdout.write(options.json === true ? `${JSON.stringify({ url })}\n` : `Rewards: ${url}\n`);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.close());
    });

function port(text: string): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('give a port from 0 to 65535.');
}
