import { z } from 'zod';

/** How lists are read page by page: `limit` rows, `before` the `seq` of the last row of the page before. */
export const Limit = z
  .string()
  .regex(/^\d{1,3}$/)
  .optional();
const Before = z
  .string()
  .regex(/^\d{1,15}$/)
  .optional();

export const Page = z.object({ limit: Limit, before: Before });

const MAX_PAGE = 500;
const PAGE = 50;

export const limitOf = ({ limit }: { readonly limit?: string | undefined }, most = MAX_PAGE): number =>
  Math.min(most, Math.max(1, Number(limit ?? PAGE)));

export const beforeOf = ({ before }: { readonly before?: string | undefined }): number | null =>
  before === undefined ? null : Number(before);
