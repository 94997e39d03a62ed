/** `npm start`: media and events for a real encoder. */
import { serve } from './lib/serve.ts';

const USAGE = `usage: npm start

Starts media and events for a real encoder (OBS, ffmpeg, vMix, hardware) and prints what to type into it.
Settings are FRAMECUE_* variables: see README. Ctrl-C stops both.
`;

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  process.exitCode = await serve({
    banner: (run, logFile) => `
framecue is ready.

  OBS: Settings > Stream > Service "Custom..."
    Server      ${run.rtmpUrl}
    Stream key  ${run.streamKey}
  OBS: Output > Keyframe interval 2 s, H.264 and AAC

  Director console  ${run.pages.director}#token=${run.tokens.director}
  Director token    ${run.tokens.director}
  Stage             ${run.pages.stage}
  Status            ${run.media}/status.html#token=${run.tokens.director}
  Play              ${run.outputs.flv}
                    ${run.outputs.ws}
                    ${run.outputs.hls}

  Log               ${logFile}
Ctrl-C stops it.
`,
  });
}
