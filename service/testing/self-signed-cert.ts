import { generateKeyPairSync, sign } from 'node:crypto';

/** For tests of TLS: a certificate for 127.0.0.1 that signs itself (X.509 v3, RFC 5280), ECDSA P-256. PEM. */
export function makeSelfSignedCert(commonName: string, now = Date.now()): { cert: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = sequence(set(sequence(OID_COMMON_NAME, utf8(commonName))));
  const localAddress = der(0x87, Buffer.from([127, 0, 0, 1]));
  const extension = sequence(OID_SUBJECT_ALT_NAME, octets(sequence(localAddress)));
  const toBeSigned = sequence(
    der(0xa0, integer(2)),
    integer(now % 0x7fffffff),
    sequence(OID_ECDSA_SHA256),
    name,
    sequence(utcTime(now - DAY_MS), utcTime(now + DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const cert = sequence(
    toBeSigned,
    sequence(OID_ECDSA_SHA256),
    der(0x03, Buffer.concat([Buffer.of(0), signature])),
  );
  const base64 = cert.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const DAY_MS = 86_400_000;

/** ITU-T X.690: tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const length = content.length;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, Buffer.concat(parts));
const set = (part: Buffer) => der(0x31, part);
const octets = (part: Buffer) => der(0x04, part);
const utf8 = (text: string) => der(0x0c, Buffer.from(text));
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number) => {
  const content = Buffer.alloc(5);
  content.writeUInt32BE(value, 1);
  return der(0x02, content.subarray(value === 0 ? 4 : minimalStart(content)));
};
/** A leading zero byte stays only where the next byte's top bit is set. */
const minimalStart = (content: Buffer) => {
  let at = 0;
  while (content[at] === 0 && (content[at + 1]! & 0x80) === 0) at++;
  return at;
};
const utcTime = (unixMs: number) =>
  der(0x17, Buffer.from(`${new Date(unixMs).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

/** 2.5.4.3 */
const OID_COMMON_NAME = oid('550403');
/** 2.5.29.17 */
const OID_SUBJECT_ALT_NAME = oid('551d11');
/** 1.2.840.10045.4.3.2 */
const OID_ECDSA_SHA256 = oid('2a8648ce3d040302');
