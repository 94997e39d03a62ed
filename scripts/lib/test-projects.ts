import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Folders whose tests compute and start nothing: a process for each would cost more than what it runs. */
const PURE_FOLDERS = [
  'client/src',
  'cues',
  'delivery/carriers',
  'delivery/cmaf',
  'draws',
  'events/interactions',
  'events/spread',
  'h264-sei-parser/src',
  'injector',
  'packet',
  'player-demo/src',
];

/** The same in folders whose other tests do start something. */
const PURE_FILES = [
  'delivery/batcher',
  'delivery/framing',
  'delivery/gop-cache',
  'delivery/play-path',
  'delivery/stream-hub',
  'director/as-run/void-order',
  'director/console/control-lock',
  'director/stage/screens',
  'events/draws/page-tree',
  'events/http/viewer-token',
  'events/ledger/memory',
  'events/ledger/sqlite/sale/line',
  'events/outbox/reconcile',
  'events/outbox/retry',
  'ingest/event-log',
  'ingest/publish-name',
  'ingest/sliding-window',
  'ingest/tidy-frame',
  'qa/audit/judge',
  'qa/audit/named-outputs',
  'qa/audit/receipts',
  'qa/audit/search',
  'qa/sources/byte-streams',
  'qa/trace/trace',
  'scripts/lib/addresses',
  'scripts/lib/test-plan',
  'server/media/listener-faults',
  'server/media/preview-ticket',
  'server/media/programme-delay',
  'server/media/slate/estimate',
  'server/media/stamp-keeper',
  'service/clock-health/readers',
  'service/settings',
  'service/tokens',
  'service/webhooks',
  'test-streams/card',
].map((name) => `${name}.test.ts`);

/** Those in the folders that start a program or a thread, or open a socket or a database. */
const STARTS_SOMETHING = [
  'client/src/net/clock-socket',
  'client/src/net/http',
  'client/src/stamps/intake',
  'client/src/stamps/key-store',
  'cues/next-frame',
  'delivery/carriers/readers',
  'events/interactions/keeper',
  'events/interactions/sale/flash-sale',
  'h264-sei-parser/src/built-streams',
  'h264-sei-parser/src/package',
  'h264-sei-parser/src/real-encoders',
  'h264-sei-parser/src/sps',
  'injector/encoders',
  'packet/aac-config',
  'packet/avc-record',
  'packet/flv-reader',
  'packet/flv-tag',
  'player-demo/src/shared/http',
  'player-demo/src/viewer/viewer-token',
].map((name) => `${name}.test.ts`);

/**
 * Test files that share processes, one after the other (vitest.config.ts); all others have a process each.
 * scripts/import-direction.test.ts holds that nothing they import could be left behind for the next one.
 */
export function pureTests(root: string): string[] {
  const found = PURE_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      posix.join(folder, path.replaceAll('\\', '/')),
    ),
  ).filter((path) => /\.test\.tsx?$/.test(path) && !path.includes('node_modules/'));
  const gone = [
    ...STARTS_SOMETHING.filter((path) => !found.includes(path)),
    ...PURE_FILES.filter((path) => !existsSync(join(root, path))),
  ];
  if (gone.length > 0)
    throw new Error(`scripts/lib/test-projects.ts names what is not there: ${gone.join(', ')}`);
  return [...found.filter((path) => !STARTS_SOMETHING.includes(path)), ...PURE_FILES].sort();
}
