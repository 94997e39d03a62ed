import { isObject, listOf } from '../../shared/json.ts';
import { readCue } from '../../shared/media-api.ts';
import { readRundown } from '../model/rundown.ts';
import type { ShowEvent } from '../model/state.ts';
import { readAsRunLine, readControl, readMode, readPresence } from '../model/together.ts';

/**
 * What one event of the console channel means to the machine. What does not fit is left out.
 * @param now monotonic, milliseconds
 */
export function eventsOf(name: string, payload: unknown, now: number): readonly ShowEvent[] {
  if (name === 'snapshot') return ofSnapshot(payload, now);
  const event = ofEvent(name, payload, now);
  return event === null ? [] : [event];
}

function ofSnapshot(payload: unknown, now: number): readonly ShowEvent[] {
  if (!isObject(payload)) return [];
  const events: ShowEvent[] = [];
  const cues = listOf(payload.cues, readCue);
  if (cues !== null) events.push({ kind: 'cues', cues, now });
  const lines = listOf(payload.actions, readAsRunLine);
  if (lines !== null) events.push({ kind: 'log', lines });
  for (const part of ['control', 'mode', 'presence']) events.push(...eventsOf(part, payload[part], now));
  const { parts } = payload;
  if (isObject(parts) && parts.rundown !== undefined) {
    events.push({ kind: 'rundown', rundown: readRundown(parts.rundown) });
  }
  return events;
}

function ofEvent(name: string, payload: unknown, now: number): ShowEvent | null {
  switch (name) {
    case 'cue': {
      const cue = readCue(payload);
      return cue && { kind: 'cue', cue, now };
    }
    case 'rundown':
      return { kind: 'rundown', rundown: readRundown(payload) };
    case 'control': {
      const control = readControl(payload);
      return control && { kind: 'control', control };
    }
    case 'mode': {
      const mode = readMode(payload);
      return mode && { kind: 'mode', rehearsal: mode.rehearsal };
    }
    case 'presence': {
      const presence = readPresence(payload);
      return presence && { kind: 'presence', presence };
    }
    case 'action': {
      const line = readAsRunLine(payload);
      return line && { kind: 'log', lines: [line] };
    }
    default:
      return null;
  }
}
