import { createHmac } from 'node:crypto';

export const PPM = 1_000_000;
const RANGE = 2 ** 32;

/**
 * Whether an answer drops a box: HMAC-SHA256 over show, interaction and viewer, of which the first 32 bits are held
 * against the rate. The same for ever, whoever asks how often; and whoever gets one at a rate gets one at every higher.
 * @param key of at least 16 bytes, as hex
 */
export function dropsBox(
  key: string,
  {
    show,
    interaction,
    viewer,
  }: { readonly show: string; readonly interaction: string; readonly viewer: string },
  ppm: number,
): boolean {
  const draw = createHmac('sha256', Buffer.from(key, 'hex'))
    .update(JSON.stringify(['framecue box 1', show, interaction, viewer]))
    .digest()
    .readUInt32BE(0);
  // Both products are below 2^53.
  return draw * PPM < ppm * RANGE;
}
