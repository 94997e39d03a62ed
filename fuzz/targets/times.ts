import { EpochAnchor } from '../../cues/anchor.ts';
import { PresentationOrder } from '../../cues/next-frame.ts';
import { ManualClock } from '../../packet/clock.ts';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { ms, RtmpTimeUnwrapper, us } from '../../packet/time.ts';
import { OutputTimeline } from '../../packet/timeline.ts';
import { holds, type Target } from '../lib/target.ts';
import { Decisions } from './cues-for-fuzz.ts';

const JUMPS = [0, 1, 40, -1, -40, -99, -101, -5000, 9000, 11_000, 2 ** 30, 2 ** 31, 2 ** 32 - 1];
const NO_BYTES = Uint8Array.of(0);

function packetOf(kind: number, dts: number, offset: number): MediaPacket {
  if (kind === 0) return { kind: 'script', dts: ms(dts), data: NO_BYTES };
  if (kind === 1) return { kind: 'avc-config', dts: ms(dts), record: NO_BYTES };
  if (kind < 8) return { kind: 'aac-frame', dts: ms(dts), data: NO_BYTES };
  return {
    kind: 'avc-frame',
    dts: ms(dts),
    compositionOffset: ms(offset),
    isKeyframe: kind === 8,
    data: NO_BYTES,
  };
}

/** A publisher's times, however they jump, on one timeline that never goes back. */
export const timelineTarget: Target = {
  name: 'timeline',
  kinds: ['program'],
  pastFraming: 'two frames or more were placed',
  codes: [],
  run(input, probe) {
    const decisions = new Decisions(input);
    const timeline = new OutputTimeline();
    const unwrapper = new RtmpTimeUnwrapper();
    const last = { video: -1, audio: -1 };
    let dts = decisions.byte() * 1000;
    let arrivedUs = 0;
    let frames = 0;
    for (let i = 0; i < 200 && !decisions.isOver; i++) {
      if (decisions.chance(6)) timeline.beginPublish();
      dts += decisions.chance(30) ? JUMPS[decisions.int(JUMPS.length)]! : decisions.int(50);
      arrivedUs += decisions.int(100) * 1000;
      const time = unwrapper.unwrap(dts >>> 0);
      const packet = packetOf(decisions.int(16), time, (decisions.byte() - 40) * 10);
      const placed = timeline.push(packet, us(arrivedUs));
      const out = placed.packet;
      holds(out.kind === packet.kind, 'a packet stays what it is');
      holds(Number.isSafeInteger(out.dts) && out.dts >= 0, 'a time is a whole number from 0 on');
      if (out.kind === 'avc-frame') {
        holds(out.dts > last.video, 'video rises');
        holds(ptsOf(out) >= 0, 'no PTS is below 0');
        last.video = out.dts;
        frames++;
      } else if (out.kind === 'aac-frame') {
        holds(out.dts >= last.audio, 'audio never falls');
        last.audio = out.dts;
        frames++;
      }
      if (placed.newEpoch) probe.saw(placed.reason);
    }
    if (frames >= 2) probe.past();
    const { epochs, stragglers, evenedOut } = timeline.counts;
    probe.saw(`${Math.min(epochs, 9)} ${stragglers > 0} ${evenedOut > 0}`);
  },
};

/** Which picture is next, whatever DTS and PTS a publisher sends. */
export const nextFrameTarget: Target = {
  name: 'next-frame',
  kinds: ['program'],
  pastFraming: 'two access units or more arrived',
  codes: [],
  run(input, probe) {
    const decisions = new Decisions(input);
    const order = new PresentationOrder();
    const clock = new ManualClock();
    const anchor = new EpochAnchor(clock);
    const passed = new Set<number>();
    let dts = 0;
    let count = 0;
    for (; count < 120 && !decisions.isOver; count++) {
      const isSteady = !decisions.chance(24);
      dts += isSteady ? 40 : decisions.byte();
      const pts = dts + decisions.int(5) * 40;
      const next = order.arrive({ dts: ms(dts), pts: ms(pts), isKeyframe: decisions.chance(20) });
      holds(Number.isFinite(next.pts), 'the next picture has a PTS');
      // A publisher may send one PTS twice; then it is this access unit's own.
      holds(!passed.has(next.pts) || next.pts === pts, 'the next picture is none that has passed');
      if (next.choice === 'own-pts')
        holds(next.pts === pts, "where slots do not fit, it is the access unit's own");
      passed.add(pts);
      anchor.observe(ms(dts), ms(pts));
      const wall = anchor.wallOf(next.pts);
      holds(Math.abs(anchor.ptsAt(wall) - next.pts) <= 0.001, 'the anchor gives back the PTS of a moment');
      clock.advanceMs(decisions.int(90));
    }
    if (count >= 2) probe.past();
  },
};
