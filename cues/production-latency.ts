/**
 * How long a picture is on its way from the lens to this server, as the production says or a slate has shown: what
 * turns a wall-clock moment into a picture where the encoder sends no clock, and what an encoder's clock is checked by.
 */
export interface ProductionLatency {
  /** From the lens to arrival at ingest, milliseconds; arrival as the stream's arrival anchor has it. */
  readonly ms: number;
  /** How far off that can be, milliseconds. */
  readonly errorMs: number;
  /** `declared` by a setting, `measured` from a slate and followed, `pinned` by somebody. */
  readonly source: 'declared' | 'measured' | 'pinned';
}
