import {
  formatClockStamp,
  formatCueBody,
  formatCueStamp,
  formatSignatureLine,
  parseCueBody,
  parseStamp,
  STAMP_TEXT_LIMIT,
} from '../../cues/wire/index.ts';
import { holds, type Target } from '../lib/target.ts';

/** The text of stamps, as clients get it from anybody. */
export const stampTextTarget: Target = {
  name: 'stamp-text',
  kinds: ['stamp'],
  weight: 16,
  pastFraming: 'the text was read as a clock stamp or a cue stamp',
  codes: ['ERR_STAMP_FORMAT', 'ERR_STAMP_VERSION', 'ERR_STAMP_TOO_LARGE'],
  run(input, probe) {
    const stamp = probe.attempt(() => parseStamp(input));
    if (stamp === undefined) return;
    probe.past();
    holds(input.length <= STAMP_TEXT_LIMIT, 'no stamp is larger than the limit');
    probe.saw(stamp.kind);
    if (stamp.kind === 'clock') {
      const again = parseStamp(formatClockStamp(stamp.head));
      holds(JSON.stringify(again) === JSON.stringify(stamp), 'a clock stamp that was written reads back');
      return;
    }
    const { head, body, bodyText, signature } = stamp;
    const again = parseStamp(formatCueStamp(head, bodyText, formatSignatureLine(signature)));
    holds(JSON.stringify(again) === JSON.stringify(stamp), 'a cue stamp that was written reads back');
    const text = formatCueBody(body);
    holds(formatCueBody(parseCueBody(text)) === text, 'one writer writes one text');
    probe.saw(`${body.type} ${body.sealed !== undefined} ${head.key !== undefined}`);
  },
};
