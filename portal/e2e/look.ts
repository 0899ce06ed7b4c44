// Looking at a page: as a picture, as axe sees it, once it is settled.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from '@playwright/test';
import { expect, watch } from './watch';

/** Set to write the pictures that the documentation shows; otherwise they are for looking at only. */
const pictures = process.env['WEIR_SCREENSHOTS'] ? '../docs/screenshots' : 'test-results/screenshots';
const folder = join(import.meta.dirname, '..', pictures);
mkdirSync(folder, { recursive: true });

export const schemes = ['light', 'dark'] as const;

/** The whole page at once: the window is made as high as the page, since parts of it stick to the window's edge. */
export async function picture(page: Page, name: string) {
  const size = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  if (size) await page.setViewportSize({ width: size.width, height: Math.max(size.height, Math.min(height, 2600)) });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
  if (size) await page.setViewportSize(size);
}

export async function accessible(page: Page, name: string) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    (v) => `${name}: ${v.impact} ${v.id} ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`,
  );
  expect(found).toEqual([]);
}

export async function settled(page: Page) {
  await page.waitForLoadState('networkidle');
  await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
}

export async function open(browser: Browser, origin: string, scheme: 'light' | 'dark', width = 1360) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  return { page, faults: watch(page, origin) };
}
