import { type Browser, chromium } from 'playwright-core';
import { chromiumPath } from '../../scripts/lib/tools.ts';

/** A name that is not localhost, and leads here: pages on it are no secure context. */
export const INSECURE_HOST = 'framecue.test';

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    timeout: 60_000,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--autoplay-policy=no-user-gesture-required',
      `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
    ],
  });
