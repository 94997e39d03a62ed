import { z } from 'zod';
import { ConsoleId } from '../console/requests.ts';
import { CueRequest } from '../cue-request.ts';

/** What a press does. */
export const TRIGGER_DEEDS = ['next', 'take', 'arm', 'cue', 'panic'] as const;
export type TriggerDeed = (typeof TRIGGER_DEEDS)[number];

/** The body of `PUT /api/v1/streams/{app}/{name}/triggers/{trigger}`. */
export const TriggerRequest = z
  .strictObject({
    /** `next`: take the rundown's next item; `take`, `arm`: the item named; `cue`: a cue as written; `panic`. */
    do: z.enum(TRIGGER_DEEDS),
    item: ConsoleId.optional(),
    /** The body of a cue; each press makes one. */
    cue: CueRequest.optional(),
    /** Acts as this console of the token's holder: refused while another one is in control. */
    console: ConsoleId.optional(),
  })
  .check(({ value, issues }) => {
    const issue = (field: string, message: string) =>
      issues.push({ code: 'custom', path: [field], message, input: value });
    const needsItem = value.do === 'take' || value.do === 'arm';
    if (needsItem && value.item === undefined) issue('item', `"${value.do}" needs an item of the rundown`);
    if (!needsItem && value.item !== undefined) issue('item', `"${value.do}" takes no item`);
    if (value.do === 'cue' && value.cue === undefined) issue('cue', '"cue" needs a cue to send');
    if (value.do !== 'cue' && value.cue !== undefined) issue('cue', `"${value.do}" takes no cue`);
    if (value.cue?.id !== undefined) issue('cue.id', 'each press makes a cue of its own: leave the id out');
    if (value.cue?.at !== undefined) issue('cue.at', 'a moment of the clock passes once: leave it out');
    if (value.cue?.mediaTime !== undefined) issue('cue.mediaTime', 'a picture passes once: leave it out');
  });
export type TriggerRequest = z.infer<typeof TriggerRequest>;

/** A trigger as the API shows it. Moments are Unix milliseconds. */
export interface Trigger {
  readonly name: string;
  readonly id: string;
  readonly stream: string;
  readonly do: TriggerDeed;
  readonly item: string | null;
  readonly cue: CueRequest | null;
  readonly console: string | null;
  /** Name of the token that made it. */
  readonly by: string;
  readonly createdAt: number;
  readonly uses: number;
  readonly lastUsedAt: number | null;
}

/** What a press came to. */
export interface Pressed {
  readonly trigger: string;
  readonly did: TriggerDeed | 'armed';
  /** Of `armed`: a second press within this time does it. */
  readonly withinMs?: number;
  readonly cue?: { readonly id: string; readonly state: string };
  /** The first press of two within half a second: nothing was done again. */
  readonly repeated: boolean;
}
