// What a call shows: why it failed or broke off, what it took, the same call as code, models side by side.
import { accessible, look, picture, settled } from './look';
import { addVendor, ask, startStage, stopStage } from './stage';
import type { Vendor } from './vendor';
import { expect, signIn, test } from './watch';
import type { Weir } from './weir';

/** A picture of one pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

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
  await expect(page.getByText(/tokens and cost are Weir's estimate/)).toBeVisible();
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
  await picture(page, 'playground-compared');
  await accessible(page, 'playground, compared');
});

test('answers that are compared stream side by side, and one that breaks leaves the others alone', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/playground?model=vendor/slow`);
  await page.getByRole('combobox', { name: 'Compare with' }).click();
  for (const name of ['vendor/failing', 'demo/demo-small'])
    await page.getByRole('option', { name, exact: true }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('Count.');
  await page.getByRole('button', { name: 'Send' }).click();
  const reply = (name: string) => page.getByRole('region', { name });
  await expect(reply('demo/demo-small').getByTestId('cost')).toContainText('$');
  await expect(reply('vendor/failing').getByRole('alert')).toContainText('overloaded');
  // The slow one is still being written meanwhile.
  await expect(reply('vendor/slow')).toHaveAttribute('aria-busy', 'true');
  await expect(reply('vendor/slow').getByTestId('answer')).toContainText('word8');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(reply('vendor/slow').getByText('Stopped.')).toBeVisible();
});

test('tools and images go along with a prompt, and a call that the model asks for is shown', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/playground?model=demo/demo-small`);
  const tools = page.getByLabel('Tools');
  await tools.fill('[{');
  await expect(tools).toHaveAccessibleDescription(/no JSON array/);
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('What is the weather here?');
  await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled();
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  await tools.fill(JSON.stringify([{ type: 'function', function: { name: 'weather', parameters } }]));
  const files = ['a.png', 'b.png'].map((name) => ({
    name,
    mimeType: 'image/png',
    buffer: Buffer.from(pixel, 'base64'),
  }));
  await page.locator('input[type=file]').setInputFiles(files);
  await page.getByRole('button', { name: 'Remove b.png' }).click();
  const sent = page.waitForRequest('**/api/v1/playground/chat');
  await page.getByRole('button', { name: 'Send' }).click();
  const [message] = (await sent).postDataJSON().messages;
  expect(message.content).toEqual([
    { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
    { type: 'text', text: 'What is the weather here?' },
  ]);
  await expect(page.getByText(/^weather\(\{.*city.*\}\)$/)).toBeVisible();
  await expect(page.getByTestId('cost')).toContainText('$');
  await accessible(page, 'playground with tools and images');
  await look(page, 'playground-tools');
});

test('a request says what was left out of it, and that its cost is unknown and why', async ({ page }) => {
  const made = await weir.admin<{ key: string }>('POST', '/applications/mobile-app/keys', { name: 'messages' });
  const body = { model: 'vendor/plain', max_tokens: 50, top_k: 3, messages: [{ role: 'user', content: 'Hi' }] };
  const call = () =>
    fetch(`${weir.gateway}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': made.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify(body),
    });
  await expect.poll(async () => (await call()).status).toBe(200);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/requests?application=mobile-app&model=vendor%2Fplain`);
  const row = page.locator('tbody tr').first();
  await expect(row).toContainText('1 dropped');
  await row.getByRole('link').click();
  await expect(page.getByText(/Left out, because vendor\/plain has no place for it: top_k\./)).toBeVisible();
  await expect(page.getByText(/The cost is unknown: not all that vendor\/plain used has a known price/)).toBeVisible();
  await accessible(page, 'request with something dropped');
  await picture(page, 'request-dropped');
});
