import { nalUnitsOfAnnexB } from '../../h264-sei-parser/src/index.ts';
import type { ConfigItem, Place, VideoCodec } from './items.ts';
import { nalKindOf, nalTypeByte } from './nal-kinds.ts';

/** Watches for parameter sets in a byte stream; tells when they are not those of before. */
export class InBandConfigs {
  readonly #codec: VideoCodec;
  readonly #known = new Map<string, string>();

  constructor(codec: VideoCodec) {
    this.#codec = codec;
  }

  /** Null where nothing has changed. */
  observe(data: Uint8Array, place: Place): ConfigItem | null {
    const codec = this.#codec;
    const sets: Record<'vps' | 'sps' | 'pps', Uint8Array[]> = { vps: [], sps: [], pps: [] };
    let changed = false;
    for (const { start, end } of nalUnitsOfAnnexB(data)) {
      const type = nalTypeByte(data[start]!, codec);
      const kind = nalKindOf(type, codec);
      if (kind === 'vcl') break;
      if (kind !== 'parameter-set') continue;
      const nal = data.slice(start, end);
      const name =
        codec === 'hevc' ? (['vps', 'sps', 'pps'] as const)[type - 32]! : type === 7 ? 'sps' : 'pps';
      sets[name].push(nal);
      const text = Buffer.from(nal).toString('latin1');
      // By kind and place among its kind: a stream may carry several of each.
      const key = `${name}${sets[name].length}`;
      changed ||= this.#known.get(key) !== text;
      this.#known.set(key, text);
    }
    if (!changed) return null;
    return { kind: 'config', codec, framing: { kind: 'annexb' }, record: null, ...sets, ...place };
  }
}
