import { z } from 'zod';

/** The body of an entry; null where it is not of that shape: then its leaf has been found wrong already. */
export function saidBy<Shape extends z.ZodType>(body: string, shape: Shape): z.infer<Shape> | null {
  try {
    return shape.parse(JSON.parse(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
