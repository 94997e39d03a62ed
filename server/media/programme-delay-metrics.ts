import { Counter, Gauge, type Registry } from 'prom-client';
import { streamKeyOf } from '../../packet/packet.ts';
import type { ProgrammeDelayStatus } from './delayed-stream.ts';
import { looked, type Row } from './looked-metric.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** Of streams with a programme delay; without one there are no rows. */
export function collectProgrammeDelays(registers: Registry[], streams: StreamRegistry): void {
  const each =
    (kind: typeof Gauge | typeof Counter) =>
    (name: string, help: string, pick: (delay: ProgrammeDelayStatus) => number): void =>
      looked(kind, registers, `framecue_programme_delay_${name}`, help, ['stream'], () =>
        streams.all().flatMap(({ stream }): Row[] => {
          const delay = streams.delayOf(stream);
          return delay === null ? [] : [[{ stream: streamKeyOf(stream) }, pick(delay)]];
        }),
      );
  const gauge = each(Gauge);
  gauge('seconds', 'How long the newest packet that viewers got had waited.', ({ nowMs }) => nowMs / 1000);
  gauge('bytes', 'What waits for its time.', ({ bytes }) => bytes);
  each(Counter)(
    'early_total',
    'Packets that left before their time, for want of room.',
    ({ early }) => early,
  );
  looked(
    Gauge,
    registers,
    'framecue_preview_viewers',
    'Who watches ahead of the programme delay.',
    ['stream'],
    () =>
      streams
        .all()
        .flatMap(({ stream }): Row[] =>
          streams.delayOf(stream) === null
            ? []
            : [[{ stream: streamKeyOf(stream) }, streams.ahead(stream)?.hub.viewerCount ?? 0]],
        ),
  );
}
