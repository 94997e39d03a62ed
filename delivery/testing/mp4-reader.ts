/** What a fragment says, read by the standard's box layout alone and not by the writer's code. */
export interface ReadSample {
  readonly dts: number;
  readonly compositionOffset: number;
  readonly duration: number;
  readonly flags: number;
  readonly data: Buffer;
}

export interface ReadTrack {
  readonly track: number;
  readonly baseDecodeTime: number;
  readonly samples: readonly ReadSample[];
}

export interface ReadBox {
  readonly type: string;
  readonly start: number;
  readonly body: Buffer;
}

export function readBoxes(bytes: Buffer, offset = 0): ReadBox[] {
  const boxes: ReadBox[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || size > bytes.length - at) throw new Error(`a box of ${size} bytes at ${offset + at}`);
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      start: offset + at,
      body: bytes.subarray(at + 8, at + size),
    });
    at += size;
  }
  return boxes;
}

export function findBox(bytes: Buffer, ...path: readonly string[]): ReadBox {
  let found: ReadBox | undefined;
  let within = bytes;
  for (const type of path) {
    found = readBoxes(within).find((entry) => entry.type === type);
    if (found === undefined) throw new Error(`no ${type} box`);
    within = found.body;
  }
  return found!;
}

/** All fragments in `bytes`, ISO/IEC 14496-12 clause 8.8: only the fields that our writer uses. */
export function readFragments(bytes: Buffer): ReadTrack[] {
  return readBoxes(bytes)
    .filter((entry) => entry.type === 'moof')
    .flatMap((moof) =>
      readBoxes(moof.body)
        .filter((entry) => entry.type === 'traf')
        .map((traf) => readTrack(bytes, moof.start, traf.body)),
    );
}

function readTrack(bytes: Buffer, moofStart: number, traf: Buffer): ReadTrack {
  const tfhd = findBox(traf, 'tfhd').body;
  const tfdt = findBox(traf, 'tfdt').body;
  const trun = findBox(traf, 'trun').body;
  const baseDecodeTime = Number(tfdt.readBigUInt64BE(4));
  const count = trun.readUInt32BE(4);
  let data = moofStart + trun.readInt32BE(8);
  let dts = baseDecodeTime;
  const samples = Array.from({ length: count }, (_, index): ReadSample => {
    const at = 12 + index * 16;
    const size = trun.readUInt32BE(at + 4);
    const sample = {
      dts,
      duration: trun.readUInt32BE(at),
      flags: trun.readUInt32BE(at + 8),
      compositionOffset: trun.readInt32BE(at + 12),
      data: bytes.subarray(data, data + size),
    };
    data += size;
    dts += sample.duration;
    return sample;
  });
  return { track: tfhd.readUInt32BE(4), baseDecodeTime, samples };
}
