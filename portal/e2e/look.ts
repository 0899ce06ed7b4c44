// Looking at a page: as a picture, as axe sees it, once it is settled.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from '@playwright/test';
import { expect, watch } from './watch';

const root = join(import.meta.dirname, '..');
const passing = join(root, 'test-results/screenshots');
/** Set to write the pictures that the documentation shows; otherwise all of them are for looking at only. */
const lasting = process.env['WEIR_SCREENSHOTS'] ? join(root, '../docs/screenshots') : passing;
for (const folder of [passing, lasting]) mkdirSync(folder, { recursive: true });

export const schemes = ['light', 'dark'] as const;

/** A picture of a page for the documentation. */
export const picture = (page: Page, name: string) => shoot(page, join(lasting, `${name}.png`));

/** A picture of a state that somebody should look at once in a while. */
export const look = (page: Page, name: string) => shoot(page, join(passing, `${name}.png`));

/** The highest window that a picture is taken of. A page beyond that is shown as it begins. */
const highest = 2_600;

/** The whole page at once: the window is made as high as the page, since parts of it stick to the window's edge. */
async function shoot(page: Page, path: string) {
  const size = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  if (size && height <= highest)
    await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) });
  await page.screenshot({ path, animations: 'disabled' });
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
