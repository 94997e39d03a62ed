import type { Page } from 'playwright-core';
import { until } from './api.ts';

/** Tab by Tab, as a person does: until what has the focus (its tag and text) begins like that. */
export const tabTo = (page: Page, wanted: string, timeoutMs: number, key = 'Tab'): Promise<true> =>
  until(`the focus is on ${wanted}`, timeoutMs, async () => {
    await page.keyboard.press(key);
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      return `${element?.tagName} ${element?.textContent?.trim() ?? ''}`;
    });
    return focus.startsWith(wanted) ? true : null;
  });
