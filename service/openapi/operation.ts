import type { z } from 'zod';
import type { ErrorCode } from '../../packet/errors.ts';
import type { Right } from '../tokens.ts';

/** One method of one path, as `/openapi.json` tells it. Its schemas are those that the route itself checks with. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `{name}` for each part that varies. */
  readonly path: string;
  /** What it is about; operations of one tag stand together. */
  readonly tag: string;
  /** A few words. */
  readonly summary: string;
  /** What a caller has to know beyond that; CommonMark. */
  readonly description?: string;
  /** Of the bearer token; `viewer`: the short token of a viewer's session; null: anybody. */
  readonly right: Right | 'viewer' | null;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, { readonly text: string; readonly schema: z.ZodType }>>;
  readonly body?: {
    /** Of a JSON body. */
    readonly schema: z.ZodType;
    /** Other media types that are read, with what they hold. */
    readonly others?: Readonly<Record<string, string>>;
    readonly optional?: boolean;
    readonly examples?: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
  };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Refusals that are this operation's own; those that every operation can give are added. */
  readonly errors?: readonly ErrorCode[];
}

export interface Answer {
  readonly text: string;
  /** Of a JSON answer; absent: no body, or one of `type`. */
  readonly schema?: z.ZodType;
  /** Media type of an answer that is not JSON. */
  readonly type?: string;
}
