import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { System } from './system.ts';

export interface OpenStage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page threw. */
  readonly errors: string[];
}

export interface StageLook {
  readonly width?: number;
  readonly height?: number;
  /** Of the address: `standby=1&name=Spare`. */
  readonly query?: string;
  readonly ticket?: string | null;
}

/** A stage screen in a browser profile of its own, with a finger in the place of a mouse. */
export async function openStage(
  browser: Browser,
  system: System,
  { width = 1024, height = 768, query = 'name=Wall', ticket = null }: StageLook = {},
): Promise<OpenStage> {
  // Our own script looks at the page beside the page's: its policy lets no other in.
  const context = await browser.newContext({ viewport: { width, height }, hasTouch: true, bypassCSP: true });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const { pages } = await system.run();
  await page.goto(`${pages.stage}?${query}${ticket === null ? '' : `#ticket=${ticket}`}`);
  return { page, context, errors };
}

export async function makeTicket(system: System, name = 'Wall'): Promise<string> {
  const { api } = system;
  const { body } = await api.media<{ token: string }>('POST', `${api.streamPath}/stage/tickets`, { name });
  return body.token;
}

export const giveLeave = async (system: System, body: object): Promise<number> =>
  (await system.api.media('PUT', `${system.api.streamPath}/stage/leave`, body)).status;

export const showView = async (system: System, view: string, text: string | null = null): Promise<void> => {
  await system.api.media('PUT', `${system.api.streamPath}/stage/show`, { view, text });
};

export const armCue = (system: System, id: string, more: object = {}) =>
  system.api.mark({ id, type: 'product.card', data: { card: id }, armed: true, ...more });
