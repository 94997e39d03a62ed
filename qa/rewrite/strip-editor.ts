import { STAMP_UUID_TEXT } from '../../cues/wire/index.ts';
import {
  readSeiNal,
  type SeiMessage,
  sameUuid,
  USER_DATA_UNREGISTERED,
  uuidFromText,
  writeSeiNal,
} from '../../h264-sei-parser/src/index.ts';
import {
  type Edit,
  type EditedFrame,
  type FrameEditor,
  type FrameFraming,
  growthOf,
  NO_EDITS,
  NOTHING,
  newCounts,
} from './edit.ts';
import { withFraming } from './nal-framing.ts';
import { type Walk, walk } from './nal-walk.ts';

const UUID_BYTES = 16;
export const STAMP_UUID = uuidFromText(STAMP_UUID_TEXT);

/** Takes user data messages with certain UUIDs out: our stamps, or others' messages too. */
export class StripEditor implements FrameEditor {
  readonly counts = newCounts();
  readonly #uuids: readonly Uint8Array[];

  constructor(uuids: readonly Uint8Array[] = [STAMP_UUID]) {
    this.#uuids = uuids;
  }

  edit({ data }: EditedFrame, framing: FrameFraming): readonly Edit[] {
    this.counts.frames++;
    const walked = walk(data, framing);
    if (!walked.isWhole && walked.sei.length === 0) {
      this.counts.passedUntouched++;
      return NO_EDITS;
    }
    const { edits, messages } = removals(data, walked, framing, this.#uuids);
    this.counts.messages += messages;
    this.counts.growth += growthOf(edits);
    return edits;
  }
}

export interface Removals {
  readonly edits: readonly Edit[];
  readonly messages: number;
}

const NO_REMOVALS: Removals = { edits: NO_EDITS, messages: 0 };

/** What takes these messages out. An SEI NAL unit that held nothing else goes whole, its length or start code too. */
export function removals(
  data: Uint8Array,
  { sei }: Walk,
  framing: FrameFraming,
  uuids: readonly Uint8Array[],
): Removals {
  if (sei.length === 0) return NO_REMOVALS;
  const edits: Edit[] = [];
  let removed = 0;
  for (let i = 0; i < sei.length; i += 3) {
    const [at, start, end] = [sei[i]!, sei[i + 1]!, sei[i + 2]!];
    const nal = data.subarray(start, end);
    const { messages } = readSeiNal(trimmed(nal, framing));
    const rest = messages.filter((message) => !isOneOf(message, uuids));
    if (rest.length === messages.length) continue;
    removed += messages.length - rest.length;
    const insert = rest.length === 0 ? NOTHING : withFraming(writeSeiNal(rest, nal.subarray(0, 1)), framing);
    edits.push({ at, remove: end - at, insert });
  }
  return edits.length === 0 ? NO_REMOVALS : { edits, messages: removed };
}

/** Zero bytes behind a NAL unit of a byte stream are not its own. */
function trimmed(nal: Uint8Array, framing: FrameFraming): Uint8Array {
  if (framing !== 0) return nal;
  let end = nal.length;
  while (end > 0 && nal[end - 1] === 0) end--;
  return nal.subarray(0, end);
}

const isOneOf = ({ payloadType, payload }: SeiMessage, uuids: readonly Uint8Array[]): boolean =>
  payloadType === USER_DATA_UNREGISTERED &&
  uuids.some((uuid) => sameUuid(payload.subarray(0, UUID_BYTES), uuid));
