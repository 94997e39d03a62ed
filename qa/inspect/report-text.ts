import type { FindingCount, Summary } from './inspector.ts';
import type { SeenCue } from './stamps.ts';
import type { InspectedUnit } from './unit-reader.ts';

const CUES_SHOWN = 50;
/** As people know the carriers of docs/wire-format.md. */
export const CARRIER_NAMES = {
  onframecue: 'script data onFramecue',
  daterange: 'EXT-X-DATERANGE',
  emsg: 'emsg',
} as const;
export const OTHER_NAMES = {
  script: 'script data',
  emsg: 'emsg',
  daterange: 'EXT-X-DATERANGE of class',
} as const;

/** The summary for people, without a line end. */
export function describeSummary(summary: Summary, address: string): string {
  const sections = [
    [address, ...overview(summary).map((line) => `  ${line}`)],
    seiSection(summary),
    stampSection(summary),
    besideSection(summary),
    clockSection(summary),
    findingSection(summary),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function overview(s: Summary): string[] {
  const size = s.width === null ? null : `${s.width}x${s.height}${s.interlaced ? ' interlaced' : ''}`;
  const codec =
    s.codec === 'hevc' ? 'HEVC' : s.codec === null ? 'no video' : `H.264 (${s.codecString ?? '?'})`;
  const fps = s.fps ?? s.declaredFps;
  const declared =
    s.fps !== null && s.declaredFps !== null && Math.abs(s.fps - s.declaredFps) > 0.05
      ? ` (the SPS says ${round(s.declaredFps, 3)})`
      : '';
  const stream = [`${s.container}`, codec, size, fps === null ? null : `${round(fps, 3)} fps${declared}`];
  const gop = s.gopFrames;
  const gopText =
    gop === null
      ? null
      : gop.min === gop.max
        ? `keyframe every ${gop.max} pictures`
        : `keyframe every ${gop.min} to ${gop.max} pictures (mean ${round(gop.mean, 1)})`;
  return [
    stream.filter((part) => part !== null).join(', '),
    [
      plural(s.frames, 'picture'),
      plural(s.keyframes, 'keyframe'),
      s.durationMs === null ? 'no times' : duration(s.durationMs),
      s.bitsPerSecond === null ? null : `${round(s.bitsPerSecond / 1000, 0)} kbit/s video`,
      s.segments > 0 ? plural(s.segments, 'segment') : null,
    ]
      .filter((part) => part !== null)
      .join(', '),
    [
      gopText,
      s.durationMs === null ? null : s.hasBFrames ? 'B-frames' : 'no B-frames',
      plural(s.configs, 'configuration'),
    ]
      .filter((part) => part !== null)
      .join(', '),
  ];
}

function seiSection({ sei }: Summary): string[] {
  if (sei.length === 0) return ['SEI: none'];
  return [
    'SEI',
    ...sei.map(({ name, payloadType, uuid, count, bytes, firstIndex }) => {
      const who = uuid === null ? `type ${payloadType}` : uuid;
      return `  ${count} x ${name} (${who}), ${round(bytes / count, 0)} bytes each, first in access unit ${firstIndex}`;
    }),
  ];
}

function stampSection({ stamps, epochs, cues }: Summary): string[] {
  if (stamps.clock + stamps.cue === 0) return ['Stamps: none'];
  const lines = [`Stamps: ${stamps.clock} clock, ${stamps.cue} cue`];
  for (const { epoch, firstIndex, stamps: count } of epochs) {
    lines.push(`  epoch ${epoch}: ${plural(count, 'stamp')}, from access unit ${firstIndex}`);
  }
  for (const cue of cues.slice(0, CUES_SHOWN)) lines.push(`  ${describeCue(cue)}`);
  if (cues.length > CUES_SHOWN)
    lines.push(`  and ${cues.length - CUES_SHOWN} more cues (--json has them all)`);
  return lines;
}

/** The same cues by other ways, and what else stands there. */
function besideSection({ carriers, others }: Summary): string[] {
  if (carriers.length + others.length === 0) return [];
  const lines = ['Beside the video'];
  for (const { carrier, clock, cue, unreadable, cues } of carriers) {
    const bad = unreadable === 0 ? '' : `, ${unreadable} unreadable`;
    lines.push(`  ${CARRIER_NAMES[carrier]}: ${clock} clock, ${cue} cue${bad}`);
    for (const { id, rev, type, firePts, copies, verified } of cues.slice(0, CUES_SHOWN)) {
      const signature = verified === null ? '' : `, signature ${verified}`;
      lines.push(
        `    cue ${id} rev ${rev} (${type}) fires at PTS ${firePts ?? '?'}, ${plural(copies, 'copy', 'copies')}${signature}`,
      );
    }
    if (cues.length > CUES_SHOWN) lines.push(`    and ${cues.length - CUES_SHOWN} more cues`);
  }
  for (const { kind, name, count } of others) lines.push(`  ${OTHER_NAMES[kind]} ${name}: ${count}`);
  return lines;
}

function describeCue(cue: SeenCue): string {
  const where =
    cue.own === null
      ? 'its own picture is not here'
      : `on access unit ${cue.own.index}${cue.own.fireIn === 0 ? '' : ` (${cue.own.fireIn} ms off)`}`;
  const announced = cue.first.fireIn > 0 ? `, announced ${cue.first.fireIn} ms ahead` : '';
  const signature = cue.verified === null ? '' : `, signature ${cue.verified}`;
  return `cue ${cue.id} rev ${cue.rev} (${cue.type}) fires at PTS ${cue.firePts ?? '?'}, ${where}, ${plural(cue.copies, 'copy', 'copies')}${announced}${signature}`;
}

function clockSection({ encoderClock: clock }: Summary): string[] {
  if (clock === null) return [];
  const at = (us: number): string => new Date(us / 1000).toISOString();
  const drift = clock.driftMs === null ? '' : `, ${round(clock.driftMs, 1)} ms off the PTS at the end`;
  const jitter = clock.jitterMs === null ? '' : `, at most ${round(clock.jitterMs, 1)} ms`;
  const dropped = clock.dropped === null ? '' : `, ${clock.dropped} frames dropped or skipped by the encoder`;
  return [
    `Encoder clock: ${clock.source}, ${plural(clock.stamps, 'stamp')}, ${at(clock.firstUs)} to ${at(clock.lastUs)}${drift}${jitter}${dropped}`,
  ];
}

function findingSection({ findings, errors, warnings }: Summary): string[] {
  if (findings.length === 0) return ['Findings: none'];
  return [
    `Findings: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}`,
    ...findings.map(describeFinding),
  ];
}

function describeFinding({
  code,
  severity,
  clause,
  text,
  count,
  firstIndex,
  firstPts,
  firstOffset,
}: FindingCount): string {
  const place = [
    firstIndex === null ? null : `access unit ${firstIndex}`,
    firstPts === null ? null : `PTS ${round(firstPts, 2)}`,
    firstOffset === null ? null : `byte ${firstOffset}`,
  ].filter((part) => part !== null);
  const first = place.length === 0 ? '' : ` First: ${place.join(', ')}.`;
  const where = clause === '' ? '' : ` [${/^\d|^[A-Z]\.\d/.test(clause) ? `H.264 ${clause}` : clause}]`;
  return `  ${severity} ${code} x ${count}: ${text}${where}${first}`;
}

/** One line of `--frames`, without a line end. */
export function describeUnit(unit: InspectedUnit): string {
  const { index, pts, dts, isKeyframe, bytes, nalUnits, sei, lint } = unit;
  const times = pts === null || dts === null ? '' : ` pts ${round(pts, 3)} dts ${round(dts, 3)}`;
  const nals = nalUnits.map(({ type, size }) => `${type}:${size}`).join(' ');
  const messages = sei.map((message) => {
    const { stamp } = message;
    if (stamp === null) return message.decoded.name;
    if (stamp.kind === 'unreadable') return 'stamp(unreadable)';
    if (stamp.stamp.kind === 'clock') return 'clock';
    const { body, head } = stamp.stamp;
    return `cue(${body.id} rev ${body.rev} fireIn ${head.fireIn}${head.key === undefined ? '' : ' key'})`;
  });
  const parts = [
    `${index}${isKeyframe ? ' K' : '  '}${times} ${bytes} bytes  nal ${nals}`,
    messages.length === 0 ? null : `sei ${messages.join(' ')}`,
    lint.length === 0 ? null : `lint ${lint.map(({ code }) => code).join(' ')}`,
  ];
  return parts.filter((part) => part !== null).join('  ');
}

const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));
const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${round(seconds, 2)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${round(seconds - minutes * 60, 1)} s`;
}
