import type { Milliseconds } from '../packet/time.ts';
import { type Framing, joinParts } from './framing.ts';
import type { StreamConfigs } from './stream-configs.ts';
import type { Tag } from './tag.ts';

/**
 * What is written to every viewer in one go: one tag or a few. The unit of fan-out, of the GOP cache and of
 * every viewer's queue. A keyframe is always a batch of its own, so that viewers can begin with it.
 */
export class Batch {
  readonly isKeyframe: boolean;
  readonly dts: Milliseconds;
  /** What a player must know to go on from here. */
  readonly configs: StreamConfigs;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly tagCount: number;
  readonly #flv: Buffer;
  /** Lengths of the tags in `#flv`. */
  readonly #lengths: readonly number[];
  #ws: Buffer | null = null;

  constructor(tags: readonly Tag[], configs: StreamConfigs) {
    this.isKeyframe = tags[0]!.isKeyframe;
    this.dts = tags[0]!.dts;
    this.configs = configs;
    let videoFrames = 0;
    let audioFrames = 0;
    for (const { kind } of tags) {
      if (kind === 'avc-frame') videoFrames++;
      else if (kind === 'aac-frame') audioFrames++;
    }
    this.videoFrames = videoFrames;
    this.audioFrames = audioFrames;
    this.tagCount = tags.length;
    const parts = tags.flatMap(({ before, bytes }) => [...before, bytes]);
    this.#flv = joinParts(parts, 'flv');
    this.#lengths = parts.map(({ length }) => length);
  }

  /** Bytes as HTTP-FLV; WebSocket framing adds at most 10 a tag. */
  get byteLength(): number {
    return this.#flv.length;
  }

  /** The same buffer for every viewer; the WebSocket one is made when the first viewer of that kind needs it. */
  bytes(framing: Framing): Buffer {
    if (framing === 'flv') return this.#flv;
    this.#ws ??= joinParts(this.#parts(), 'ws');
    return this.#ws;
  }

  #parts(): Buffer[] {
    let end = 0;
    return this.#lengths.map((length) => {
      end += length;
      return this.#flv.subarray(end - length, end);
    });
  }
}
