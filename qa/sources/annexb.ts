import { AnnexBSplitter, type RawUnit } from './annexb-splitter.ts';
import { InBandConfigs } from './in-band.ts';
import type { ContainerReader, ReaderOptions, SourceItem, VideoCodec } from './items.ts';
import { isRandomAccess } from './nal-kinds.ts';
import { problem } from './problem.ts';

/** A raw H.264 or HEVC byte stream: no times. */
export class AnnexBSourceReader implements ContainerReader {
  readonly #codec: VideoCodec;
  readonly #splitter: AnnexBSplitter;
  readonly #configs: InBandConfigs;
  #index = 0;

  constructor(codec: VideoCodec, options: ReaderOptions) {
    this.#codec = codec;
    this.#splitter = new AnnexBSplitter(codec, options.maxUnitBytes);
    this.#configs = new InBandConfigs(codec);
  }

  push(chunk: Uint8Array): SourceItem[] {
    return this.#splitter.push(chunk).flatMap((unit) => this.#accept(unit));
  }

  end(): SourceItem[] {
    return this.#splitter.end().flatMap((unit) => this.#accept(unit));
  }

  #accept({ offset, data, isCut }: RawUnit): SourceItem[] {
    if (isCut) return [problem('NAL_TOO_LARGE', { offset }, `${data.length} bytes and more`)];
    if (offset === 0 && !startsWithStartCode(data)) {
      return data.every((byte) => byte === 0) ? [] : [problem('ANNEXB_LEADING_BYTES', { offset })];
    }
    const codec = this.#codec;
    const config = this.#configs.observe(data, { offset });
    const unit: SourceItem = {
      kind: 'access-unit',
      index: this.#index++,
      pts: null,
      dts: null,
      isKeyframe: isRandomAccess(data, codec),
      codec,
      framing: { kind: 'annexb' },
      data,
      offset,
    };
    return config === null ? [unit] : [config, unit];
  }
}

function startsWithStartCode(data: Uint8Array): boolean {
  const at = data.findIndex((byte) => byte !== 0);
  return at >= 2 && data[at] === 1;
}
