/** JSON that also carries byte arrays and the numbers that JSON has no word for. */

export const toJsonText = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Uint8Array) return { $bytes: Buffer.from(part).toString('base64') };
    if (typeof part === 'number' && !Number.isFinite(part)) return { $number: String(part) };
    return part;
  });

/** Undefined for text that is not JSON. */
export function fromJsonText(text: string): unknown {
  try {
    return JSON.parse(text, (_key, part: unknown) => {
      if (typeof part !== 'object' || part === null) return part;
      if ('$bytes' in part) return new Uint8Array(Buffer.from(String(part.$bytes), 'base64'));
      if ('$number' in part) return Number(part.$number);
      return part;
    });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
