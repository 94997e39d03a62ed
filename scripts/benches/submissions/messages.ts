export interface LoadOrder {
  readonly port: number;
  readonly interaction: string;
  readonly connections: number;
  /** Requests a second; null: as fast as they are answered. */
  readonly rate: number | null;
  /** Not measured, before `ms`. */
  readonly warmUpMs: number;
  readonly ms: number;
}

export interface LoadOutcome {
  /** With 200, warm-up included. */
  readonly answered: number;
  readonly sent: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly unanswered: number;
  readonly perSecond: number;
  /** From when each request was due to its answer. */
  readonly tookMs: readonly number[];
  readonly loadCpuMs: number;
}

export type FromLoad =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly outcome: LoadOutcome }
  | { readonly kind: 'failed'; readonly problem: string };
