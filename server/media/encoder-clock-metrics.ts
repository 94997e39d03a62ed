import { Counter, Gauge, type Registry } from 'prom-client';
import { CLOCK_CHECKS } from '../../injector/encoder-clock/clock-check.ts';
import { ENCODER_CLOCK_STATES, type EncoderClockStatus } from '../../injector/encoder-clock/encoder-clock.ts';
import { FRAME_KINDS } from '../../injector/encoder-clock/encoder-sei.ts';
import { streamKeyOf } from '../../packet/packet.ts';
import { looked, type Row } from './looked-metric.ts';
import type { StreamRegistry } from './stream-registry.ts';

type Pick = (status: EncoderClockStatus) => number | null;

/** What publishers say of their clocks and frames; rows without a value are left out. */
export function collectEncoderClocks(registers: Registry[], streams: StreamRegistry): void {
  const clocks = () =>
    streams.all().flatMap((live) => {
      const clock = live.injector?.encoderClock;
      return clock === undefined ? [] : [{ stream: streamKeyOf(live.stream), status: clock.status }];
    });
  const each = (kind: typeof Gauge | typeof Counter) => (name: string, help: string, pick: Pick) =>
    looked(kind, registers, `framecue_encoder_clock_${name}`, help, ['stream'], () =>
      clocks().flatMap(({ stream, status }): Row[] => {
        const value = pick(status);
        return value === null ? [] : [[{ stream }, value]];
      }),
    );
  const gauge = each(Gauge);
  const count = each(Counter);

  looked(
    Gauge,
    registers,
    'framecue_encoder_clock_state',
    "1 for the state that the publisher's clock is in, 0 for the others.",
    ['stream', 'state'],
    () =>
      clocks().flatMap(({ stream, status }) =>
        ENCODER_CLOCK_STATES.map((state): Row => [{ stream, state }, Number(status.state === state)]),
      ),
  );
  looked(
    Gauge,
    registers,
    'framecue_encoder_clock_check',
    "1 for what arrival and the production latency say of the publisher's clock, 0 for the others.",
    ['stream', 'check'],
    () =>
      clocks().flatMap(({ stream, status }) =>
        CLOCK_CHECKS.map((check): Row => [{ stream, check }, Number(status.check === check)]),
      ),
  );
  gauge(
    'capture_to_arrival_seconds',
    "From capture by the publisher's clock to arrival by ours, the least of the last minute; the difference of the clocks is in it.",
    ({ captureToArrivalMs }) => seconds(captureToArrivalMs?.least),
  );
  gauge('encode_seconds', 'From composition to the end of encoding, by the publisher.', ({ encodeMs }) =>
    seconds(encodeMs?.last),
  );
  gauge('error_seconds', "How far off a capture time can be, by the publisher's own clock.", ({ errorMs }) =>
    seconds(errorMs),
  );
  gauge(
    'ahead_seconds',
    "By how much the publisher's clock is ahead of ours at least; 0 where nothing proves it.",
    ({ state, aheadAtLeastMs }) => (state === 'absent' ? null : aheadAtLeastMs / 1000),
  );
  gauge(
    'drift_ppm',
    'How fast capture times fall behind arrival, parts per million.',
    ({ state, driftPpm }) => (state === 'absent' ? null : driftPpm),
  );
  gauge(
    'moved_seconds',
    'How much the time from capture to arrival has grown since the clock was first known.',
    ({ state, movedMs }) => (state === 'absent' ? null : movedMs / 1000),
  );
  count('readings_total', 'Capture times that were read.', ({ readings }) => readings);
  count('discarded_total', 'Capture times that fitted nothing.', ({ discarded }) => discarded);
  count('malformed_total', 'BPM and MISB messages that could not be read.', ({ malformed }) => malformed);
  count('steps_total', "Steps of the publisher's clock.", ({ steps }) => steps);
  count('misb_written_total', 'MISB time stamps that were written.', ({ misbWritten }) => misbWritten);
  looked(
    Counter,
    registers,
    'framecue_encoder_clock_frames_total',
    'Frames as the publisher counts them: rendered, lagged, dropped and output of its session, input, skipped and encoded of this rendition.',
    ['stream', 'kind'],
    () =>
      clocks().flatMap(({ stream, status: { frames } }) =>
        frames === null ? [] : FRAME_KINDS.map((kind): Row => [{ stream, kind }, frames[kind].total]),
      ),
  );
}

const seconds = (ms: number | null | undefined): number | null =>
  ms === null || ms === undefined ? null : ms / 1000;
