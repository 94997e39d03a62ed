import type { StreamReport } from './report.ts';

/** Where to look and what to set, for a problem that is told in the server's words; null where those say it. */
export function adviceOn(code: string, stream: StreamReport): string | null {
  switch (code) {
    case 'keyframe-interval':
      return `OBS: Settings, Output, Keyframe Interval 2 s. ffmpeg: ${gopOption(stream)}.`;
    case 'profile':
      return 'Send 8 bit 4:2:0. OBS: Settings, Advanced, Color Format NV12. ffmpeg: -pix_fmt yuv420p.';
    case 'no-video':
      return 'See that the encoder shows its own picture, and that it sends H.264.';
    case 'video-stalled':
      return 'Players stand still on the last picture until it comes back.';
    case 'no-audio':
      return 'Fine where the programme is silent. OBS: see that a source moves in the Audio Mixer and that the streamed track has it.';
    case 'audio-stalled':
      return 'See that the audio source of the encoder still runs.';
    case 'frame-rate-low':
    case 'gaps':
      return 'OBS: View, Stats. Skipped frames due to encoding lag: a faster preset or a smaller picture. Missed frames due to rendering lag: fewer or lighter sources.';
    case 'arrives-slowly':
      return 'OBS: View, Stats. Dropped frames (network): set the video bit rate to at most two thirds of the uplink.';
    case 'jitter':
      return 'A cable instead of Wi-Fi, a lower bit rate, or less else on the uplink.';
    case 'jumps':
      return 'The encoder restarted its clock, or a relay switched its source. Players go on in a new epoch.';
    case 'av-skew':
      return 'The encoder sends one of the two late: less look-ahead in the video encoder, or look for a delayed source.';
    case 'corrupt':
      return 'TCP does not do that: it comes from the encoder, or from a relay before this server.';
    case 'stamping-off':
      return 'The director console switches it on again.';
    case 'stamping-failed':
      return 'The log of the media process names the reason.';
    case 'frames-dropped':
      return 'The uplink is too narrow. Set the video bit rate to at most two thirds of it; a cable instead of Wi-Fi.';
    case 'frames-skipped':
      return 'The encoder is overloaded. OBS: Settings, Output: a faster preset, a hardware encoder, or a smaller picture.';
    case 'frames-lagged':
      return 'The compositor is overloaded. OBS: fewer or lighter sources, fewer frames per second, or less else on the graphics card.';
    case 'clock-drifting':
      return 'Run NTP on both machines. OBS reads the clock only when it starts: restart OBS shortly before the show.';
    case 'clock-stepped':
      return 'Cues at a wall-clock moment go by arrival until the clock is known again.';
    case 'clock-absurd':
      return 'Set the clock of that machine by NTP, then restart OBS. Until then cues at a wall-clock moment go by arrival.';
    case 'clock-contradicted':
      return 'Set the clocks of both machines by NTP, then restart OBS; where both are right, the production latency is not: measure it by the slate. Until then cues at a wall-clock moment do without that clock.';
    case 'delay-short':
      return 'Raise FRAMECUE_PROGRAMME_DELAY_BYTES, or lower the bit rate. Nothing is lost: pictures go to viewers earlier, and cues by the preview may land late.';
    case 'output-no-stamps':
      return 'Something on the way there drops SEI. Let it pass the video on as it is, or keep unregistered user data SEI when it encodes anew; keep script data, emsg or EXT-X-DATERANGE at least.';
    case 'output-carrier':
      return 'Something on the way there drops SEI. Let it pass the video on as it is, or keep unregistered user data SEI when it encodes anew.';
    case 'output-cue-lost':
      return 'Pictures are lost on the way there: look for an overloaded relay, and for an encoder with a lower frame rate than this stream has.';
    case 'output-forged':
      return 'See that this address shows this stream, and who else may publish to it.';
    case 'output-missing':
      return 'See what lies between this server and that output, and whether it keeps SEI.';
    case 'output-own-missing':
    case 'output-own-carrier':
      return 'Nothing lies between: the log of the media process names cue and output.';
    case 'comes-and-goes':
      return 'How each publish ended stands in the list of publishers on this page.';
    default:
      return null;
  }
}

function gopOption({ health }: StreamReport): string {
  const rate = health?.video.declaredFrameRate ?? health?.video.frameRate ?? null;
  return rate === null ? '-g with twice the frame rate' : `-g ${Math.round(rate * 2)}`;
}
