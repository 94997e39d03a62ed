import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeAnnexB, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import { buildPps, buildSlice, buildSps } from '../../h264-sei-parser/testing/build.ts';
import { ffmpegPath, ROOT } from '../../scripts/lib/tools.ts';

const run = promisify(execFile);
const LIMIT_MS = 60_000;
let folder: string;
let http: Server;
let https: Server;
const place = { http: '', https: '', folder: '' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-refusals-'));
  const path = (name: string): string => join(folder, name);
  const ffmpeg = (...args: string[]) => run(ffmpegPath(), ['-v', 'error', '-y', ...args]);
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25'];
  mkdirSync(path('a folder'));
  writeFileSync(path('empty.flv'), '');
  writeFileSync(path('zeros.h264'), Buffer.alloc(10_000));
  writeFileSync(path('notes.txt'), 'Dear director,\nthe cue is late.\n');
  writeFileSync(path('page.flv'), '<!DOCTYPE html><html><title>Not found</title></html>');
  writeFileSync(path('self.m3u8'), '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nself.m3u8\n');
  writeFileSync(
    path('loop.m3u8'),
    '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nloop.m3u8\n#EXT-X-ENDLIST\n',
  );
  await ffmpeg(...picture, '-frames:v', '1', path('picture.png'));
  await ffmpeg('-f', 'lavfi', '-i', 'sine', '-t', '1', '-c:a', 'libmp3lame', path('sound.mp3'));
  await ffmpeg('-f', 'lavfi', '-i', 'sine', '-t', '1', path('sound.wav'));
  await ffmpeg('-f', 'lavfi', '-i', 'sine', '-t', '1', '-c:a', 'aac', path('sound.mp4'));
  await ffmpeg('-f', 'lavfi', '-i', 'sine', '-t', '1', '-c:a', 'aac', path('sound.flv'));
  await ffmpeg(...picture, '-t', '1', '-c:v', 'mpeg4', path('film.mkv'));
  await ffmpeg(...picture, '-t', '1', '-c:v', 'mpeg2video', path('mpeg2.ts'));
  await ffmpeg(...picture, '-t', '1', '-c:v', 'flv', path('old.flv'));
  await ffmpeg(...picture, '-t', '1', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', path('good.mp4'));
  const good = readFileSync(path('good.mp4'));
  const renamed = (from: string, to: string): Buffer => {
    const bytes = Buffer.from(good);
    bytes.write(to, bytes.indexOf(from, bytes.indexOf('stsd')), 'latin1');
    return bytes;
  };
  writeFileSync(path('av1.mp4'), renamed('avc1', 'av01'));
  writeFileSync(path('encrypted.mp4'), renamed('avc1', 'encv'));
  writeFileSync(path('no-index.mp4'), good.subarray(0, good.indexOf('moov') - 4));
  // CodecID 4 is VP6.
  const old = readFileSync(path('old.flv'));
  for (let at = 13; at < old.length; at += 15 + old.readUIntBE(at + 1, 3)) {
    if (old[at] === 9) old[at + 11] = (old[at + 11]! & 0xf0) | 4;
  }
  writeFileSync(path('vp6.flv'), old);
  const messages = Array.from({ length: 200 }, (_, i) => ({
    payloadType: 200 + i,
    payload: Uint8Array.of(i),
  }));
  const sei = Array.from({ length: 300 }, () => writeSeiNal(messages));
  writeFileSync(
    path('many-sei.h264'),
    writeAnnexB([buildSps(), buildPps(), ...sei, buildSlice({ type: 5, lsb: 0 })]),
  );
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=localhost',
  ];
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-keyout',
    path('key.pem'),
    '-out',
    path('cert.pem'),
  ]);
  https = createHttps(
    { key: readFileSync(path('key.pem')), cert: readFileSync(path('cert.pem')) },
    (_, response) => response.end(),
  );
  http = createHttp((request, response) => {
    const round = /^\/round\/(\d+)/.exec(request.url!);
    if (round === null) response.writeHead(404).end('<html>');
    else response.writeHead(302, { location: `/round/${Number(round[1]) + 1}` }).end();
  });
  for (const server of [http, https]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  place.http = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  place.https = `https://localhost:${(https.address() as AddressInfo).port}`;
  place.folder = folder;
}, LIMIT_MS);

