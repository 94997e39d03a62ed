import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSeiNal, parseUserData, uuidToText } from '../../h264-sei-parser/src/index.ts';
import { sealData, signBody, signingKeyFromPem } from '../signing.ts';
import {
  type CueStamp,
  formatClockStamp,
  formatCueBody,
  formatCueStamp,
  isCueType,
  openCueData,
  parseCueBody,
  parseStamp,
  STAMP_TEXT_LIMIT,
  STAMP_UUID_TEXT,
  StampError,
  verifyStamp,
  webCrypto,
} from './index.ts';

const vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'));
const suite = webCrypto(globalThis.crypto.subtle);
const keys = { keys: [vectors.key.jwk] };

/** PKCS #8 of a bare Ed25519 seed, RFC 8410 section 7. */
const vectorKey = () => {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(vectors.key.seedHex, 'hex'),
  ]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return signingKeyFromPem(key.export({ format: 'pem', type: 'pkcs8' }) as string);
};

const textOfSei = (hex: string): { uuid: string; text: string } => {
  const [message] = parseSeiNal(Buffer.from(hex, 'hex'));
  const { uuid, data } = parseUserData(message!.payload);
  return { uuid: uuidToText(uuid), text: new TextDecoder().decode(data) };
};

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof StampError) return error.code;
    throw error;
  }
  return 'no error';
};

describe('the stamp, by byte vectors', () => {
  it.each(['clock', 'announce', 'fire'])('reads the SEI NAL unit of the %s stamp', (name) => {
    const { uuid, text } = textOfSei(vectors[name].seiNalHex);
    expect(uuid).toBe(STAMP_UUID_TEXT);
    expect(text).toBe(vectors[name].text);
    const stamp = parseStamp(text);
    expect(stamp.head).toEqual({ v: 1, ...vectors[name].head });
  });

  it('writes the same text and the same signature', () => {
    expect(formatClockStamp(vectors.clock.head)).toBe(vectors.clock.text);
    const stamp = parseStamp(vectors.fire.text) as CueStamp;
    const bodyText = formatCueBody(stamp.body);
    expect(bodyText).toBe(stamp.bodyText);
    expect(formatCueStamp(vectors.fire.head, bodyText, signBody(bodyText, vectorKey()))).toBe(
      vectors.fire.text,
    );
  });

  it('verifies, and opens with the key of the fire copy only', async () => {
    const announce = parseStamp(vectors.announce.text) as CueStamp;
    const fire = parseStamp(vectors.fire.text) as CueStamp;
    expect(await verifyStamp(announce, keys, suite)).toBe('good');
    expect(await openCueData(announce, announce.head.key, suite)).toBeNull();
    expect(await openCueData(fire, fire.head.key, suite)).toEqual(vectors.data);
  });

  it('shows nothing of data in the bytes of an announced copy', () => {
    const bytes = Buffer.from(vectors.announce.seiNalHex, 'hex').toString('latin1');
    for (const word of ['interaction":', 'question', 'Which one', 'options', '"key"']) {
      expect(bytes).not.toContain(word);
    }
  });

  it('gives one fire PTS in every copy of the worked IBBP example, and the key only from its picture on', () => {
    const copies = vectors.ibbp.rows.filter((row: { fireIn: number | null }) => row.fireIn !== null);
    expect(copies.map((row: { pts: number; fireIn: number }) => row.pts + row.fireIn)).toEqual([
      200, 200, 200, 200,
    ]);
    expect(new Set(copies.map((row: { fireAt: number }) => row.fireAt)).size).toBe(1);
    for (const row of copies) expect(row.key).toBe(row.fireIn <= 0);
  });
});

describe('verifying', () => {
  const stamp = parseStamp(vectors.fire.text) as CueStamp;

  it('refuses line 2 with any one character changed', async () => {
    for (let i = 0; i < stamp.bodyText.length; i += 7) {
      const flipped = String.fromCharCode(stamp.bodyText.charCodeAt(i) ^ 1);
      const bodyText = stamp.bodyText.slice(0, i) + flipped + stamp.bodyText.slice(i + 1);
      expect(await verifyStamp({ ...stamp, bodyText }, keys, suite)).toBe('bad');
    }
  });

  it('tells an unknown key from a wrong signature', async () => {
    const other = signingKeyFromPem(
      generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    );
    expect(await verifyStamp(stamp, { keys: [other.publicJwk] }, suite)).toBe('unknown-key');
    const claimed = { ...other.publicJwk, kid: vectors.key.jwk.kid };
    expect(await verifyStamp(stamp, { keys: [claimed] }, suite)).toBe('bad');
  });

  it('refuses to open with another key, or sealed data that was cut', async () => {
    const { key } = sealData({ a: 1 });
    await expect(openCueData(stamp, key, suite)).rejects.toMatchObject({ code: 'ERR_STAMP_SEALED' });
    const cut = { body: { ...stamp.body, sealed: stamp.body.sealed!.slice(0, 8) } };
    await expect(openCueData(cut, stamp.head.key, suite)).rejects.toMatchObject({ code: 'ERR_STAMP_SEALED' });
  });
});

