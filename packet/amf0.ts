import { FramecueError } from './errors.ts';

/**
 * Values of the Action Message Format 0 (Adobe's AMF 0 specification, as FLV E.4.4 uses it). An object and an ECMA
 * array are both read as an object: the array's count is a hint only.
 */
export type Amf0Value =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | readonly Amf0Value[]
  | Amf0Object;
export type Amf0Object = { readonly [name: string]: Amf0Value };

/** Type markers, AMF 0 section 2.1. */
const MARKER = {
  number: 0,
  boolean: 1,
  string: 2,
  object: 3,
  null: 5,
  undefined: 6,
  ecmaArray: 8,
  objectEnd: 9,
  strictArray: 10,
  date: 11,
  longString: 12,
} as const;

const MAX_DEPTH = 16;
const SHORT_STRING_MAX = 0xffff;

/** Values one behind the other, as a script tag or a command message holds them. */
export function encodeAmf0(...values: readonly Amf0Value[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const value of values) encodeValue(value, parts);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function encodeValue(value: Amf0Value, out: Uint8Array[]): void {
  if (value === undefined) out.push(Uint8Array.of(MARKER.undefined));
  else if (value === null) out.push(Uint8Array.of(MARKER.null));
  else if (typeof value === 'number') out.push(Uint8Array.of(MARKER.number), float64(value));
  else if (typeof value === 'boolean') out.push(Uint8Array.of(MARKER.boolean, value ? 1 : 0));
  else if (typeof value === 'string') encodeString(value, out);
  else if (value instanceof Date) {
    // A time zone of 0: section 2.13 has it reserved.
    out.push(Uint8Array.of(MARKER.date), float64(value.getTime()), uint16(0));
  } else if (isArray(value)) {
    out.push(Uint8Array.of(MARKER.strictArray), uint32(value.length));
    for (const item of value) encodeValue(item, out);
  } else {
    out.push(Uint8Array.of(MARKER.object));
    for (const [name, item] of Object.entries(value)) {
      const text = new TextEncoder().encode(name);
      if (text.length > SHORT_STRING_MAX)
        throw new RangeError('an AMF0 property name of more than 65,535 bytes');
      out.push(uint16(text.length), text);
      encodeValue(item, out);
    }
    out.push(uint16(0), Uint8Array.of(MARKER.objectEnd));
  }
}

function encodeString(value: string, out: Uint8Array[]): void {
  const text = new TextEncoder().encode(value);
  if (text.length <= SHORT_STRING_MAX) out.push(Uint8Array.of(MARKER.string), uint16(text.length), text);
  else out.push(Uint8Array.of(MARKER.longString), uint32(text.length), text);
}

/**
 * All values in `data`, which must hold nothing else.
 * @throws {FramecueError} ERR_FLV_TAG with `details.offset` for a value that ends too soon, nests too deep or is of a
 *   type that nobody writes into script tags (references, typed objects, XML, AMF3).
 */
export function decodeAmf0(data: Uint8Array): Amf0Value[] {
  const reader = new Reader(data);
  const values: Amf0Value[] = [];
  while (reader.left > 0) values.push(reader.value(0));
  return values;
}

/**
 * Values stand in each other deeper than anybody means them: readers that call themselves for each level take long
 * over those, or break. What is behind the first byte that cannot be read is not looked at.
 */
export function nestsTooDeep(data: Uint8Array): boolean {
  try {
    decodeAmf0(data);
    return false;
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    return error instanceof TooDeep;
  }
}

/** A script tag's name: the string that its data begins with; null where it begins with something else. */
export function scriptNameOf(data: Uint8Array): string | null {
  if (data[0] !== MARKER.string || data.length < 3) return null;
  const length = data[1]! * 256 + data[2]!;
  return length > data.length - 3
    ? null
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(data.subarray(3, 3 + length));
}

class TooDeep extends FramecueError {}

class Reader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get left(): number {
    return this.#data.length - this.#at;
  }

  value(depth: number): Amf0Value {
    if (depth > MAX_DEPTH) throw this.#corrupt('values nested too deep', TooDeep);
    const marker = this.#data[this.#take(1)]!;
    switch (marker) {
      case MARKER.number:
        return this.#view.getFloat64(this.#take(8));
      case MARKER.boolean:
        return this.#data[this.#take(1)] !== 0;
      case MARKER.string:
        return this.#text(this.#view.getUint16(this.#take(2)));
      case MARKER.longString:
        return this.#text(this.#view.getUint32(this.#take(4)));
      case MARKER.object:
        return this.#properties(depth);
      case MARKER.ecmaArray:
        this.#take(4);
        return this.#properties(depth);
      case MARKER.null:
        return null;
      case MARKER.undefined:
        return undefined;
      case MARKER.strictArray:
        return this.#items(depth);
      case MARKER.date: {
        const ms = this.#view.getFloat64(this.#take(8));
        this.#take(2);
        return new Date(ms);
      }
      default:
        throw this.#corrupt(`type ${marker}`);
    }
  }

  #properties(depth: number): Amf0Object {
    const properties: [string, Amf0Value][] = [];
    for (;;) {
      const name = this.#text(this.#view.getUint16(this.#take(2)));
      if (name === '' && this.#data[this.#at] === MARKER.objectEnd) {
        this.#take(1);
        // Not by assignment: a property may be called `__proto__`.
        return Object.fromEntries(properties);
      }
      properties.push([name, this.value(depth + 1)]);
    }
  }

  #items(depth: number): Amf0Value[] {
    const count = this.#view.getUint32(this.#take(4));
    // Each takes a byte at least: a count beyond that is a lie, and nothing is set aside for it.
    if (count > this.left) throw this.#corrupt(`an array of ${count} values`);
    return Array.from({ length: count }, () => this.value(depth + 1));
  }

  #text(length: number): string {
    const from = this.#take(length);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#data.subarray(from, from + length));
  }

  /** Where the next `bytes` begin; they are there. */
  #take(bytes: number): number {
    if (bytes > this.left) throw this.#corrupt('a value that ends too soon');
    const from = this.#at;
    this.#at += bytes;
    return from;
  }

  #corrupt(what: string, Kind: typeof FramecueError = FramecueError): FramecueError {
    return new Kind('ERR_FLV_TAG', `The script data is corrupt: ${what}.`, { details: { offset: this.#at } });
  }
}

const isArray = (value: Amf0Value): value is readonly Amf0Value[] => Array.isArray(value);

function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

const uint16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);
const uint32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
