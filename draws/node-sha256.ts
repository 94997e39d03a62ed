import { hash } from 'node:crypto';
import type { Sha256 } from './bytes.ts';

/** On servers: several times faster than the one in script. */
export const nodeSha256: Sha256 = (data) => new Uint8Array(hash('sha256', data, 'buffer'));
