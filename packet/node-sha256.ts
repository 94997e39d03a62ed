import { hash } from 'node:crypto';

/** SHA-256 (FIPS 180-4) on servers: several times faster than the one in script, which browsers have. */
export const nodeSha256 = (data: Uint8Array): Uint8Array => new Uint8Array(hash('sha256', data, 'buffer'));
