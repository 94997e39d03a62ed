import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const EVERY_MS = 1_000;
/** Where a program has to be run for each look. */
const EVERY_BY_PS_MS = 5_000;
const PS_TIMEOUT_MS = 2_000;
const MOST_LINKS = 12;

/** npm names itself `npm run demo`; others are a script that node runs. Only the first two words: what follows is anything. */
const RUNNER =
  /^(?:\S*\/)?(?:npm|npx|pnpm|yarn|bun)(?:\s|$)|^\S+\s\S*\/(?:npm|npx|pnpm|yarn)(?:-cli)?(?:\.[cm]?js)?(?:\s|$)/;
const SHELL = /^(?:\S*\/)?(?:sh|dash|ash|bash|zsh|busybox)\s(?:.*\s)?-c\s/s;

interface Found {
  readonly parent: number;
  readonly args: string;
}

/**
 * Calls `onGone` once when `npm run ...`, or a shell between it and this process, has ended. npm tells the shell alone
 * of a signal, and a shell that ends tells nobody: what they ran would go on with nobody to end it. Where no package
 * manager started this process there is nothing to watch.
 * @returns what ends the watch; null: there is nothing to watch
 */
export function watchStarter(onGone: () => void): (() => void) | null {
  // Windows ends no process by signals, and knows no new parent of an orphan.
  const links = process.platform === 'win32' ? [] : linksToRunner();
  if (links.length === 0) return null;
  const timer = setInterval(
    () => {
      if (links.every(({ child, parent }) => parentOf(child) === parent)) return;
      clearInterval(timer);
      onGone();
    },
    process.platform === 'linux' ? EVERY_MS : EVERY_BY_PS_MS,
  );
  timer.unref();
  return () => clearInterval(timer);
}

interface Link {
  readonly child: number;
  readonly parent: number;
}

/** From this process up to the farthest package manager with nothing but shells and package managers between. */
function linksToRunner(): readonly Link[] {
  const links: Link[] = [];
  let known = 0;
  let child = process.pid;
  let parent = process.ppid;
  while (parent > 1 && links.length < MOST_LINKS) {
    const found = look(parent);
    if (found === null) break;
    const isRunner = RUNNER.test(found.args);
    if (!isRunner && !SHELL.test(found.args)) break;
    links.push({ child, parent });
    if (isRunner) known = links.length;
    child = parent;
    parent = found.parent;
  }
  return links.slice(0, known);
}

const parentOf = (pid: number): number | null =>
  pid === process.pid ? process.ppid : (look(pid)?.parent ?? null);

/** Null: there is no such process, or this machine does not tell. */
function look(pid: number): Found | null {
  try {
    return process.platform === 'linux' ? byProc(pid) : byPs(pid);
  } catch {
    // Ended between two looks, or no such program: nothing is known of it either way.
    return null;
  }
}

function byProc(pid: number): Found {
  // The name in brackets may hold anything: what follows the last one is the state, then the parent (proc(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  return { parent, args };
}

function byPs(pid: number): Found | null {
  const text = execFileSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], {
    encoding: 'utf8',
    timeout: PS_TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  const match = /^(\d+)\s+(.*)$/s.exec(text);
  return match === null ? null : { parent: Number(match[1]), args: match[2]! };
}
