import { z } from 'zod';
import {
  baseUrl,
  flag,
  host,
  list,
  oneOf,
  path,
  port,
  raisedNice,
  secret,
  text,
  wholeNumber,
} from './setting-types.ts';
import { isWebhookSecret } from './webhooks.ts';

export type ProcessName = 'media' | 'events';
/** `scripts`: set-up, demo, tests and benchmarks. */
export type SettingUser = ProcessName | 'scripts';

export interface Setting<
  Schema extends z.ZodType = z.ZodType,
  Default extends string | null = string | null,
> {
  /** The environment variable. */
  readonly name: `FRAMECUE_${string}`;
  readonly processes: readonly SettingUser[];
  readonly schema: Schema;
  /** As it would stand in the environment; null: unset, and the meaning says what happens then. */
  readonly default: Default;
  /** One sentence, with the unit. */
  readonly meaning: string;
  /** Never printed. */
  readonly secret?: true;
}

const setting = <Schema extends z.ZodType, const Default extends string | null>(
  entry: Setting<Schema, Default>,
): Setting<Schema, Default> => entry;

const MEDIA = ['media'] as const;
const EVENTS = ['events'] as const;
const BOTH = ['media', 'events'] as const;
const SCRIPTS = ['scripts'] as const;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Every setting of the project: the only place where a `FRAMECUE_*` name, its type, default and meaning stand.
 * The README's table is held against this one by a test.
 */
