// The server of a spec: seeded, with a vendor behind it that may be slow, fail or break off.
import type { Browser, Page } from '@playwright/test';
import { seed } from './seed';
import { rightKey, Vendor } from './vendor';
import { setUp } from './watch';
import { Weir } from './weir';

export interface Stage {
  weir: Weir;
  vendor: Vendor;
}

export async function startStage(browser: Browser): Promise<Stage> {
  const [weir, vendor] = await Promise.all([Weir.start(), Vendor.start()]);
  const page = await browser.newPage();
  await setUp(page, weir);
  await page.close();
  await seed(weir);
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
