import { randomName } from '../../shared/ids.ts';
import type { Kept } from './kept.ts';

const KEY = 'framecue.console-id';
const ANSWER_MS = 150;

/**
 * This console's id: the tab's own over reloads, another one in a tab that was duplicated (browsers copy the tab's
 * storage with it), so that two consoles never share one lock.
 */
export async function takeConsoleId(storage: Kept): Promise<string> {
  const kept = storage.getItem(KEY);
  const id = kept !== null && !(await isTaken(kept)) ? kept : randomName('con-');
  storage.setItem(KEY, id);
  claim(id);
  return id;
}

const CHANNEL = 'framecue.consoles';

function isTaken(id: string): Promise<boolean> {
  if (typeof BroadcastChannel === 'undefined') return Promise.resolve(false);
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise((resolve) => {
    const done = (taken: boolean): void => {
      channel.close();
      resolve(taken);
    };
    channel.onmessage = ({ data }) => data === `mine:${id}` && done(true);
    channel.postMessage(`whose:${id}`);
    setTimeout(() => done(false), ANSWER_MS);
  });
}

function claim(id: string): void {
  if (typeof BroadcastChannel === 'undefined') return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => {
    if (data === `whose:${id}`) channel.postMessage(`mine:${id}`);
  };
}
