import { randomInt } from 'node:crypto';
import type { ProductionLatency } from '../../cues/production-latency.ts';
import { SESSIONS } from '../../cues/slate/code.ts';
import type { Clock } from '../../packet/clock.ts';
import type { StreamName } from '../../packet/packet.ts';
import type { Log } from '../../service/log.ts';
import { KeptLatencies } from './slate/kept-latency.ts';
import { LatencyBook, type LatencyBookOptions } from './slate/latency-book.ts';
import { SlateThread } from './slate/slate-thread.ts';
import type { StreamRegistry } from './stream-registry.ts';

export interface LatencySetupOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly streams: Pick<StreamRegistry, 'find' | 'ahead'>;
  /** By the settings. */
  readonly declared: ProductionLatency | null;
  readonly onChange?: LatencyBookOptions['onChange'];
}

/** The measured, declared and pinned way from the lens to here, of all streams. */
export function openLatencies(options: LatencySetupOptions): LatencyBook {
  const { dataDir, clock, log, streams, declared, onChange } = options;
  return new LatencyBook({
    ...{ clock, declared },
    reader: new SlateThread(log),
    kept: new KeptLatencies(dataDir, log),
    find(stream) {
      const [app, name] = stream.split('/') as [string, string];
      const wanted: StreamName = { app, name };
      const live = streams.find(wanted);
      return live === undefined ? null : { live, ahead: streams.ahead(wanted) ?? live };
    },
    randomSession: () => randomInt(SESSIONS),
    ...(onChange && { onChange }),
    onFault: (error) => log.error({ err: error }, 'a production latency that was followed is not kept'),
  });
}