export const SETTINGS = {
  // where the servers listen and what they are called from outside
  host: setting({
    name: 'FRAMECUE_HOST',
    processes: BOTH,
    schema: host,
    // Tokens and stream keys travel in the clear until TLS is set up, so leaving this machine is a decision.
    default: '127.0.0.1',
    meaning: 'The address that every port is bound to; 0.0.0.0 (or ::) opens the server to other machines.',
  }),
  rtmpHost: setting({
    name: 'FRAMECUE_RTMP_HOST',
    processes: MEDIA,
    schema: host,
    default: null,
    meaning:
      'The address that the RTMP port is bound to where it differs from FRAMECUE_HOST, as for OBS on another machine.',
  }),
  rtmpPort: setting({
    name: 'FRAMECUE_RTMP_PORT',
    processes: MEDIA,
    schema: port,
    default: '1935',
    meaning: 'The TCP port that takes RTMP publishers; 0 lets the system choose.',
  }),
  rtmpsPort: setting({
    name: 'FRAMECUE_RTMPS_PORT',
    processes: MEDIA,
    schema: port,
    default: null,
    meaning: 'The TCP port that takes RTMPS publishers; unset means none, and it needs the TLS settings.',
  }),
  mediaPort: setting({
    name: 'FRAMECUE_MEDIA_PORT',
    processes: MEDIA,
    schema: port,
    default: '8080',
    meaning: 'The HTTP port of the media process (play URLs, cue API, feed); 0 lets the system choose.',
  }),
  eventsPort: setting({
    name: 'FRAMECUE_EVENTS_PORT',
    processes: EVENTS,
    schema: port,
    default: '8081',
    meaning:
      'The HTTP port of the events process (interactions, submissions, clock); 0 lets the system choose.',
  }),
  mediaUrl: setting({
    name: 'FRAMECUE_MEDIA_URL',
    processes: BOTH,
    schema: baseUrl(['http', 'https']),
    default: null,
    meaning:
      'The base URL under which players and directors reach the media process; unset means its own host and port.',
  }),
  eventsUrl: setting({
    name: 'FRAMECUE_EVENTS_URL',
    processes: BOTH,
    schema: baseUrl(['http', 'https']),
    default: null,
    meaning: 'The base URL under which viewers reach the events process; unset means its own host and port.',
  }),
  rtmpUrl: setting({
    name: 'FRAMECUE_RTMP_URL',
    processes: MEDIA,
    schema: baseUrl(['rtmp', 'rtmps']),
    default: null,
    meaning:
      'The server URL that is shown to publishers, without app and key; unset means the RTMP host and port.',
  }),
  feedUrl: setting({
    name: 'FRAMECUE_FEED_URL',
    processes: EVENTS,
    schema: baseUrl(['http', 'https']),
    default: null,
    meaning:
      'The base URL at which the events process reaches the media process for the cue feed and the keys; unset means FRAMECUE_MEDIA_PORT on this machine.',
  }),
  tlsCert: setting({
    name: 'FRAMECUE_TLS_CERT',
    processes: BOTH,
    schema: path,
    default: null,
    meaning:
      'The path of a PEM certificate chain; with FRAMECUE_TLS_KEY it turns HTTP into HTTPS and WS into WSS.',
  }),
  tlsKey: setting({
    name: 'FRAMECUE_TLS_KEY',
    processes: BOTH,
    schema: path,
    default: null,
    meaning: 'The path of the private key (PEM) for FRAMECUE_TLS_CERT.',
  }),
  corsOrigins: setting({
    name: 'FRAMECUE_CORS_ORIGINS',
    processes: BOTH,
    schema: list(
      text(/^(\*|https?:\/\/[A-Za-z0-9.:[\]_-]+)$/, 'give origins such as https://app.example, or *'),
    ),
    default: '*',
    meaning:
      'The web origins whose pages may call the API, between commas; no cookies are ever used, so * gives no page the rights of another.',
  }),
  trustProxy: setting({
    name: 'FRAMECUE_TRUST_PROXY',
    processes: BOTH,
    schema: wholeNumber(0, 16),
    default: '0',
    meaning: 'How many reverse proxies stand in front, whose X-Forwarded-For is believed; 0 means none.',
  }),

  // what is kept, and secrets
  dataDir: setting({
    name: 'FRAMECUE_DATA_DIR',
    processes: BOTH,
    schema: path,
    default: '.framecue',
    meaning: 'The folder for secrets, the cue log and the ledger; made with mode 0700 where it is missing.',
  }),
  streamKey: setting({
    name: 'FRAMECUE_STREAM_KEY',
    processes: MEDIA,
    schema: secret,
    default: null,
    secret: true,
    meaning: 'The key that publishers give; unset means the one made on first start.',
  }),
  directorToken: setting({
    name: 'FRAMECUE_DIRECTOR_TOKEN',
    processes: BOTH,
    schema: secret,
    default: null,
    secret: true,
    meaning: 'The bearer token with the right to direct; unset means the one made on first start.',
  }),
  feedToken: setting({
    name: 'FRAMECUE_FEED_TOKEN',
    processes: BOTH,
    schema: secret,
    default: null,
    secret: true,
    meaning: 'The bearer token with the right to read the cue feed; unset means the one made on first start.',
  }),
  readToken: setting({
    name: 'FRAMECUE_READ_TOKEN',
    processes: BOTH,
    schema: secret,
    default: null,
    secret: true,
    meaning:
      'The bearer token with the right to read streams and cues; unset means the one made on first start.',
  }),
  treasurerToken: setting({
    name: 'FRAMECUE_TREASURER_TOKEN',
    processes: BOTH,
    schema: secret,
    default: null,
    secret: true,
    meaning: 'The bearer token with the right to move money; unset means the one made on first start.',
  }),
  stampKeyFiles: setting({
    name: 'FRAMECUE_STAMP_KEYS',
    processes: MEDIA,
    schema: list(path),
    default: null,
    meaning:
      'Paths of Ed25519 private keys (PEM, PKCS #8) that sign stamps, between commas, newest first; unset means the one made on first start.',
  }),
  sessionKey: setting({
    name: 'FRAMECUE_SESSION_KEY',
    processes: EVENTS,
    schema: secret,
    default: null,
    secret: true,
    meaning: 'The secret behind the short viewer tokens; unset means the one made on first start.',
  }),
  prizeKey: setting({
    name: 'FRAMECUE_PRIZE_KEY',
    processes: EVENTS,
    schema: secret,
    default: null,
    secret: true,
    meaning:
      'The secret that seeds and keys of draws follow from, not to be changed while a lottery is under way; unset means the one made on first start.',
  }),
  viewerJwtSecret: setting({
    name: 'FRAMECUE_VIEWER_JWT_SECRET',
    processes: EVENTS,
    schema: secret,
    default: null,
    secret: true,
    meaning: 'The HS256 secret that viewer JWTs are signed with; unset means the one made on first start.',
  }),
  rewardsSecrets: setting({
    name: 'FRAMECUE_REWARDS_SECRETS',
    processes: EVENTS,
    schema: list(z.string().refine(isWebhookSecret, 'give whsec_ and 24 to 64 bytes as base64')).pipe(
      z.array(z.string()).max(2),
    ),
    default: null,
    secret: true,
    meaning:
      'What calls to the reward platform are signed with (whsec_ and base64); while it is changed two, between commas, the new one first; unset means the one made on first start.',
  }),
  viewerJwksUrl: setting({
    name: 'FRAMECUE_VIEWER_JWKS_URL',
    processes: EVENTS,
    schema: baseUrl(['http', 'https']),
    default: null,
    meaning:
      'The URL of a JWK set that viewer JWTs are checked with in place of the secret; unset means the secret.',
  }),
  viewerJwtAudience: setting({
    name: 'FRAMECUE_VIEWER_JWT_AUDIENCE',
    processes: EVENTS,
    schema: text(/^[\x21-\x7e]{1,200}$/, 'give up to 200 characters without spaces'),
    default: 'framecue',
    meaning: 'The audience (aud) that a viewer JWT must carry.',
  }),
  viewerJwtIssuer: setting({
    name: 'FRAMECUE_VIEWER_JWT_ISSUER',
    processes: EVENTS,
    schema: text(/^[\x21-\x7e]{1,200}$/, 'give up to 200 characters without spaces'),
    default: null,
    meaning: 'The issuer (iss) that a viewer JWT must carry; unset means any.',
  }),
  sessionTtlMs: setting({
    name: 'FRAMECUE_SESSION_TTL_MS',
    processes: EVENTS,
    schema: wholeNumber(1_000, 7 * DAY_MS),
    default: String(HOUR_MS),
    meaning: 'For how long a short viewer token is good, in milliseconds.',
  }),

  // draws
  drandRelays: setting({
    name: 'FRAMECUE_DRAND_RELAYS',
    processes: EVENTS,
    schema: list(
      text(/^https?:\/\/[A-Za-z0-9.:[\]_-]+(?:\/[A-Za-z0-9._~/-]*)?$/, 'give http(s)://HOST[:PORT]'),
    ),
    default: 'https://api.drand.sh,https://drand.cloudflare.com,https://api2.drand.sh,https://api3.drand.sh',
    meaning:
      'Relays of drand, between commas, that draws take their randomness from; its signature is checked, whoever gives it.',
  }),
  // the way out to the reward platform
  rewardsUrl: setting({
    name: 'FRAMECUE_REWARDS_URL',
    processes: EVENTS,
    schema: baseUrl(['http', 'https']),
    default: null,
    meaning:
      'Where the reward platform takes grants; unset means nothing is sent, and all of it waits in the outbox.',
  }),
  rewardsTimeoutMs: setting({
    name: 'FRAMECUE_REWARDS_TIMEOUT_MS',
    processes: EVENTS,
    schema: wholeNumber(100, 120_000),
    default: '10000',
    meaning:
      'How long a call to the reward platform may take, in milliseconds; then it is in doubt and made again with the same id.',
  }),
  rewardsGiveUpH: setting({
    name: 'FRAMECUE_REWARDS_GIVE_UP',
    processes: EVENTS,
    schema: wholeNumber(1, 24 * 365),
    default: '72',
    meaning:
      'After so many hours of failures an item of the outbox is a dead letter, and waits for a person.',
  }),
  rewardsRate: setting({
    name: 'FRAMECUE_REWARDS_RATE',
    processes: EVENTS,
    schema: wholeNumber(1, 10_000),
    default: '200',
    meaning: 'How many calls a second the reward platform gets at most.',
  }),
  rewardsLaneRate: setting({
    name: 'FRAMECUE_REWARDS_LANE_RATE',
    processes: EVENTS,
    schema: wholeNumber(1, 10_000),
    default: '50',
    meaning: 'How many calls a second the reward platform gets at most of one pool.',
  }),
  rewardsConcurrency: setting({
    name: 'FRAMECUE_REWARDS_CONCURRENCY',
    processes: EVENTS,
    schema: wholeNumber(1, 64),
    default: '4',
    meaning: 'How many calls of one pool are under way at a time.',
  }),
  rewardsSignedAnswers: setting({
    name: 'FRAMECUE_REWARDS_SIGNED_ANSWERS',
    processes: EVENTS,
    schema: flag,
    default: '0',
    meaning:
      'With 1 only signed answers of the reward platform are believed; a signature that is there is always checked.',
  }),

  // publishers
  streams: setting({
    name: 'FRAMECUE_STREAMS',
    processes: MEDIA,
    schema: list(text(/^[A-Za-z0-9_-]{1,64}\/([A-Za-z0-9_-]{1,64}|\*)$/, 'give app/name or app/*')),
    default: 'live/*',
    meaning:
      'The streams that may be published, between commas, as app/name, or app/* for any name in an app.',
  }),
  maxPublishers: setting({
    name: 'FRAMECUE_MAX_PUBLISHERS',
    processes: MEDIA,
    schema: wholeNumber(1, 1_000),
    default: '8',
    meaning: 'How many publishers are taken at a time.',
  }),
  publishSilentMs: setting({
    name: 'FRAMECUE_PUBLISH_SILENT_MS',
    processes: MEDIA,
    schema: wholeNumber(500, 600_000),
    default: '10000',
    meaning: 'After how many milliseconds without a packet a publisher is cut.',
  }),
  publishAwayMs: setting({
    name: 'FRAMECUE_PUBLISH_AWAY_MS',
    processes: MEDIA,
    schema: wholeNumber(0, HOUR_MS),
    default: '60000',
    meaning:
      'For how many milliseconds viewers stay connected while the publisher is away; it goes on for them when it returns.',
  }),

  // viewers of the video
  viewerLimit: setting({
    name: 'FRAMECUE_VIEWER_LIMIT',
    processes: MEDIA,
    schema: wholeNumber(1, 1_000_000),
    default: '10000',
    meaning: 'How many HTTP-FLV and WS-FLV viewers are taken at a time.',
  }),
  viewerQueueBytes: setting({
    name: 'FRAMECUE_VIEWER_QUEUE_BYTES',
    processes: MEDIA,
    schema: wholeNumber(65_536, 1_073_741_824),
    default: '2097152',
    meaning:
      'How many bytes may wait for one viewer (never less than one GOP) before they skip to a later keyframe.',
  }),
  viewerStallMs: setting({
    name: 'FRAMECUE_VIEWER_STALL_MS',
    processes: MEDIA,
    schema: wholeNumber(1_000, 600_000),
    default: '30000',
    meaning: 'After how many milliseconds without reading a viewer is cut.',
  }),
  joinSpacingMs: setting({
    name: 'FRAMECUE_JOIN_SPACING_MS',
    processes: MEDIA,
    schema: wholeNumber(0, 1_000),
    default: '30',
    meaning:
      'How many milliseconds lie between the headers and the GOP that a joining viewer gets, so that players lose no stamp.',
  }),
  holdMs: setting({
    name: 'FRAMECUE_HOLD_MS',
    processes: MEDIA,
    schema: wholeNumber(0, 1_000),
    default: '0',
    meaning:
      'For how many milliseconds frames are gathered before they are written to viewers; 0 writes at once.',
  }),
  hlsTargetMs: setting({
    name: 'FRAMECUE_HLS_TARGET_MS',
    processes: MEDIA,
    schema: wholeNumber(500, 20_000),
    default: '2000',
    meaning:
      'The length that an HLS segment aims at, in milliseconds; it ends at the next keyframe after that.',
  }),
  hlsWindow: setting({
    name: 'FRAMECUE_HLS_WINDOW',
    processes: MEDIA,
    schema: wholeNumber(3, 60),
    default: '6',
    meaning: 'How many HLS segments the playlist shows.',
  }),
  carriers: setting({
    name: 'FRAMECUE_CARRIERS',
    processes: MEDIA,
    schema: list(oneOf(['onframecue', 'daterange', 'emsg', 'none'])),
    default: 'onframecue,daterange,emsg',
    meaning:
      'What repeats the stamps beside the SEI, between commas: FLV script data, EXT-X-DATERANGE, emsg boxes; or none.',
  }),

  // cues and stamps
  stampTextLimit: setting({
    name: 'FRAMECUE_STAMP_TEXT_LIMIT',
    processes: MEDIA,
    schema: wholeNumber(512, 4_000),
    default: '1024',
    meaning: 'The most bytes of text that one stamp may have; large SEI can upset hardware decoders.',
  }),
  clockStamps: setting({
    name: 'FRAMECUE_CLOCK_STAMPS',
    processes: MEDIA,
    schema: oneOf(['keyframe', 'frame']),
    default: 'keyframe',
    meaning: 'Which access units carry a clock stamp: each keyframe, or every frame.',
  }),
  stampBudgetBytes: setting({
    name: 'FRAMECUE_STAMP_BUDGET',
    processes: MEDIA,
    schema: wholeNumber(4_500, 1_048_576),
    default: '16384',
    meaning:
      'The most bytes of stamps that one frame may carry; where more are due, those that fire go first and the others wait for the next frame.',
  }),
  normalise: setting({
    name: 'FRAMECUE_NORMALISE',
    processes: MEDIA,
    schema: oneOf(['on', 'off']),
    default: 'on',
    meaning:
      'Whether SEI that stands behind the slices is moved before them, a buffering period made the first SEI and a delimiter the first NAL unit; off leaves them where they are.',
  }),
  upstreamKeyFiles: setting({
    name: 'FRAMECUE_UPSTREAM_KEYS',
    processes: MEDIA,
    schema: list(path),
    default: null,
    meaning:
      'Paths of key sets of framecue servers upstream (their /.well-known/framecue-keys.json, saved), between commas, whose signed cue stamps are kept in what they publish here; unset means that all stamps from outside are taken out.',
  }),
  at: setting({
    name: 'FRAMECUE_AT',
    processes: MEDIA,
    schema: oneOf(['auto', 'capture', 'arrival']),
    default: 'auto',
    meaning:
      'What the wall-clock moment (at) of a cue means: capture, the moment in front of the camera, wherever the encoder sends capture times; arrival, the moment at which the picture passes the server; auto, capture where it is known better than the time on the way is long.',
  }),
  captureDelayMs: setting({
    name: 'FRAMECUE_CAPTURE_DELAY_MS',
    processes: MEDIA,
    schema: wholeNumber(0, 60_000),
    default: '0',
    meaning:
      'How many milliseconds pass from the camera to the compositor whose times OBS sends (BPM); taken off its times.',
  }),
  productionLatencyMs: setting({
    name: 'FRAMECUE_PRODUCTION_LATENCY_MS',
    processes: MEDIA,
    schema: wholeNumber(0, 60_000),
    default: null,
    meaning:
      'How many milliseconds pass from the lens to the arrival of the picture here, as the production declares it; it turns the wall-clock moment (at) of a cue into a picture where the encoder sends no clock, and checks a clock that it sends; unset means that it is not known.',
  }),
  productionLatencyErrorMs: setting({
    name: 'FRAMECUE_PRODUCTION_LATENCY_ERROR_MS',
    processes: MEDIA,
    schema: wholeNumber(0, 60_000),
    default: '200',
    meaning:
      'By how many milliseconds FRAMECUE_PRODUCTION_LATENCY_MS may be off; an encoder clock that differs by more is not believed.',
  }),
  programmeDelayMs: setting({
    name: 'FRAMECUE_PROGRAMME_DELAY_MS',
    processes: MEDIA,
    schema: wholeNumber(0, 10_000),
    default: '0',
    meaning:
      'For how many milliseconds pictures wait before they are stamped and sent to viewers, while directors see them at once in the preview: a cue then lands on the very picture that they saw. 0 means no wait, and no preview of its own.',
  }),
  programmeDelayBytes: setting({
    name: 'FRAMECUE_PROGRAMME_DELAY_BYTES',
    processes: MEDIA,
    schema: wholeNumber(1_048_576, 1_073_741_824),
    default: '67108864',
    meaning:
      'The most bytes that may wait so, for each stream; past them the oldest pictures leave before their time, which is counted.',
  }),
  previewViewers: setting({
    name: 'FRAMECUE_PREVIEW_VIEWERS',
    processes: MEDIA,
    schema: wholeNumber(1, 1_000),
    default: '8',
    meaning: 'How many may watch ahead of the programme delay at a time, of all streams together.',
  }),
  writeMisb: setting({
    name: 'FRAMECUE_WRITE_MISB',
    processes: MEDIA,
    schema: oneOf(['off', 'keyframe', 'frame']),
    default: 'off',
    meaning:
      "Which access units get a precision time stamp (MISB ST 0604) where capture time is known and the encoder sends none; an encoder's own is always kept.",
  }),
  cueRepeat: setting({
    name: 'FRAMECUE_CUE_REPEAT',
    processes: MEDIA,
    schema: wholeNumber(0, 100),
    default: '4',
    meaning: 'On how many frames after its own a cue is repeated where the request does not say.',
  }),
  cueAnnounceMs: setting({
    name: 'FRAMECUE_CUE_ANNOUNCE_MS',
    processes: MEDIA,
    schema: wholeNumber(0, 60_000),
    default: '2000',
    meaning:
      'How many milliseconds ahead a cue is announced where its time is known and the request does not say.',
  }),
  cueOpenLimit: setting({
    name: 'FRAMECUE_CUE_OPEN_LIMIT',
    processes: MEDIA,
    schema: wholeNumber(1, 100),
    default: '16',
    meaning:
      'How many cues of one stream may stand on its keyframes at a time; one more interaction is refused, one more cue without a window of its own is not put on keyframes.',
  }),
  cuePendingLimit: setting({
    name: 'FRAMECUE_CUE_PENDING_LIMIT',
    processes: MEDIA,
    schema: wholeNumber(1, 10_000),
    default: '200',
    meaning: 'How many cues of one stream may wait for their frame at a time.',
  }),
  cueRate: setting({
    name: 'FRAMECUE_CUE_RATE',
    processes: MEDIA,
    schema: wholeNumber(1, 100_000),
    default: '20',
    meaning: 'How many cues one token may mark on one stream per second.',
  }),
  cueExpMs: setting({
    name: 'FRAMECUE_CUE_EXP_MS',
    processes: MEDIA,
    schema: wholeNumber(1_000, DAY_MS),
    default: '30000',
    meaning:
      'How many milliseconds after its moment and its duration a cue can still fire for viewers who are behind; no recording fires it later.',
  }),
  cueOpenMs: setting({
    name: 'FRAMECUE_CUE_OPEN_MS',
    processes: MEDIA,
    schema: wholeNumber(1_000, DAY_MS),
    default: '600000',
    meaning:
      'For how many milliseconds an interaction that was opened without durationMs can still open for viewers who join, unless it is locked.',
  }),
  cueLateMs: setting({
    name: 'FRAMECUE_CUE_LATE_MS',
    processes: MEDIA,
    schema: wholeNumber(0, HOUR_MS),
    default: '30000',
    meaning: 'How many milliseconds ago the moment asked for may be; a cue for an older one is refused.',
  }),
  cueAheadMs: setting({
    name: 'FRAMECUE_CUE_AHEAD_MS',
    processes: MEDIA,
    schema: wholeNumber(1_000, 30 * DAY_MS),
    default: String(DAY_MS),
    meaning: 'How many milliseconds ahead a cue can be scheduled.',
  }),
  cueKeepDays: setting({
    name: 'FRAMECUE_CUE_KEEP_DAYS',
    processes: MEDIA,
    schema: wholeNumber(1, 3_650),
    default: '30',
    meaning: 'For how many days the cue log keeps entries of cues that are over.',
  }),
  cueKeepEntries: setting({
    name: 'FRAMECUE_CUE_KEEP_ENTRIES',
    processes: MEDIA,
    schema: wholeNumber(100, 10_000_000),
    default: '100000',
    meaning: 'How many entries the cue log keeps at most, beside those of cues that are not over.',
  }),
  feedSubscribers: setting({
    name: 'FRAMECUE_FEED_SUBSCRIBERS',
    processes: MEDIA,
    schema: wholeNumber(1, 10_000),
    default: '64',
    meaning: 'How many backends may follow the cue feed at a time.',
  }),
  feedQueueBytes: setting({
    name: 'FRAMECUE_FEED_QUEUE_BYTES',
    processes: MEDIA,
    schema: wholeNumber(16_384, 1_073_741_824),
    default: '1048576',
    meaning:
      'How many bytes may wait for one follower of the cue feed before it is cut; it resumes where it was.',
  }),
  consoles: setting({
    name: 'FRAMECUE_CONSOLES',
    processes: MEDIA,
    schema: wholeNumber(1, 10_000),
    default: '64',
    meaning: 'How many consoles and stage screens may be connected at a time.',
  }),
  consoleQueueBytes: setting({
    name: 'FRAMECUE_CONSOLE_QUEUE_BYTES',
    processes: MEDIA,
    schema: wholeNumber(16_384, 1_073_741_824),
    default: '1048576',
    meaning: 'How many bytes may wait for one console before it is cut; it begins again with a snapshot.',
  }),

  // recordings
  audit: setting({
    name: 'FRAMECUE_AUDIT',
    processes: MEDIA,
    schema: oneOf(['on', 'off']),
    default: 'on',
    meaning:
      'Whether media reads its own outputs back, and those named, and notes in each receipt what they carry.',
  }),
  auditUrls: setting({
    name: 'FRAMECUE_AUDIT_URLS',
    processes: MEDIA,
    schema: list(
      text(
        /^(?:(?:[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64})?(?:@[A-Za-z0-9][A-Za-z0-9._-]{0,31})?=)?(?:https?|wss?):\/\/\S+$/,
        'give URL, APP/NAME=URL or APP/NAME@LABEL=URL with http, https, ws or wss',
      ),
    ),
    default: null,
    secret: true,
    meaning:
      'Outputs elsewhere that are read back, between commas, each as [APP/NAME][@LABEL]=URL or a URL alone: HTTP-FLV, WebSocket-FLV, an HLS playlist or a master with all its renditions; unset means none.',
  }),
  auditOutputs: setting({
    name: 'FRAMECUE_AUDIT_OUTPUTS',
    processes: MEDIA,
    schema: wholeNumber(0, 64),
    default: '16',
    meaning:
      'How many named outputs are read back at a time, of all streams together; a master playlist counts as one.',
  }),
  auditTimeoutMs: setting({
    name: 'FRAMECUE_AUDIT_TIMEOUT_MS',
    processes: MEDIA,
    schema: wholeNumber(5_000, HOUR_MS),
    default: '60000',
    meaning:
      'How many milliseconds after its picture a cue is looked for in an output; longer than the slowest output is behind.',
  }),
  record: setting({
    name: 'FRAMECUE_RECORD',
    processes: MEDIA,
    schema: oneOf(['off', 'always']),
    default: 'off',
    meaning:
      'With always every stream is recorded from its first packet on, for replays; off means only when asked to.',
  }),
  recordQuota: setting({
    name: 'FRAMECUE_RECORD_QUOTA',
    processes: MEDIA,
    schema: wholeNumber(1_048_576, 900_000_000_000_000),
    default: '21474836480',
    meaning: 'How many bytes all recorded shows in FRAMECUE_DATA_DIR may take; at the limit recording stops.',
  }),
  recordDeleteOldest: setting({
    name: 'FRAMECUE_RECORD_DELETE_OLDEST',
    processes: MEDIA,
    schema: flag,
    default: '0',
    meaning: 'With 1 the oldest recorded shows are deleted to make room, in place of stopping at the quota.',
  }),

  // both processes as services
  clockPeers: setting({
    name: 'FRAMECUE_CLOCK_PEERS',
    processes: BOTH,
    schema: list(
      text(
        /^(?:ntp:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\/?|https?:\/\/[A-Za-z0-9.:[\]_-]+(?:\/[A-Za-z0-9._~/-]*)?)$/,
        'give ntp://HOST[:PORT] or http(s)://HOST[:PORT]',
      ),
    ),
    default: null,
    meaning:
      "Clocks that this machine's is held against, between commas: ntp://HOST[:PORT] (SNTP), or http(s)://HOST[:PORT] of another framecue events service or of any web server; unset means none.",
  }),
  bodyLimitBytes: setting({
    name: 'FRAMECUE_BODY_LIMIT_BYTES',
    processes: BOTH,
    schema: wholeNumber(1_024, 10_485_760),
    default: '16384',
    meaning: 'The most bytes that a request body may have.',
  }),
  storeQueue: setting({
    name: 'FRAMECUE_STORE_QUEUE',
    processes: BOTH,
    schema: wholeNumber(1, 10_000_000),
    default: '20000',
    meaning: 'How many writes may wait for the store; one more is answered 503 with Retry-After.',
  }),
  storeTimeoutMs: setting({
    name: 'FRAMECUE_STORE_TIMEOUT_MS',
    processes: BOTH,
    schema: wholeNumber(100, 600_000),
    default: '5000',
    meaning: 'After how many milliseconds a write that the store has not committed is answered 503.',
  }),
  gatewayLimit: setting({
    name: 'FRAMECUE_GATEWAY_LIMIT',
    processes: EVENTS,
    schema: wholeNumber(0, 1_000_000),
    default: '10000',
    meaning:
      'How many WebSocket connections the gateway takes at a time; one more is answered 503 and its client asks by requests.',
  }),
  viewerSpreadCapMs: setting({
    name: 'FRAMECUE_VIEWER_SPREAD_CAP_MS',
    processes: BOTH,
    schema: wholeNumber(0, 600_000),
    default: '15000',
    meaning:
      'How many milliseconds behind the stream a viewer may be and still answer in full after the lock; claims beyond it are cut to it, and no rundown reveals sooner.',
  }),
  delayReportsPerSecond: setting({
    name: 'FRAMECUE_DELAY_REPORTS',
    processes: EVENTS,
    schema: wholeNumber(0, 20_000),
    default: '300',
    meaning:
      "About how many reports of viewers' delays a second are asked for, of however many viewers; with 0 none, and no spread is shown.",
  }),
  demo: setting({
    name: 'FRAMECUE_DEMO',
    processes: BOTH,
    schema: flag,
    default: '0',
    meaning: 'With 1 the events process gives anybody a viewer token: for demonstrations only.',
  }),
  mediaNice: setting({
    name: 'FRAMECUE_MEDIA_NICE',
    processes: MEDIA,
    schema: raisedNice,
    default: '-10',
    meaning:
      'The nice value that media asks the system for, so that pictures do not wait for a processor: -20 is served first, 0 asks for none. Needs root, CAP_SYS_NICE or RLIMIT_NICE; refused, it says so in its log and goes on.',
  }),
  logLevel: setting({
    name: 'FRAMECUE_LOG_LEVEL',
    processes: BOTH,
    schema: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    meaning: 'The least serious level that is logged; debug adds every request.',
  }),
  ffmpeg: setting({
    name: 'FRAMECUE_FFMPEG',
    processes: SCRIPTS,
    schema: path,
    default: null,
    meaning:
      'The ffmpeg that demo, tests and benchmarks use; unset means the one that set-up finds or installs.',
  }),
  ffprobe: setting({
    name: 'FRAMECUE_FFPROBE',
    processes: SCRIPTS,
    schema: path,
    default: null,
    meaning: 'The ffprobe that tests use; unset means the one that set-up finds or installs.',
  }),
  chromium: setting({
    name: 'FRAMECUE_CHROMIUM',
    processes: SCRIPTS,
    schema: path,
    default: null,
    meaning: 'The Chrome or Chromium that tests use; unset means the one that set-up finds or installs.',
  }),
  testMinutes: setting({
    name: 'FRAMECUE_TEST_MINUTES',
    processes: SCRIPTS,
    schema: wholeNumber(1, 1_440),
    default: '75',
    meaning: 'The most minutes that npm test may take.',
  }),
  setupMinutes: setting({
    name: 'FRAMECUE_SETUP_MINUTES',
    processes: SCRIPTS,
    schema: wholeNumber(1, 1_440),
    default: '15',
    meaning: 'The most minutes that one installation of the set-up may take.',
  }),
  stopGraceMs: setting({
    name: 'FRAMECUE_STOP_GRACE_MS',
    processes: BOTH,
    schema: wholeNumber(0, 600_000),
    default: '5000',
    meaning: 'For how many milliseconds open requests may go on when the server is told to stop.',
  }),
} as const;
