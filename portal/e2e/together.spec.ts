// Two people at one resource, keys that are revoked, the keyboard alone, the other language.
import { accessible, picture } from './look';
import type { Seed } from './seed';
import { startSeeded } from './stage';
import { expect, signIn, test, watch } from './watch';
import type { Weir } from './weir';

let weir: Weir;
let seeded: Seed;
test.beforeAll(async ({ browser }) => {
  ({ weir, seeded } = await startSeeded(browser));
});
test.afterAll(() => weir.stop());

test('a stale save loses nothing: both versions, field by field', async ({ browser }) => {
  const [first, second] = await Promise.all([1, 2].map(async () => (await browser.newContext()).newPage()));
  if (!first || !second) throw new Error('no browser');
  const faults = watch(second, weir.portal);
  for (const page of [first, second]) {
    await signIn(page, weir);
    await page.goto(`${weir.portal}/applications/night-batch`);
  }
  await first.getByLabel('Name', { exact: true }).fill('Batch of the first');
  await first.getByLabel('Description').fill('Runs at night');
  await first.getByRole('button', { name: 'Save' }).click();
  await expect(first.getByText('Saved and live')).toBeVisible();

  await second.getByLabel('Name', { exact: true }).fill('Batch of the second');
  await second.getByRole('switch', { name: 'Disabled' }).click({ force: true });
  await second.getByRole('button', { name: 'Save' }).click();
  const dialog = second.getByRole('dialog', { name: 'Somebody else saved first' });
  await expect(dialog).toContainText('ada@example.com changed this');
  const save = dialog.getByRole('button', { name: 'Save the merged version' });
  await expect(save).toBeDisabled();
  await accessible(second, 'merge');
  await picture(second, 'merge');
  await dialog.getByRole('radio', { name: /Mine.*Batch of the second/ }).click();
  await save.click();
  await expect(dialog).toBeHidden();

  const merged = await weir.admin<{ spec: Record<string, unknown> }>('GET', '/applications/night-batch');
  expect(merged.spec).toMatchObject({ name: 'Batch of the second', description: 'Runs at night', disabled: true });
  expect(faults).toEqual([]);
});

test('a fault that the server finds stands at its field', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers/new?from=custom`);
  await page.getByLabel('Id', { exact: false }).first().fill('broken');
  await page.getByLabel('Base URL', { exact: true }).fill('ftp://example.com');
  await page.getByRole('button', { name: 'Create' }).click();
  const secret = page.getByLabel('Key', { exact: true });
  await expect(secret).toHaveAccessibleDescription(/is empty; put the secret in/);
  await secret.fill('sk-made-up-0123456789');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByLabel('Base URL')).toHaveAccessibleDescription(/"ftp" is not spoken; use https or http/);
});

test('unsaved changes are asked about', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/mobile-app`);
  await page.getByLabel('Name', { exact: true }).fill('Renamed');
  await page.getByRole('link', { name: 'Requests' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Renamed');
  await page.getByRole('link', { name: 'Requests' }).click();
  await dialog.getByRole('button', { name: 'Discard changes' }).click();
  await page.waitForURL('**/requests');
});

test('a revoked key stops within two seconds', async ({ page }) => {
  await signIn(page, weir);
  expect((await weir.chat(seeded.key, 'fast', 'Still there?')).status).toBe(200);
  await page.goto(`${weir.portal}/applications/mobile-app`);
  await page
    .getByRole('row', { name: /production/ })
    .getByRole('button', { name: 'Revoke' })
    .click();
  const dialog = page.getByRole('dialog', { name: 'Revoke production?' });
  await expect(dialog).toContainText(/It was used for \d+ requests/);
  await accessible(page, 'revoke');
  await dialog.getByLabel('Type production to confirm').fill('production');
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByRole('row', { name: /production/ })).toContainText('revoked');
  const since = Date.now();
  await expect
    .poll(async () => (await weir.chat(seeded.key, 'fast', 'And now?')).status, { intervals: [100] })
    .toBe(401);
  expect(Date.now() - since).toBeLessThan(2_000);
});

test('a key is made, shown this once, and gone', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/night-batch`);
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog');
  await accessible(page, 'make a key');
  await dialog.getByLabel('Name').fill('laptop');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  const key = await dialog.getByTestId('secret-once').innerText();
  await accessible(page, 'the key that was made');
  await weir.admin(
    'PUT',
    '/applications/night-batch',
    { spec: { models: ['fast'], services: [] } },
    { 'if-match': '*' },
  );
  await expect.poll(async () => (await weir.chat(key, 'fast', 'Hello?')).status).toBe(200);
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await expect(page.getByRole('row', { name: /laptop/ })).toContainText('active');
  expect(await page.content()).not.toContain(key);
});

test('a provider that cannot be reached says so, and its YAML holds no secret', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers/basement`);
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText('The connection test failed.')).toBeVisible();
  await page.getByRole('tab', { name: 'YAML' }).click();
  const yaml = page.getByRole('region', { name: 'YAML' });
  await expect(yaml).toContainText('kind: Provider');
  await expect(yaml).toContainText('secret: sealed:');
  await accessible(page, 'YAML');
  expect(await page.content()).not.toContain('sk-not-a-real-key');
});

test('a model that fails says why in the playground, and nobody is signed out', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/playground?model=house-only`);
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('Anybody there?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('alert')).toContainText(/basement|reach/);
  expect(page.url()).toContain('/playground');
});

test('the first load stays below 300 KB compressed, fonts included', async ({ browser, page }) => {
  await signIn(page, weir);
  const signedIn = await page.context().storageState();
  for (const [path, storageState] of [
    ['/sign-in', undefined],
    ['/providers', signedIn],
  ] as const) {
    // A context of its own has an empty cache.
    const context = await browser.newContext({ storageState });
    const fresh = await context.newPage();
    await fresh.goto(weir.portal + path);
    await fresh.waitForLoadState('networkidle');
    await expect(fresh.getByRole('heading', { level: 1 })).toBeVisible();
    const bytes = await fresh.evaluate(() =>
      [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .map((entry) => (entry instanceof PerformanceResourceTiming ? entry.encodedBodySize : 0))
        .reduce((sum, size) => sum + size, 0),
    );
    test.info().annotations.push({ type: `bytes of ${path}`, description: String(bytes) });
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(300_000);
    await context.close();
  }
});

test('the keyboard reaches everything', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Go to' })).toBeFocused();
  await accessible(page, 'palette');
  await page.keyboard.type('play');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/playground**');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('basem');
  await expect(page.getByRole('option', { name: /Server in the basement/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/providers/basement');
  await page.goBack();
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).focus();
  await page.keyboard.type('Hello by keyboard');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('cost')).toBeVisible();
});

test('the whole portal speaks Chinese', async ({ page }) => {
  await signIn(page, weir);
  await page.getByRole('combobox', { name: 'Language' }).selectOption({ label: '中文' });
  await expect(page.getByRole('link', { name: '提供商' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await page.reload();
  await expect(page.getByRole('navigation').getByRole('link', { name: '用量与费用' })).toBeVisible();
});

test('a wrong password is refused with a sentence, and the policy forbids inline code', async ({ page }) => {
  const answer = await page.goto(`${weir.portal}/sign-in`);
  const policy = answer?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain('unsafe');
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
});
