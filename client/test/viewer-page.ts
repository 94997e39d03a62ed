import type { Page } from 'playwright-core';
import type {
  Answer,
  CloseReason,
  CueOutcome,
  FiredCue,
  Framecue,
  FramecueStats,
  FramecueStatus,
  MpegtsPlayer,
  SubmitOutcome,
} from '../src/index.ts';
import { STREAM } from './stamped-stream.ts';

export interface Seen {
  readonly fired: readonly (FiredCue & { readonly picture: number | null; readonly mediaTime: number })[];
  readonly closed: readonly { readonly id: string; readonly why: CloseReason }[];
  readonly outcomes: readonly CueOutcome[];
  readonly statuses: readonly FramecueStatus[];
  readonly errors: readonly string[];
}

interface InPage {
  readonly fired: (FiredCue & { picture: number | null; mediaTime: number })[];
  readonly closed: { id: string; why: CloseReason }[];
  readonly outcomes: CueOutcome[];
  readonly statuses: FramecueStatus[];
  readonly errors: string[];
  framecue: Framecue;
  detach: () => void;
  player: MpegtsPlayer & { destroy(): void };
}

/** Where `window` keeps what the functions below use. */
declare global {
  var viewer: InPage;
  var framecueClient: typeof import('../src/index.ts');
  var barcode: typeof import('../../test-streams/barcode.ts');
  var Hls: typeof import('hls.js');
  var HlsLight: typeof import('hls.js');
  var mpegts: {
    Events: object;
    createPlayer(
      source: object,
      config: object,
    ): MpegtsPlayer & {
      attachMediaElement(video: HTMLVideoElement): void;
      load(): void;
      play(): Promise<void>;
      destroy(): void;
    };
  };
}

export interface ViewerOptions {
  readonly eventsUrl: string;
  readonly token?: string;
  readonly reportShare?: number;
  readonly poll?: { readonly fallbackMs?: number; readonly safetyMs?: number } | false;
}

export type Play =
  | { readonly kind: 'flv' | 'ws'; readonly url: string; readonly worker?: boolean }
  | { readonly kind: 'hls'; readonly url: string; readonly light?: boolean };

/** Modules as properties of `window`; `import()` in an evaluated function would be rewritten by the test runner. */
async function loadModules(page: Page, modules: Readonly<Record<string, string>>): Promise<void> {
  const names = Object.keys(modules);
  const imports = names.map((name) => `import * as ${name} from '${modules[name]}';`);
  const content = `${imports.join('\n')}\nObject.assign(globalThis, { ${names.join(', ')} });`;
  await page.addScriptTag({ type: 'module', content });
  await page.waitForFunction((last) => last in globalThis, names.at(-1)!, { timeout: 15_000 });
}

/** The library in a page, with all that it says kept in `window.viewer`. */
export async function openViewer(page: Page, options: ViewerOptions): Promise<void> {
  await loadModules(page, { framecueClient: '/client/index.js', barcode: '/client/barcode.js' });
  await page.evaluate(
    ({ options, stream }) => {
      const { createFramecue } = globalThis.framecueClient;
      const { readBarcode, rgbaPicture } = globalThis.barcode;
      const video = document.querySelector('video')!;
      const canvas = new OffscreenCanvas(640, 360);
      const context = canvas.getContext('2d', { willReadFrequently: true })!;
      const pictureNow = (): number | null => {
        if (video.readyState < 2) return null;
        context.drawImage(video, 0, 0, 640, 360);
        return readBarcode(rgbaPicture(context.getImageData(0, 0, 640, 360))).frame ?? null;
      };
      const errors: string[] = [];
      addEventListener('error', (event) => errors.push(event.message));
      addEventListener('unhandledrejection', (event) => errors.push(String(event.reason)));
      const { token, ...rest } = options;
      const viewer = { fired: [], closed: [], outcomes: [], statuses: [], errors } as unknown as InPage;
      viewer.framecue = createFramecue({
        ...rest,
        stream,
        ...(token === undefined ? {} : { token: () => token }),
        onCue: (cue) => viewer.fired.push({ ...cue, picture: pictureNow(), mediaTime: video.currentTime }),
        onClose: (cue, why) => viewer.closed.push({ id: cue.id, why }),
        onOutcome: (outcome) => viewer.outcomes.push(outcome),
        onStatus: (status) => viewer.statuses.push(status),
      });
      globalThis.viewer = viewer;
    },
    { options, stream: STREAM },
  );
}

/** The player that is asked for and no other: each is large, and every page loads its own. */
async function loadPlayer(page: Page, what: Play): Promise<void> {
  if (what.kind !== 'hls') {
    if (!(await page.evaluate(() => 'mpegts' in globalThis))) {
      await page.addScriptTag({ url: '/mpegts/mpegts.js' });
    }
  } else if (what.light === true) await loadModules(page, { HlsLight: '/hls.js/hls.light.mjs' });
  else await loadModules(page, { Hls: '/hls.js/hls.mjs' });
}

/** Plays with the page's own player. @param start false: loads and does not play, as a blocked autoplay */
export async function play(page: Page, what: Play, start = true): Promise<void> {
  await loadPlayer(page, what);
  await page.evaluate(
    async ({ what, start }) => {
      const video = document.querySelector('video')!;
      const { viewer } = globalThis;
      if (what.kind === 'hls') {
        const { default: Hls } = what.light === true ? globalThis.HlsLight : globalThis.Hls;
        const hls = new Hls();
        viewer.detach = viewer.framecue.attachHls(hls, video, Hls);
        hls.loadSource(what.url);
        hls.attachMedia(video);
      } else {
        const { mpegts } = globalThis;
        const player = mpegts.createPlayer(
          { type: 'flv', isLive: true, url: what.url },
          {
            enableWorker: what.worker === true,
            enableStashBuffer: false,
            liveSync: true,
            liveSyncMaxLatency: 0.8,
            liveSyncTargetLatency: 0.4,
          },
        );
        viewer.detach = viewer.framecue.attachMpegts(player, video, mpegts);
        viewer.player = player;
        player.attachMediaElement(video);
        player.load();
      }
      if (start) await video.play();
    },
    { what, start },
  );
}

export const seen = (page: Page): Promise<Seen> =>
  page.evaluate(() => {
    const { fired, closed, outcomes, statuses, errors } = globalThis.viewer;
    return { fired, closed, outcomes, statuses, errors };
  });

export const stats = (page: Page): Promise<FramecueStats> =>
  page.evaluate(() => globalThis.viewer.framecue.stats());

export const submit = (page: Page, id: string, answer: Answer): Promise<SubmitOutcome> =>
  page.evaluate(
    ({ id, answer }) => {
      const { fired, framecue } = globalThis.viewer;
      return framecue.submit(fired.find((cue) => cue.id === id)!, answer);
    },
    { id, answer },
  );

/** Waits, in the page, until so many cues have fired. */
export const untilFired = async (page: Page, count: number, timeoutMs = 15_000): Promise<Seen> => {
  await page.waitForFunction((n) => globalThis.viewer.fired.length >= n, count, { timeout: timeoutMs });
  return seen(page);
};

export const untilOutcomes = async (page: Page, count: number, timeoutMs = 15_000): Promise<Seen> => {
  await page.waitForFunction((n) => globalThis.viewer.outcomes.length >= n, count, { timeout: timeoutMs });
  return seen(page);
};

/** The player shows pictures, and stamps have told where it is. */
export const untilPlaying = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => globalThis.viewer.framecue.streamTime() !== null, undefined, {
    timeout: 15_000,
  });
