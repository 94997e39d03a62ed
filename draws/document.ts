import type { Commitment, DrawPrize } from './commitment.ts';

/**
 * What is published of a draw (`GET /api/v1/interactions/{id}/draw`). Moments are Unix milliseconds, hashes and
 * signatures lower-case hex. Fields that are not here are passed over by readers.
 */
export interface DrawDocument {
  readonly v: 1;
  readonly interaction: string;
  readonly state: 'open' | 'frozen' | 'committed' | 'drawn' | 'revealed' | 'void';
  /** SHA-256 of the operator's seed: there since the interaction was created. */
  readonly seedHash: string;
  readonly source: DrawSource;
  readonly prizes: readonly DrawPrize[];
  readonly commitment: PublishedCommitment | null;
  /** Null until it is shown. */
  readonly result: PublishedResult | null;
  readonly void: { readonly why: string; readonly at: number } | null;
}

export type DrawSource =
  | {
      readonly kind: 'drand';
      readonly chain: string;
      readonly publicKey: string;
      /** Unix seconds. */
      readonly genesis: number;
      /** Seconds. */
      readonly period: number;
    }
  | { readonly kind: 'commit-reveal' };

export interface PublishedCommitment {
  readonly text: string;
  /** SHA-256 of the text. */
  readonly digest: string;
  readonly count: number;
  readonly root: string;
  readonly high: { readonly count: number; readonly digest: string };
  readonly pages: number;
  /** Null without drand, or where nobody has entered. */
  readonly round: number | null;
  readonly roundAt: number | null;
  readonly committedAt: number;
  /** Rounds that were named first, and that the commitment came too late for. */
  readonly moved: readonly { readonly round: number; readonly at: number }[];
}

export interface PublishedResult {
  readonly seed: string;
  readonly beacon: { readonly round: number; readonly signature: string } | null;
  /** In the order in which they were drawn. */
  readonly winners: readonly PublishedWinner[];
}

export interface PublishedWinner {
  readonly index: number;
  /** base64url. */
  readonly leaf: string;
  readonly prize: string;
}

/** A page of the list (`GET /api/v1/interactions/{id}/entrants?page=N`), pages from 0. */
export interface PageDocument {
  readonly v: 1;
  readonly interaction: string;
  readonly root: string;
  readonly page: number;
  /** base64url of 32 bytes for each entrant, one behind the other. */
  readonly leaves: string;
  /** base64url of a bitmap. */
  readonly high: string;
}

/** A draw with its whole list, in one file: what `framecue verify-draw --save` writes and reads. */
export interface DrawBundle {
  readonly v: 1;
  readonly draw: DrawDocument;
  readonly pages: readonly PageDocument[];
}

/** The commitment that the document's own fields make. */
export const commitmentOf = (draw: DrawDocument, list: Commitment['list']): Commitment => ({
  interaction: draw.interaction,
  seedHash: draw.seedHash,
  beacon:
    draw.source.kind === 'drand' && draw.commitment !== null && draw.commitment.round !== null
      ? { kind: 'drand', chain: draw.source.chain, round: draw.commitment.round }
      : { kind: 'none' },
  list,
  prizes: draw.prizes,
});
