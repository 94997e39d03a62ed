/**
 * A round that is there to be pressed on: viewers of a load test answer it, over the same code and into the same
 * ledger, and nothing is given away for it. The private field makes it a type of its own: a `RealRound` cannot be made
 * of it, and what books answers beside the ledger (`bookedBy`) is not told of its answers. Within the ledger the
 * treasury refuses to earn for it by its record, whoever asks.
 */
export class ShadowRound {
  readonly #interaction: string;

  constructor(interaction: string) {
    this.#interaction = interaction;
  }

  get interaction(): string {
    return this.#interaction;
  }
}
