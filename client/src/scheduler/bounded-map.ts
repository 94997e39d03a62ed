/** A map that forgets what was set longest ago once it is full. Setting a key again makes it new. */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #map = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  set(key: Key, value: Value): void {
    this.#map.delete(key);
    if (this.#map.size >= this.#limit) {
      const oldest = this.#map.keys().next();
      if (!oldest.done) this.#map.delete(oldest.value);
    }
    this.#map.set(key, value);
  }

  delete(key: Key): void {
    this.#map.delete(key);
  }

  values(): Iterable<Value> {
    return this.#map.values();
  }

  clear(): void {
    this.#map.clear();
  }
}
