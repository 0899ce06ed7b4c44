// The server of a spec: with its first person, seeded, with a vendor behind it that may be slow, fail or break off.
import type { Browser, Page } from '@playwright/test';
import { type Seed, seed } from './seed';
import { rightKey, Vendor } from './vendor';
import { setUp } from './watch';
import { Weir } from './weir';

export interface Stage {
  weir: Weir;
  vendor: Vendor;
}

/** A server whose first person is there. */
export async function startOwned(browser: Browser): Promise<Weir> {
  const weir = await Weir.start();
  const page = await browser.newPage();
  await setUp(page, weir);
  await page.close();
  return weir;
}

/** The same with something to look at. */
export async function startSeeded(browser: Browser): Promise<{ weir: Weir; seeded: Seed }> {
  const weir = await startOwned(browser);
  return { weir, seeded: await seed(weir) };
}

export async function startStage(browser: Browser): Promise<Stage> {
  const [{ weir }, vendor] = await Promise.all([startSeeded(browser), Vendor.start()]);
  await addVendor(weir, 'vendor', { base_url: vendor.url });
  return { weir, vendor };
}

export const stopStage = ({ weir, vendor }: Stage) => Promise.all([weir.stop(), vendor.stop()]);

export function addVendor(
  weir: Weir,
  id: string,
  { base_url, secret = rightKey }: { base_url: string; secret?: string },
) {
  const models = ['plain', 'slow', 'failing', 'cutting'].map((model) => ({ id: model }));
  const spec = { protocol: 'openai', base_url, allow_private_address: true, keys: [{ id: 'main', secret }], models };
  return weir.admin('POST', '/providers', { id, spec });
}

/** Asks a model in the playground. */
export async function ask(page: Page, weir: Weir, model: string, prompt: string) {
  await page.goto(`${weir.portal}/playground?model=${model}`);
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill(prompt);
  await page.getByRole('button', { name: 'Send' }).click();
}
