import { z } from 'zod';

/** Kinds of values that several answers hold. */
export const UnixMs = z.number().meta({ description: 'Unix milliseconds.' });
export const UnixUs = z.number().meta({ description: 'Unix microseconds.' });
export const SpanMs = z.number().meta({ description: 'Milliseconds.' });
export const Pts = z.number().meta({ description: "PTS on the stream's output timeline, milliseconds." });
export const JsonObject = z.record(z.string(), z.unknown());
export const Reason = z.strictObject({ code: z.string(), text: z.string() });
