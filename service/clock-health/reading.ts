/** Who says how well the clock is synchronised. */
export const CLOCK_SOURCES = ['chrony', 'ntp', 'timesyncd', 'kernel', 'peers', 'none'] as const;
export type ClockSource = (typeof CLOCK_SOURCES)[number];

/** What one source says. Milliseconds. */
export type SourceReading =
  | {
      readonly state: 'synchronised';
      /** Our clock less the true time, as far as the source knows; null: it only knows a bound. */
      readonly offsetMs: number | null;
      /** Our clock is no farther from the true time than this, by what the source takes for granted. */
      readonly errorMs: number;
    }
  | { readonly state: 'unsynchronised'; readonly why: string };

/** Text of a tool -> what it says; null where the text is none of its: an error, another program, half of it. */
export type ToolReader = (text: string) => SourceReading | null;

/** A number in a text of a tool; null where it is none. Never the 0 that `Number('')` is. */
export function numberIn(text: string | undefined): number | null {
  if (text === undefined || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim())) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
