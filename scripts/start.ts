/** `npm start`: media and events for a real encoder. */
import type { RunFile } from '../server/run-file.ts';
import type { Settings } from '../service/settings.ts';
import { otherAddresses } from './lib/addresses.ts';
import { serve } from './lib/serve.ts';
import { HOW_TO_GET_A_TICKET } from './lib/stage-address.ts';

const USAGE = `usage: npm start

Starts media and events for a real encoder (OBS, ffmpeg, vMix, hardware) and prints what to type into it.
Settings are FRAMECUE_* variables: see README. Ctrl-C stops both.
`;

const LOOPBACK = /\/\/127\.0\.0\.1:/;

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  process.exitCode = await serve({
    banner: (run, logFile, settings) => `
framecue is ready.

  OBS: Settings > Stream > Service "Custom..."
    Server      ${run.rtmpUrl}${elsewhere(run, settings)}
    Stream key  ${run.streamKey}
  OBS: Output > Keyframe interval 2 s, H.264 and AAC

  Director console  ${run.pages.director}#token=${run.tokens.director}
  Director token    ${run.tokens.director}
  Prizes            ${run.pages.prizes}#token=${run.tokens.treasurer}
${settings.demo ? `  Viewers           ${run.pages.viewer}\n` : ''}  Stage             ${run.pages.stage}  ${HOW_TO_GET_A_TICKET}
  Status            ${run.pages.status}#token=${run.tokens.director}
  Play              ${run.outputs.flv}
                    ${run.outputs.ws}
                    ${run.outputs.hls}

  Log               ${logFile}
${browsersElsewhere(settings)}Ctrl-C stops it.
`,
  });
}

/** What an encoder on another machine needs in place of this one's loopback address. */
function elsewhere(run: RunFile, settings: Settings): string {
  if (settings.rtmpUrl !== null) return '';
  const addresses = otherAddresses(settings.rtmpHost ?? settings.host);
  if (addresses === null) return '\n    From another machine: FRAMECUE_RTMP_HOST=0.0.0.0 npm start';
  return addresses
    .map(
      (address) =>
        `\n                ${run.rtmpUrl.replace(LOOPBACK, `//${address}:`)}  from another machine`,
    )
    .join('');
}

function browsersElsewhere(settings: Settings): string {
  if (settings.mediaUrl !== null || (otherAddresses(settings.host) ?? []).length === 0) return '';
  return `
  For browsers on other machines: set FRAMECUE_MEDIA_URL and FRAMECUE_EVENTS_URL to how they reach this one.
`;
}
