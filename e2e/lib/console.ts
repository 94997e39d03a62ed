import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { System } from './system.ts';

export interface OpenConsole {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page threw. */
  readonly errors: string[];
}

export interface ConsoleLook {
  readonly name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly touch?: boolean;
}

const START_MS = 30_000;

/** A director's console in a browser profile of its own, with its picture running. */
export async function openConsole(
  browser: Browser,
  system: System,
  { name = 'Anna', width = 1440, height = 900, touch = false }: ConsoleLook = {},
): Promise<OpenConsole> {
  const context = await browser.newContext({
    viewport: { width, height },
    hasTouch: touch,
    // Our own script looks at the page beside the page's: its policy lets no other in.
    bypassCSP: true,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript((given) => {
    if (localStorage.getItem('framecue.console-name') === null) {
      localStorage.setItem('framecue.console-name', given);
    }
  }, name);
  const { pages, tokens } = await system.run();
  await page.goto(`${pages.director}#token=${tokens.director}`);
  await page.locator('.pts-exact', { hasText: /\d/ }).waitFor({ timeout: START_MS });
  return { page, context, errors };
}
