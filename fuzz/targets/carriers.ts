import {
  carriedStampOf,
  carrierIdOf,
  fromHexSequence,
  readId3,
  readScriptCue,
  SCRIPT_NAME,
  STAMP_TEXT_LIMIT,
  toHexSequence,
  writeId3,
} from '../../cues/wire/index.ts';
import { decodeAmf0, encodeAmf0, scriptNameOf } from '../../packet/amf0.ts';
import { hashOf } from '../lib/random.ts';
import { holds, type Target } from '../lib/target.ts';
import { sameBytes } from '../reference/framing.ts';

/** What travels beside SEI: script data, DATERANGE text, ID3. Whatever text goes in comes out, whatever bytes come are no crash. */
export const carriersTarget: Target = {
  name: 'carriers',
  kinds: ['stamp', 'program'],
  weight: 4,
  pastFraming: 'a text of what came went through all three carriers and back',
  codes: ['ERR_FLV_TAG', 'ERR_STAMP_FORMAT'],
  run(input, probe) {
    const text = textOf(input);
    if (text !== null && text.length > 0 && input.length <= STAMP_TEXT_LIMIT && !text.includes('\0')) {
      const tag = writeId3(text);
      holds(readId3(tag) === text, 'ID3 gives the text back');
      const spoiled = tag.slice();
      spoiled[hashOf(input) % tag.length] = input[0] ?? 0;
      readId3(spoiled);
      holds(fromHexSequence(toHexSequence(text)) === text, 'a hexadecimal sequence gives the text back');
      const script = encodeAmf0(SCRIPT_NAME, { v: 1, pts: 40, text });
      holds(scriptNameOf(script) === SCRIPT_NAME, 'script data has its name');
      const [, value] = decodeAmf0(script);
      holds(readScriptCue(value)?.text === text, 'script data gives the text back');
      const wrong = script.slice();
      wrong[hashOf(input) % script.length] = input[1] ?? 0;
      probe.attempt(() => decodeAmf0(wrong));
      probe.past();
      const carried = probe.attempt(() => carriedStampOf(text));
      if (carried != null) {
        holds(carrierIdOf(carried.stamp).length <= 80, 'an ID has a bound');
        const sealed = carried.stamp.kind === 'cue' && carried.stamp.head.fireIn > 0;
        holds(!(sealed && carried.isOpen), 'nothing is open before its picture');
        probe.saw(`${carried.stamp.kind} ${carried.isOpen}`);
      }
    }
    readId3(input);
    const values = probe.attempt(() => decodeAmf0(input));
    if (values !== undefined && values.length > 0) {
      const again = probe.attempt(() => encodeAmf0(...values));
      if (again !== undefined) holds(sameBytes(encodeAmf0(...decodeAmf0(again)), again), 'AMF0 reads back');
      probe.saw('amf0');
    }
  },
};

function textOf(input: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
  } catch {
    // Bytes that are no text go to the readers of bytes alone.
    return null;
  }
}
