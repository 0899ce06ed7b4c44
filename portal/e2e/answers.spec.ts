// What a call shows: why it failed or broke off, what it took, the same call as code, models side by side.
import { accessible, look, settled } from './look';
import { addVendor, ask, startStage, stopStage } from './stage';
import type { Vendor } from './vendor';
import { expect, signIn, test } from './watch';
import type { Weir } from './weir';

let weir: Weir;
let vendor: Vendor;
test.beforeAll(async ({ browser }) => {
  ({ weir, vendor } = await startStage(browser));
});
test.afterAll(() => stopStage({ weir, vendor }));

test('Test connection says what is wrong and how to mend it', async ({ page }) => {
  const nowhere = 'http://127.0.0.1:9/v1';
  await addVendor(weir, 'wrong-key', { base_url: vendor.url, secret: 'sk-wrong-0123456789' });
  await addVendor(weir, 'wrong-path', { base_url: vendor.url.replace('/v1', '/v2') });
  await addVendor(weir, 'nobody-there', { base_url: nowhere });
  await addVendor(weir, 'no-such-host', { base_url: 'https://vendor.invalid/v1' });
  await signIn(page, weir);
  for (const [id, sentence] of [
    ['vendor', /It works: answered in \d+ ms.*4 models/],
    ['wrong-key', /failed\. Status 401: the key was refused; check it/],
    ['wrong-path', /nothing at that address.*check base_url/],
    ['nobody-there', /refused|no connection/i],
    ['no-such-host', /vendor\.invalid|resolve|name/i],
  ] as const) {
    await page.goto(`${weir.portal}/providers/${id}`);
    await page.getByRole('button', { name: 'Test connection' }).click();
    const result = page.locator('[aria-live="polite"]').filter({ hasText: /It works|failed/ });
    await expect(result).toContainText(sentence);
    await look(page, `test-${id}`);
    if (id === 'wrong-key') await accessible(page, 'a connection test that failed');
  }
});

test('an answer can be stopped, and what has come stays', async ({ page }) => {
  await signIn(page, weir);
  await ask(page, weir, 'vendor/slow', 'Count.');
  await expect(page.getByTestId('answer')).toContainText('word5');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped.')).toBeVisible();
  await expect(page.getByTestId('answer')).toContainText('word5');
  await expect(page.getByRole('link', { name: 'view', exact: true })).toBeVisible();
  await look(page, 'playground-stopped');
  await page.getByRole('link', { name: 'view', exact: true }).click();
  await expect(page.getByText('The client closed the connection before the answer was complete.')).toBeVisible();
  await look(page, 'request-stopped');
});

test('an answer that breaks says why, below what has come', async ({ page }) => {
  await signIn(page, weir);
  for (const model of ['vendor/failing', 'vendor/cutting']) {
    await ask(page, weir, model, 'Begin.');
    await expect(page.getByTestId('answer')).toContainText('word4');
    await expect(page.getByRole('alert')).toBeVisible();
    await accessible(page, model);
    await look(page, `playground-${model.replace('/', '-')}`);
  }
});

test('a cost that nobody knows is unknown, and never 0', async ({ page }) => {
  await signIn(page, weir);
  await ask(page, weir, 'vendor/plain', 'What do you cost?');
  await expect(page.getByTestId('cost')).toHaveText('unknown');
  await page.goto(`${weir.portal}/requests?model=vendor%2Fplain`);
  await expect(page.getByRole('row', { name: /vendor\/plain/ }).first()).toContainText('unknown');
  await page.goto(`${weir.portal}/usage?by=provider`);
  const row = page.getByRole('row', { name: /^vendor / });
  await expect(row).toContainText('unknown');
  await expect(row).not.toContainText('$0.00');
  await expect(page.locator('tfoot')).toContainText('≥ $');
  await expect(page.getByText(/no known price and (is|are) not in the chart/)).toBeVisible();
  await settled(page);
  await look(page, 'usage-unpriced');
  await page.goto(weir.portal);
  await settled(page);
  await look(page, 'home-unpriced');
});

test('the same call as code, in three languages, copied with one click', async ({ browser }) => {
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  await signIn(page, weir);
  await page.goto(`${weir.portal}/playground?model=fast`);
  await page.getByRole('button', { name: 'View code' }).click();
  const dialog = page.getByRole('dialog', { name: 'View code' });
  for (const [name, sign] of [
    ['curl', 'curl '],
    ['Python', 'from openai import OpenAI'],
    ['Node', "import OpenAI from 'openai'"],
  ] as const) {
    await dialog.getByRole('tab', { name }).click();
    const text = await dialog.getByRole('region', { name }).innerText();
    expect(text).toContain(sign);
    expect(text).toContain(weir.gateway);
    await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect(dialog.getByRole('button', { name: 'Copied' })).toBeVisible();
    expect((await page.evaluate(() => navigator.clipboard.readText())).trim()).toBe(text.trim());
  }
  await look(page, 'view-code');
  await context.close();
});

test('a key that ends soon says so', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/night-batch`);
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('for a trial');
  await dialog.getByRole('combobox', { name: 'Expires after' }).click();
  await page.getByRole('option', { name: '7 days' }).click();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog.getByTestId('secret-once')).toBeVisible();
  await look(page, 'key-created');
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await expect(page.getByRole('row', { name: /for a trial/ })).toContainText('expires soon');
});

test('several models are asked the same, side by side', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/playground?model=demo/demo-small`);
  await page.getByRole('combobox', { name: 'Compare with' }).click();
  await page.getByRole('option', { name: 'demo/demo-large', exact: true }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('Hello there');
  await page.getByRole('button', { name: 'Send' }).click();
  const small = page.getByRole('region', { name: 'demo/demo-small' });
  const large = page.getByRole('region', { name: 'demo/demo-large' });
  for (const reply of [small, large]) {
    await expect(reply.getByTestId('cost')).toContainText('$');
    await expect(reply.getByRole('link', { name: 'view', exact: true })).toBeVisible();
  }
  await expect(small.getByText('cheapest')).toBeVisible();
  await expect(large.getByText('cheapest')).toHaveCount(0);
  await look(page, 'playground-compared');
  await accessible(page, 'playground, compared');
});
