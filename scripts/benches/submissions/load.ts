/** The viewers, in a process of their own: `node load.ts SESSION_KEY VIEWERS`, then told by messages what to do. */
import { Connection } from './connection.ts';
import type { LoadOrder, LoadOutcome } from './messages.ts';
import { Requests } from './request.ts';

/** Late answers are waited for this long. */
const PATIENCE_MS = 20_000;

const [sessionKey, viewers] = process.argv.slice(2) as [string, string];
const requests = new Requests(sessionKey, Number(viewers), Date.now());

process.on('message', (order: LoadOrder) => {
  requests.aimAt(order.interaction);
  run(order).then(
    (outcome) => process.send?.({ kind: 'done', outcome }),
    (error: unknown) => process.send?.({ kind: 'failed', problem: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });

/**
 * Closed loop (`rate` null): each connection sends its next request on the answer to the last. Open loop: a request is
 * due each 1/rate seconds whatever the server does, waits for a free connection where there is none, and is timed from
 * when it was *due*: a server that stalls cannot hide it by being asked less (coordinated omission).
 */
async function run(order: LoadOrder): Promise<LoadOutcome> {
  const { port, connections, rate, warmUpMs, ms } = order;
  const statuses: Record<string, number> = {};
  const tookMs: number[] = [];
  let next = 0;
  let open = 0;
  let measured = 0;
  let stopped = false;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const free: Connection[] = [];
  const due: number[] = [];
  const startedAt = performance.now();
  const from = startedAt + warmUpMs;
  const until = from + ms;

  const send = (connection: Connection, dueAt: number): void => {
    open++;
    connection.send(requests.at(next++), dueAt);
  };
  const answered = (connection: Connection, status: number): void => {
    const now = performance.now();
    open--;
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status === 200 && now >= from && now < until) measured++;
    if (connection.dueAt >= from && connection.dueAt < until) tookMs.push(now - connection.dueAt);
    if (rate === null) {
      if (status !== 0 && now < until && next < requests.count) send(connection, now);
    } else if (status !== 0) {
      const waiting = due.shift();
      if (waiting === undefined) free.push(connection);
      else send(connection, waiting);
    }
    if (open === 0 && (stopped || rate === null)) finish();
  };

  const all = Array.from({ length: connections }, () => new Connection(port, answered));
  await Promise.all(all.map((connection) => connection.ready()));
  const cpu = process.cpuUsage();
  if (rate === null) {
    for (const connection of all) send(connection, performance.now());
  } else {
    free.push(...all);
    let planned = 0;
    const tick = setInterval(() => {
      const now = performance.now();
      for (; ; planned++) {
        const at = startedAt + (planned * 1000) / rate;
        if (at > now || at >= until || planned >= requests.count) break;
        const connection = free.pop();
        if (connection === undefined) due.push(at);
        else send(connection, at);
      }
      if (now < until && planned < requests.count) return;
      clearInterval(tick);
      stopped = true;
      if (open === 0) finish();
    }, 1);
  }
  const patience = setTimeout(() => finish(), warmUpMs + ms + PATIENCE_MS);
  await finished;
  clearTimeout(patience);
  const { user, system } = process.cpuUsage(cpu);
  for (const connection of all) connection.close();
  return {
    answered: statuses['200'] ?? 0,
    sent: next,
    statuses,
    unanswered: open + due.length,
    perSecond: (measured * 1000) / (Math.min(performance.now(), until) - from),
    tookMs,
    loadCpuMs: (user + system) / 1000,
  };
}
