import { dueOfLogged } from '../../director/cue-maker.ts';
import type { Director } from '../../director/director.ts';
import { FramecueError } from '../../packet/errors.ts';
import { streamKeyOf } from '../../packet/packet.ts';
import type { NamedOutput } from '../../qa/audit/messages.ts';
import { readNamedOutput } from '../../qa/audit/named-outputs.ts';
import { isStreamAllowed, SETTINGS, type Settings } from '../../service/settings.ts';
import { mainStreamOf } from '../urls.ts';
import { Audit, type AuditOptions } from './audit.ts';
import { KeptOutputs } from './kept-outputs.ts';

export interface AuditSetupOptions
  extends Pick<AuditOptions, 'streams' | 'clock' | 'log' | 'registry' | 'secret' | 'keys' | 'ownBase'> {
  readonly settings: Settings;
  readonly director: Director;
}

/** Null where it is switched off. @throws {FramecueError} ERR_SETTING for outputs that cannot be. */
export function openAudit({ settings, director, ...rest }: AuditSetupOptions): Audit | null {
  if (settings.audit === 'off') return null;
  return new Audit({
    ...rest,
    book: director.book,
    named: namedOutputsOf(settings),
    kept: new KeptOutputs(settings.dataDir, rest.log),
    isAllowed: (stream) => isStreamAllowed(settings.streams, stream),
    maxNamed: settings.auditOutputs,
    timeoutMs: settings.auditTimeoutMs,
    dueAtMs: dueOfLogged,
  });
}

function namedOutputsOf(settings: Settings): NamedOutput[] {
  const items = settings.auditUrls ?? [];
  const mainStream = streamKeyOf(mainStreamOf(settings));
  const named = items.map((item, at) => {
    const output = readNamedOutput(item, mainStream);
    // Its place in the list, not its text: that may hold secrets.
    if (output === null) throw wrong(`item ${at + 1} names no output that can be read`);
    return output;
  });
  if (named.length > settings.auditOutputs) {
    throw wrong(`${named.length} outputs, and ${SETTINGS.auditOutputs.name} is ${settings.auditOutputs}`);
  }
  const names = named.map(({ stream, label }) => `${stream} ${label}`);
  const twin = names.findIndex((name, at) => names.indexOf(name) !== at);
  if (twin !== -1) throw wrong(`item ${twin + 1} has the name of another: give it an @LABEL of its own`);
  return named;
}

const wrong = (problem: string): FramecueError =>
  new FramecueError('ERR_SETTING', `${SETTINGS.auditUrls.name}: ${problem}.`, {
    details: { setting: SETTINGS.auditUrls.name },
  });