afterAll(() => {
  http.close();
  https.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Source, exit code, and what the sentence says. */
const CASES: readonly (readonly [source: string, code: 1 | 2, says: RegExp])[] = [
  ['FOLDER/a folder', 1, /is a folder: give a file in it\. \(ERR_SOURCE_OPEN\)/],
  ['FOLDER/not-there.flv', 1, /there is no such file\. \(ERR_SOURCE_OPEN\)/],
  ['FOLDER/empty.flv', 1, /is empty: .*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/zeros.h264', 1, /is none of FLV, MP4, .*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/notes.txt', 1, /is text: give FLV, MP4, .*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/page.flv', 1, /is a web page: give the address of the stream itself.*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/picture.png', 1, /is a PNG picture: give .*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/sound.mp3', 1, /is an MP3 file: give .*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/sound.wav', 1, /is a WAVE file: give .*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/sound.mp4', 1, /has no video track.*\(ERR_SOURCE_CODEC\)/],
  ['FOLDER/sound.flv', 1, /has no picture .* it has no video.*\(ERR_SOURCE_CODEC\)/],
  ['FOLDER/film.mkv', 1, /Matroska or WebM file: `ffmpeg .*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/mpeg2.ts', 1, /it is MPEG-2 video\. \(ERR_SOURCE_CODEC\)/],
  ['FOLDER/old.flv', 1, /Sorenson H\.263.*\(ERR_SOURCE_CODEC\)/],
  ['FOLDER/vp6.flv', 1, /VP6.*\(ERR_SOURCE_CODEC\)/],
  ['FOLDER/av1.mp4', 1, /The video is av01: .*\(ERR_SOURCE_CODEC\)/],
  ['FOLDER/encrypted.mp4', 1, /The video is encrypted \(encv\): give it in the clear\. \(ERR_SOURCE_CODEC\)/],
  ['FOLDER/no-index.mp4', 1, /has no index \(moov\).*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/self.m3u8', 1, /a master playlist inside another, or the same again.*\(ERR_SOURCE_FORMAT\)/],
  ['FOLDER/loop.m3u8', 1, /HLS_SEGMENT_LOST.*\(ERR_SOURCE_CODEC\)/],
  ['HTTP/gone.flv', 1, /HTTP status 404\. \(ERR_SOURCE_OPEN\)/],
  ['HTTP/round/0', 1, /it redirects more than 20 times\. \(ERR_SOURCE_OPEN\)/],
  ['HTTPS/live/main.flv', 1, /nobody whom this machine trusts .*NODE_EXTRA_CA_CERTS\. \(ERR_SOURCE_OPEN\)/],
  ['http://', 1, /it is no address\. \(ERR_SOURCE_OPEN\)/],
  ['ftp://example.org/show.flv', 1, /ftp:\/\/ is not an address .*give a file.*\(ERR_SOURCE_OPEN\)/],
  ['', 2, /give a source|missing|empty/],
  ['--no-such-option', 2, /unknown option/],
];

it.concurrent.each(CASES)(
  '%s: exit code %d, and a sentence',
  async (source, code, says) => {
    const address = source
      .replace(/^FOLDER/, place.folder)
      .replace(/^HTTPS/, place.https)
      .replace(/^HTTP\b/, place.http);
    const ended = await inspect(address);
    expect(ended.stderr).toMatch(says);
    expect(ended.code).toBe(code);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  },
  LIMIT_MS,
);

it(
  'tens of thousands of SEI messages in one picture are listed',
  async () => {
    const { code, stdout, stderr } = await inspect(join(folder, 'many-sei.h264'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('300 x ');
  },
  LIMIT_MS,
);

async function inspect(address: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const entry = join(ROOT, 'scripts/framecue.ts');
  try {
    const options = { maxBuffer: 1 << 26, timeout: 30_000 };
    const { stdout, stderr } = await run(process.execPath, [entry, 'inspect', address], options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
