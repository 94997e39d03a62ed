const ALPHABET = '0123456789abcdefghijkmnpqrstuvwxyz';

/** A name that nobody else takes: 12 characters of 34, some 61 bits. Works on plain HTTP, unlike `randomUUID`. */
export function randomName(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return prefix + Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
