import { readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventsChild } from './test-support/child.ts';
import { isSyncOfLedger, straceOnPath, TRACED } from './test-support/strace.ts';
import { until } from './test-support/until.ts';

const TIMEOUT_MS = 60_000;

let events: EventsChild;
beforeEach(async () => {
  events = new EventsChild();
  await events.begin();
});
afterEach(async () => {
  await events.end();
});

describe('kill -9', () => {
  test(
    'between an acknowledgement and the next request loses no answer',
    async () => {
      await events.start();
      await events.openQuiz();
      const acknowledged = new Map<string, unknown>();
      for (let round = 0; round < 3; round++) {
        const viewers = Array.from({ length: 20 }, (_, i) => `r${round}-v${i}`);
        const tokens = await Promise.all(viewers.map((viewer) => events.session(viewer)));
        const answers = await Promise.all(tokens.map((token, i) => events.submit(token, i % 3)));
        await events.kill();
        for (const [i, { status, body }] of answers.entries()) {
          expect(status).toBe(200);
          acknowledged.set(tokens[i]!, body.receipt);
        }
        await events.start();
        // The tokens are good in the next life, and so are the receipts.
        for (const [token, receipt] of acknowledged) {
          const again = await events.submit(token, 0);
          expect(again.body.receipt).toEqual({ ...(receipt as object), repeated: true });
        }
        expect((await events.result()).total).toBe(acknowledged.size);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'in the middle of a rush loses none that was acknowledged, and counts none twice',
    async () => {
      await events.start();
      await events.openQuiz();
      const tokens = await Promise.all(Array.from({ length: 300 }, (_, i) => events.session(`v${i}`)));
      const receipts = new Map<string, unknown>();
      let killed: Promise<void> | null = null;
      await Promise.all(
        tokens.map(async (token, i) => {
          const outcome = await events.submit(token, i % 3).catch(() => null);
          if (outcome?.status === 200) receipts.set(token, outcome.body.receipt);
          if (receipts.size >= 40) killed ??= events.kill();
        }),
      );
      await killed;
      expect(receipts.size).toBeGreaterThanOrEqual(40);
      await events.start();
      const again = await Promise.all(tokens.map((token) => events.submit(token, 2)));
      expect(again.every(({ status }) => status === 200)).toBe(true);
      for (const [i, token] of tokens.entries()) {
        const receipt = receipts.get(token);
        if (receipt !== undefined)
          expect(again[i]!.body.receipt).toEqual({ ...(receipt as object), repeated: true });
      }
      const { total, counts } = await events.result();
      expect(total).toBe(300);
      expect(counts.reduce((sum: number, n: number) => sum + n, 0)).toBe(300);
    },
    TIMEOUT_MS,
  );

  test(
    'and the feed goes on where it was committed',
    async () => {
      await events.start();
      await events.openQuiz();
      await events.kill();
      await events.start();
      await until(() => expect(events.media.askedFrom.at(-1)).toBe('log1.1'));
      expect((await events.result()).state).toBe('ACTIVE');
    },
    TIMEOUT_MS,
  );
});

describe.runIf(platform() === 'linux')('the order of system calls', () => {
  test(
    'an answer is on the disk before its acknowledgement is on the socket',
    async () => {
      const strace = await straceOnPath();
      const trace = join(events.folder, 'trace');
      // -D: the process is our child and strace watches from aside, so that killing it kills it.
      await events.start([strace, ...TRACED, '-o', trace]);
      await events.openQuiz();
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) {
        const { status, body } = await events.submit(await events.session(`v${i}`), i);
        expect(status).toBe(200);
        ids.push(body.receipt.id);
      }
      await events.kill();
      const lines = await until(async () => {
        const text = await readFile(trace, 'utf8');
        expect(text).toContain('killed by SIGKILL');
        return text.split('\n');
      });
      for (const id of ids) {
        const written = lines.findIndex(
          (line) => /pwrite/.test(line) && line.includes('events.db-wal') && line.includes(id),
        );
        const synced = lines.findIndex((line, at) => at > written && isSyncOfLedger(line, lines, at));
        const sent = lines.findIndex(
          (line) => line.includes('<TCP') && line.includes('HTTP/1.1 200') && line.includes(id),
        );
        expect(written).toBeGreaterThan(-1);
        expect(synced).toBeGreaterThan(written);
        expect(sent).toBeGreaterThan(synced);
      }
    },
    TIMEOUT_MS,
  );
});