describe('what is no stamp', () => {
  const { text } = vectors.fire as { text: string };
  const [line1, line2, line3] = text.split('\n') as [string, string, string];
  it.each([
    ['nothing', '', 'ERR_STAMP_FORMAT'],
    ['not JSON', 'hello', 'ERR_STAMP_FORMAT'],
    ['a JSON array', '[1]', 'ERR_STAMP_FORMAT'],
    ['another version', line1.replace('"v":1', '"v":2'), 'ERR_STAMP_VERSION'],
    ['no version', '{"epoch":"e","at":1}', 'ERR_STAMP_VERSION'],
    ['no epoch', '{"v":1,"at":1}', 'ERR_STAMP_FORMAT'],
    ['an epoch with a space', '{"v":1,"epoch":"a b","at":1}', 'ERR_STAMP_FORMAT'],
    ['at as text', '{"v":1,"epoch":"e","at":"1"}', 'ERR_STAMP_FORMAT'],
    ['two lines', `${line1}\n${line2}`, 'ERR_STAMP_FORMAT'],
    ['four lines', `${text}\n`, 'ERR_STAMP_FORMAT'],
    ['no fireIn', `{"v":1,"epoch":"e","at":1}\n${line2}\n${line3}`, 'ERR_STAMP_FORMAT'],
    ['a signature cut short', `${line1}\n${line2}\n${line3.slice(0, -1)}`, 'ERR_STAMP_FORMAT'],
    ['another algorithm', `${line1}\n${line2}\n${line3.replace('ed25519', 'rsa')}`, 'ERR_STAMP_FORMAT'],
    ['a key that is a number', text.replace(/"key":"[^"]+"/, '"key":5'), 'ERR_STAMP_FORMAT'],
    ['a body without id', text.replace('"id":"cue-1",', ''), 'ERR_STAMP_FORMAT'],
    [
      'a body of an unknown type',
      text.replace('interaction.open', 'interaction.explode'),
      'ERR_STAMP_FORMAT',
    ],
    ['a negative rev', text.replace('"rev":0', '"rev":-1'), 'ERR_STAMP_FORMAT'],
    ['a stream without app', text.replace('live/main', 'main'), 'ERR_STAMP_FORMAT'],
    [
      'text over the limit',
      `{"v":1,"epoch":"e","at":1,"x":"${'x'.repeat(STAMP_TEXT_LIMIT)}"}`,
      'ERR_STAMP_TOO_LARGE',
    ],
  ])('%s', (_, bad, code) => {
    expect(codeOf(() => parseStamp(bad))).toBe(code);
  });

  it('bytes that are not UTF-8', () => {
    expect(codeOf(() => parseStamp(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe('ERR_STAMP_FORMAT');
  });

  it('never throws anything but a coded error', () => {
    const mutated = fc
      .tuple(fc.nat(text.length - 1), fc.string({ maxLength: 6 }), fc.nat(8))
      .map(([at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string(), fc.json()), (input) => {
        expect(codeOf(() => parseStamp(input))).toMatch(/^(no error|ERR_STAMP_\w+)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the body', () => {
  it('comes back as it was written, unknown fields passed over', () => {
    const body = parseCueBody((parseStamp(vectors.fire.text) as CueStamp).bodyText);
    expect(parseCueBody(formatCueBody(body))).toEqual(body);
    const later = formatCueBody(body).replace('{', '{"laterField":[1,2],');
    expect(parseCueBody(later)).toEqual(body);
  });

  it('knows its types', () => {
    expect(['interaction.open', 'product.card', 'custom', 'custom.fireworks'].every(isCueType)).toBe(true);
    expect(['', 'open', 'custom.', 'custom.a b', 7, null].some(isCueType)).toBe(false);
  });
});
