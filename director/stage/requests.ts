import { z } from 'zod';
import { ConsoleId } from '../console/requests.ts';
import { STAGE_VIEWS } from './shapes.ts';

const words = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]*$/u, 'give text without control characters');

/** The body of `POST /api/v1/streams/{app}/{name}/stage`. */
export const ScreenRequest = z.strictObject({
  screen: ConsoleId,
  name: words(64).optional(),
  /** `show`: it hangs there, where no other one does. `keep` every two seconds. */
  do: z.enum(['show', 'standby', 'take-over', 'keep', 'leave']),
  /** With `standby`: takes over by itself when the shown one is lost. */
  auto: z.boolean().optional(),
});
export type ScreenRequest = z.infer<typeof ScreenRequest>;

export const LEAVE_DEFAULT_MS = 60_000;
export const LEAVE_MOST_MS = 3_600_000;

/** The body of `PUT .../stage/leave`: one of both; null takes it back. */
export const LeaveRequest = z
  .strictObject({
    item: ConsoleId.nullable().optional(),
    cue: ConsoleId.nullable().optional(),
    /** For how long, milliseconds. */
    forMs: z.int().min(1_000).max(LEAVE_MOST_MS).optional(),
    /** What stands on the button. */
    label: words(60).optional(),
  })
  .check(({ value, issues }) => {
    const given = [value.item, value.cue].filter((one) => one !== undefined);
    if (given.length === 1) return;
    issues.push({
      ...{ code: 'custom', path: ['item'], input: value },
      message: 'give an item or a cue, or one of them as null to take leave back',
    });
  });
export type LeaveRequest = z.infer<typeof LeaveRequest>;

/** The body of `PUT .../stage/show`. */
export const ShowRequest = z.strictObject({
  view: z.enum(STAGE_VIEWS),
  text: words(120).nullable().optional(),
});
export type ShowRequest = z.infer<typeof ShowRequest>;

/** The body of `POST .../stage/take`. */
export const TouchRequest = z.strictObject({
  screen: ConsoleId,
  /** The id of the leave that the screen showed when it was touched. */
  leave: z.string().min(1).max(64),
});
export type TouchRequest = z.infer<typeof TouchRequest>;

const HOUR_MS = 3_600_000;
export const TICKET_DEFAULT_MS = 24 * HOUR_MS;

/** The body of `POST .../stage/tickets`. */
export const TicketRequest = z.strictObject({
  /** Which machine it is for. */
  name: words(64).optional(),
  forMs: z
    .int()
    .min(60_000)
    .max(30 * 24 * HOUR_MS)
    .optional(),
});
export type TicketRequest = z.infer<typeof TicketRequest>;

export const EventsQuery = z.strictObject({ screen: ConsoleId.optional() });
