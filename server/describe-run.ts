import { SignJWT } from 'jose';
import type { Secrets } from '../service/secrets.ts';
import type { Settings } from '../service/settings.ts';
import type { Launched } from './launch.ts';
import { playUrlsOf } from './pages.ts';
import type { RunFile } from './run-file.ts';
import { eventsUrlOf, mainStreamOf, mediaUrlOf, rtmpUrlOf } from './urls.ts';

/** What run.json says of a server that runs. */
export async function describeRun(
  settings: Settings,
  secrets: Secrets,
  launched: Launched,
  publisher: number | null,
): Promise<RunFile> {
  const media = launched.media();
  const events = launched.events();
  const stream = mainStreamOf(settings);
  const mediaUrl = mediaUrlOf(settings, media.ports.http);
  const eventsUrl = eventsUrlOf(settings, events.ports.http);
  return {
    pids: { media: media.pid, events: events.pid, publisher },
    rtmpUrl: rtmpUrlOf(settings, media.ports.rtmp!, stream),
    streamKey: `${stream.name}?key=${secrets.streamKey}`,
    media: mediaUrl,
    events: eventsUrl,
    stream,
    outputs: playUrlsOf(mediaUrl, stream),
    pages: {
      viewer: `${eventsUrl}/viewer.html`,
      director: `${mediaUrl}/director.html`,
      stage: `${eventsUrl}/stage.html`,
      prizes: `${eventsUrl}/prizes.html`,
      status: `${mediaUrl}/status.html`,
      ...(settings.demo ? { demo: `${mediaUrl}/demo.html` } : {}),
    },
    ...(settings.rewardsUrl === null ? {} : { rewards: settings.rewardsUrl }),
    tokens: {
      director: secrets.tokens.director,
      treasurer: secrets.tokens.treasurer,
      viewer: await viewerToken(settings, secrets),
    },
  };
}

/** A signed viewer token as a customer's backend would make it; for scripts and tests on this machine. */
function viewerToken(settings: Settings, secrets: Secrets): Promise<string> {
  const token = new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('run-json-viewer')
    .setAudience(settings.viewerJwtAudience)
    .setIssuedAt()
    .setExpirationTime('24h');
  if (settings.viewerJwtIssuer !== null) token.setIssuer(settings.viewerJwtIssuer);
  return token.sign(new TextEncoder().encode(secrets.viewerJwtSecret));
}
