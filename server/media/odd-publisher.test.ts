import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BpmEvent, bpmMessage, nalUnitsOfAvcc, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import { pushWithFfmpeg } from '../../ingest/test-support/harness.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../../packet/testing/flv-fixture.ts';
import { createLog } from '../../service/log.ts';
import { loadSecrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';
import type { Running } from '../process.ts';
import { startMedia } from './media.ts';
import type { StreamStatus } from './status.ts';

const WAIT = { timeout: 20_000, interval: 50 };
/** RFC 8032 section 7.1, test 1. */
const UPSTREAM_JWK = {
  kty: 'OKP',
  crv: 'Ed25519',
  kid: 'upstream',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};

const folder = mkdtempSync(join(tmpdir(), 'framecue-odd-'));
let media: Running;
let base: string;
const readToken = 'read-token-of-this-test';
let streamKey: string;

beforeAll(async () => {
  const keys = join(folder, 'upstream.json');
  writeFileSync(keys, JSON.stringify({ keys: [UPSTREAM_JWK] }));
  const { settings } = loadSettings({
    FRAMECUE_DATA_DIR: join(folder, 'data'),
    FRAMECUE_MEDIA_PORT: '0',
    FRAMECUE_RTMP_PORT: '0',
    FRAMECUE_UPSTREAM_KEYS: keys,
    FRAMECUE_READ_TOKEN: readToken,
    FRAMECUE_LOG_LEVEL: 'silent',
  });
  const secrets = loadSecrets(settings);
  streamKey = secrets.streamKey;
  media = await startMedia({ settings, secrets, log: createLog('test', { logLevel: 'silent' }) });
  base = `http://127.0.0.1:${media.ports.http}`;
});

afterAll(async () => {
  await media.close();
  rmSync(folder, { recursive: true, force: true });
});

const rtmpUrl = (name: string): string =>
  `rtmp://127.0.0.1:${media.ports.rtmp}/live/${name}?key=${streamKey}`;

/** As OBS sends it: metrics of a keyframe behind its slices. */
function withMetrics(packet: MediaPacket): MediaPacket {
  if (packet.kind !== 'avc-frame' || !packet.isKeyframe) return packet;
  const times = [{ type: 'rfc3339', event: BpmEvent.composited, text: new Date().toISOString() }] as const;
  const nal = writeSeiNal([bpmMessage({ kind: 'TS', times })]);
  return { ...packet, data: Uint8Array.from([...packet.data, 0, 0, 0, nal.length, ...nal]) };
}

async function obsLikeFile(): Promise<string> {
  const packets = packetsOfFlv(await makeFlv({ seconds: 4, bFrames: 2, gop: 10 })).map(withMetrics);
  const path = join(folder, 'obs.flv');
  writeFileSync(path, Buffer.concat([flvHeader({ audio: true, video: true }), ...packets.map(writeFlvTag)]));
  return path;
}

async function statusOf(name: string): Promise<StreamStatus> {
  const response = await fetch(`${base}/api/v1/streams/live/${name}`, {
    headers: { authorization: `Bearer ${readToken}` },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as StreamStatus;
}

/** Video frames over HTTP-FLV until there are so many. */
async function framesOf(name: string, count: number): Promise<AvcFramePacket[]> {
  const abort = new AbortController();
  const response = await vi.waitFor(async () => {
    const answer = await fetch(`${base}/live/${name}.flv`, { signal: abort.signal });
    expect(answer.status).toBe(200);
    return answer;
  }, WAIT);
  const frames: AvcFramePacket[] = [];
  const reader = new FlvReader();
  for await (const chunk of response.body!) {
    for (const item of reader.read(chunk)) {
      if (item.kind === 'packet' && item.packet.kind === 'avc-frame') frames.push(item.packet);
    }
    if (frames.length >= count) break;
  }
  abort.abort();
  return frames;
}

const typesOf = ({ data }: AvcFramePacket): number[] =>
  Array.from(nalUnitsOfAvcc(data, 4), ({ type }) => type);

describe('a publisher like OBS, with metrics behind its slices', () => {
  it('gets its SEI in front of the slices to every viewer, and status and metrics say so', async () => {
    const push = pushWithFfmpeg(
      ['-v', 'error', '-re', '-stream_loop', '-1', '-i', await obsLikeFile(), '-c', 'copy'],
      rtmpUrl('obs'),
    );
    try {
      const keyframes = (await framesOf('obs', 60)).filter(({ isKeyframe }) => isKeyframe);
      expect(keyframes.length).toBeGreaterThan(3);
      for (const frame of keyframes) {
        const types = typesOf(frame);
        expect(types.lastIndexOf(6)).toBeLessThan(types.indexOf(5));
        // Its metrics and our clock stamp.
        expect(types.filter((type) => type === 6).length).toBeGreaterThanOrEqual(2);
      }
      const { injector } = await statusOf('obs');
      expect(injector.rewrites['sei-moved']).toBeGreaterThan(3);
      expect(injector.lint).toContainEqual(
        expect.objectContaining({ code: 'SEI_AFTER_SLICES', severity: 'info', count: expect.any(Number) }),
      );
      const metrics = await (await fetch(`${base}/metrics`)).text();
      expect(metrics).toMatch(/framecue_rewrites_total\{[^}]*reason="sei-moved"[^}]*\} [1-9]/);
      expect(metrics).toMatch(/framecue_lint_total\{[^}]*code="SEI_AFTER_SLICES"[^}]*\} [1-9]/);
      expect(metrics).toMatch(/framecue_publisher_repairs\{[^}]*reason="annex-b"[^}]*\} 0/);
    } finally {
      push.process.kill();
      await push.done;
    }
  });
});

describe('intra refresh, with one IDR picture at the start', () => {
  it('is on air, and who joins later gets pictures', async () => {
    const picture = ['-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=160x96:rate=25'];
    const codec = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-g',
      '15',
      '-x264-params',
      'intra-refresh=1:bframes=0',
    ];
    const push = pushWithFfmpeg([...picture, ...codec], rtmpUrl('refresh'));
    try {
      await framesOf('refresh', 40);
      const joined = await framesOf('refresh', 20);
      expect(joined[0]!.isKeyframe).toBe(true);
      expect(typesOf(joined[0]!)).not.toContain(5);
      const { live, injector } = await statusOf('refresh');
      expect(live).toBe(true);
      expect(injector.passedUntouched).toBe(0);
      expect(injector.lint.map(({ code }) => code)).toContain('KEYFRAME_RECOVERY_POINT');
    } finally {
      push.process.kill();
      await push.done;
    }
  });
});

describe('the keys of a trusted upstream', () => {
  it('are published behind our own, so that viewers can verify both', async () => {
    const { keys } = (await (await fetch(`${base}/.well-known/framecue-keys.json`)).json()) as {
      keys: { kid: string }[];
    };
    expect(keys).toHaveLength(2);
    expect(keys[1]).toEqual(UPSTREAM_JWK);
  });
});
