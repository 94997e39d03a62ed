import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { hashOf } from '../lib/random.ts';
import { holds, type Target } from '../lib/target.ts';
import { lengthSizeOf } from '../mutate/index.ts';
import { concat, joinAvcc, type LengthSize, sameBytes } from '../reference/framing.ts';
import { cueOf, Decisions, START_MS } from './cues-for-fuzz.ts';
import { CheckedInjector, LINTS } from './injector-checks.ts';

/** Of a configuration with more sets than one, or of another one after it. */
const NOT_IN_A_UNIT = new Set(['lint CONFIG_CHANGED', 'lint SEVERAL_PARAMETER_SETS']);

/** SPS and PPS of a 64x48 picture, and of one that may have fields; and one that cannot be read. */
const SETS: readonly (readonly [sps: string, pps: string])[] = [
  ['6742c00adb04246840000003004000000c83c489e0', '68ce0fc8'],
  ['674d400a9a1042b2c0440000030004000003019078913500', '68ee38c8'],
  ['67', '68'],
];

function recordOf(choice: number, size: LengthSize): Uint8Array {
  const [sps, pps] = SETS[choice % SETS.length]!.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
  return concat([
    Uint8Array.of(1, 66, 0, 10, 0xfc | (size - 1), 0xe1, 0, sps!.length),
    sps!,
    Uint8Array.of(1, 0, pps!.length),
    pps!,
  ]);
}

/** One access unit of whatever an encoder may have written, with cues due on it and on the ones that follow. */
export const injectorUnitTarget: Target = {
  name: 'injector-unit',
  kinds: ['avcc'],
  weight: 10,
  pastFraming: 'the access unit was walked to its end, and a stamp was put into it',
  codes: ['ERR_NAL_TRUNCATED', ...LINTS.filter((lint) => !NOT_IN_A_UNIT.has(lint))],
  run(input, probe) {
    const hash = hashOf(input);
    const decisions = new Decisions(
      Uint8Array.from({ length: 24 }, (_, i) => Math.imul(hash, 2 * i + 1) >>> 24),
    );
    const size = lengthSizeOf(input[0] ?? 3);
    const checked = new CheckedInjector({ clockStampEveryFrame: (hash & 3) === 0, maxCues: 8 });
    if (size !== 4 || (hash & 12) === 0) {
      checked.process({ kind: 'avc-config', dts: ms(0), record: recordOf(hash >>> 8, size) }, probe);
    }
    checked.add(cueOf(decisions, START_MS, 80));
    const data = input.subarray(1);
    for (let i = 0; i < 2; i++) {
      const frame: AvcFramePacket = {
        kind: 'avc-frame',
        dts: ms(i * 40),
        compositionOffset: ms(decisions.int(4) * 40 - 40),
        isKeyframe: i === 0 || decisions.chance(64),
        data,
      };
      checked.process(frame, probe);
      checked.clock.advanceMs(40);
    }
    checked.tell(probe);
    const { counters } = checked.injector;
    probe.saw(
      `${counters.seiMoved > 0} ${counters.foreignStampsRemoved} ${counters.seiBehindBufferingPeriod}`,
    );
  },
};

/** A whole show out of decisions: frames of all kinds, cues, epochs, the switch, and a second injector that goes on from the first one's state. */
export const injectorShowTarget: Target = {
  name: 'injector-show',
  kinds: ['program'],
  weight: 3,
  pastFraming: 'a packet was stamped and taken apart again',
  codes: ['ERR_NAL_TRUNCATED', 'lint CONFIG_CHANGED', 'lint PTS_REPEATED'],
  run(input, probe) {
    const decisions = new Decisions(input);
    const checked = new CheckedInjector({
      clockStampEveryFrame: decisions.chance(80),
      maxCues: 1 + decisions.int(8),
    });
    let twin: CheckedInjector | null = null;
    let dts = 0;
    let size: LengthSize = 4;
    for (let step = 0; step < 40 && !decisions.isOver; step++) {
      const operation = decisions.int(16);
      if (operation < 9) {
        const packet = frameOf(decisions, dts, size);
        const out = checked.process(packet, probe);
        if (twin !== null)
          holds(sameOut(out, twin.process(packet, probe)), 'an injector that resumed goes on the same');
        const passed = 20 + decisions.int(3) * 10;
        dts += passed;
        checked.clock.advanceMs(passed);
        twin?.clock.advanceMs(passed);
      } else if (operation < 12) {
        const cue = cueOf(decisions, checked.clock.unixMs(), dts);
        checked.add(cue);
        twin?.add(cue);
      } else if (operation === 12) {
        const id = `c${decisions.int(12)}`;
        const taken = checked.injector.withdraw(id);
        if (twin !== null)
          holds(twin.injector.withdraw(id) === taken, 'an injector that resumed goes on the same');
      } else if (operation === 13) {
        checked.startEpoch(`e${step}`);
        twin?.startEpoch(`e${step}`);
      } else if (operation === 14) {
        size = lengthSizeOf(decisions.byte());
        const record = recordOf(decisions.byte(), size);
        const config: MediaPacket = { kind: 'avc-config', dts: ms(dts), record };
        checked.process(config, probe);
        twin?.process(config, probe);
      } else if (decisions.chance(100)) twin = checked.fork();
      else {
        checked.injector.stampingOn = !checked.injector.stampingOn;
        if (twin !== null) twin.injector.stampingOn = checked.injector.stampingOn;
      }
    }
    checked.tell(probe);
    probe.saw(`${Math.min(checked.stampsSeen, 20)} ${checked.injector.heldCues}`);
  },
};

/** NAL units of any types in any order, mostly a picture. */
function frameOf(decisions: Decisions, dts: number, size: LengthSize): AvcFramePacket {
  const isKeyframe = decisions.chance(70);
  const nals: Uint8Array[] = [];
  if (decisions.chance(40)) nals.push(Uint8Array.of(decisions.byte(), decisions.byte(), decisions.byte()));
  if (decisions.chance(60)) nals.push(Uint8Array.of(6, decisions.int(8), 1, decisions.byte() | 4, 0x80));
  if (decisions.chance(240)) nals.push(Uint8Array.of(isKeyframe ? 0x65 : 0x41, 0x88, decisions.byte()));
  if (decisions.chance(40)) nals.push(Uint8Array.of(6, decisions.int(8), 1, decisions.byte() | 4, 0x80));
  const data = joinAvcc(nals, size);
  return {
    kind: 'avc-frame',
    dts: ms(dts),
    compositionOffset: ms(decisions.int(5) * 40 - 40),
    isKeyframe,
    data: decisions.chance(12) ? data.subarray(0, -1) : data,
  };
}

const sameOut = (a: MediaPacket, b: MediaPacket): boolean =>
  a.kind === 'avc-frame' && b.kind === 'avc-frame' ? sameBytes(a.data, b.data) : a === b;
