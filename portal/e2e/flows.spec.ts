// What a new user runs into: changes that clash, the way back, long names, rows walked by keyboard, folded filters.
import { accessible, look, open, picture, schemes, settled } from './look';
import { startStage, stopStage } from './stage';
import type { Vendor } from './vendor';
import { expect, signIn, test, watch } from './watch';
import { person, type Weir } from './weir';

let weir: Weir;
let vendor: Vendor;
test.beforeAll(async ({ browser }) => {
  ({ weir, vendor } = await startStage(browser));
});
test.afterAll(() => stopStage({ weir, vendor }));

test('an earlier version comes back, and the address keeps the view', async ({ page }) => {
  const faults = watch(page, weir.portal);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/model-routes/fast`);
  const description = page.getByLabel('Description');
  await description.fill('Slow and dear');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  await description.fill('Slow, dear and wrong');
  await page.getByRole('tab', { name: 'History' }).click();
  await page.waitForURL('**/model-routes/fast?tab=history');
  // What is not saved is still there, and going back would lose it.
  await expect(page.getByRole('button', { name: 'Restore' }).first()).toBeDisabled();
  await page.getByRole('tab', { name: 'Fields' }).click();
  await expect(description).toHaveValue('Slow, dear and wrong');
  await description.fill('Slow and dear');
  await page.getByRole('tab', { name: 'History' }).click();
  await page.reload();
  const first = page.getByRole('row', { name: /create/ });
  await first.getByRole('button', { name: 'Restore' }).click();
  const dialog = page.getByRole('dialog', { name: 'Restore version 1?' });
  await expect(dialog).toContainText('Slow and dear');
  await expect(dialog).toContainText('Quick and cheap');
  await accessible(page, 'restore');
  await look(page, 'restore');
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByText('Version 1 was restored and is live')).toBeVisible();
  await expect(page.getByRole('row', { name: /rollback/ })).toContainText('current');
  await picture(page, 'history');
  await page.getByRole('tab', { name: 'Fields' }).click();
  await expect(description).toHaveValue('Quick and cheap');
  expect(faults).toEqual([]);
});

test('an id that is taken is refused at its field', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/new`);
  await page.getByLabel('Id', { exact: false }).first().fill('mobile-app');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('textbox', { name: 'Id' })).toHaveAccessibleDescription(/taken/);
  await look(page, 'id-taken');
});

test('a resource that is deleted meanwhile says so, and the changes stay', async ({ page }) => {
  await weir.admin('POST', '/applications', { id: 'short-lived', spec: { models: ['*'], services: [] } });
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/short-lived`);
  await page.getByLabel('Description').fill('Written in vain?');
  await fetch(`${weir.portal}/api/v1/applications/short-lived`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${weir.token()}`, 'if-match': '*' },
  });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('was deleted while you edited it');
  await expect(page.getByLabel('Description')).toHaveValue('Written in vain?');
});

test('rows are walked and opened by keyboard, and back keeps the filter', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/requests`);
  await page.locator('tbody tr').first().waitFor();
  await page.keyboard.press('/');
  await expect(page.getByRole('textbox', { name: 'Search' })).toBeFocused();
  await page.getByRole('combobox', { name: 'Application' }).fill('mobile-app');
  await page.waitForURL('**/requests?application=mobile-app');
  await page.locator('tbody tr').first().getByRole('link').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await expect(page.locator('tbody tr').nth(1).getByRole('link')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Why this answer' }).waitFor();
  await page.goBack();
  await expect(page.getByRole('combobox', { name: 'Application' })).toHaveValue('mobile-app');
  // The whole row leads to its page.
  await page.locator('tbody tr').first().getByRole('cell').last().click();
  await page.getByRole('heading', { name: 'Why this answer' }).waitFor();
});

test('back and forward go through what was chosen', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/usage`);
  await page.getByText('7 days', { exact: true }).click();
  await page.getByText('Errors', { exact: true }).first().click();
  await page.waitForURL(/range=7d.*show=errors/);
  await page.goBack();
  await expect(page.getByRole('radio', { name: 'Cost' })).toBeChecked();
  await expect(page.getByRole('radio', { name: '7 days' })).toBeChecked();
  await page.goForward();
  await expect(page.getByRole('radio', { name: 'Errors' })).toBeChecked();
  await page.goto(`${weir.portal}/requests`);
  await page.getByRole('combobox', { name: 'Time range' }).click();
  await page.getByRole('option', { name: 'Last hour' }).click();
  await page.waitForURL('**/requests?range=1h');
  await expect(page.locator('tbody tr').nth(5)).toBeVisible();
  await page.getByRole('combobox', { name: 'Model' }).fill('private');
  await page.waitForURL(/model=private/);
  await page.goBack();
  await page.waitForURL(/\/requests$/);
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue('');
});

test('a server that is away is said, and the page mends itself', async ({ page, context }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications`);
  await expect(page.getByRole('link', { name: 'Mobile app' })).toBeVisible();
  await context.setOffline(true);
  await page.getByRole('link', { name: 'Mobile app' }).click();
  await expect(page.getByRole('alert').first()).toContainText('Weir cannot be reached', { timeout: 15_000 });
  await accessible(page, 'away');
  await look(page, 'away');
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await expect(page.getByRole('heading', { name: 'Mobile app' })).toBeVisible();
});

test('a session that ends while somebody edits is renewed in place, and the changes are saved', async ({
  page,
  context,
}) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/night-batch`);
  await page.getByLabel('Description').fill('Typed before the session ended');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(dialog.getByLabel('E-mail')).toHaveValue(person.email);
  await accessible(page, 'session ended');
  await picture(page, 'session-ended');
  await dialog.getByLabel('Password', { exact: true }).fill(person.password);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  const kept = await weir.admin<{ spec: { description: string } }>('GET', '/applications/night-batch');
  expect(kept.spec.description).toBe('Typed before the session ended');
});

const long = {
  name: 'Reconciliation-of-nightly-settlement-batches-for-the-northern-and-southern-regions '.repeat(2).trim(),
  id: 'reconciliation-of-nightly-settlement-batches-for-the-north-1',
};

test('long names break nothing', async ({ page }) => {
  await weir.admin('POST', '/providers', { id: long.id, spec: { name: long.name, protocol: 'demo' } });
  await weir.admin('POST', '/model-routes', {
    id: long.id,
    spec: { description: long.name, targets: [{ provider: long.id, model: 'demo-small' }] },
  });
  await weir.admin('POST', '/applications', {
    id: long.id,
    spec: { name: long.name, description: long.name, models: [`${long.id}/*`, 'fast', '*'], services: ['*'] },
  });
  await weir.admin('POST', `/applications/${long.id}/keys`, { name: long.name.slice(0, 100) });
  await signIn(page, weir);
  for (const width of [1360, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const collection of ['applications', 'providers', 'model-routes']) {
      for (const path of [collection, `${collection}/${long.id}`, `${collection}/${long.id}?tab=history`]) {
        await page.goto(`${weir.portal}/${path}`);
        await settled(page);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(`${path} at ${width}: ${Math.max(over, 0)}`).toBe(`${path} at ${width}: 0`);
        await look(page, `long-${path.replace(/[/?=]/g, '-').replace(long.id, 'one')}-${width}`);
      }
    }
  }
});

for (const scheme of schemes) {
  test(`axe finds nothing in what opens over a page, ${scheme}`, async ({ browser }) => {
    const { page, faults } = await open(browser, weir.portal, scheme);
    // What is still fading in has colours of its own.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await signIn(page, weir);
    const opened = async (name: string) => {
      await accessible(page, name);
      await look(page, `${name}-${scheme}`);
      await page.keyboard.press('Escape');
    };
    await page.getByRole('button', { name: person.name }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await opened('user-menu');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to' }).waitFor();
    await opened('palette');
    await page.goto(`${weir.portal}/requests`);
    await page.getByRole('combobox', { name: 'Outcome' }).click();
    await page.getByRole('option', { name: 'timeout' }).waitFor();
    await opened('select');
    await page.getByRole('combobox', { name: 'Model' }).fill('f');
    await page.getByRole('option', { name: 'fast' }).waitFor();
    await opened('suggestions');
    await page.goto(`${weir.portal}/providers/basement`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: 'Delete basement?' }).waitFor();
    await opened('delete');
    await page.getByLabel('Name', { exact: true }).first().fill('Renamed');
    await page.getByRole('link', { name: 'Requests' }).click();
    await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
    await opened('leave');
    await page.goto(`${weir.portal}/applications/mobile-app`);
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('dialog', { name: 'Create key' }).waitFor();
    await opened('create-key');
    await page.goto(`${weir.portal}/playground?model=fast`);
    await page.getByRole('button', { name: 'View code' }).click();
    await page.getByRole('dialog', { name: 'View code' }).waitFor();
    await opened('view-code');
    await page.goto(`${weir.portal}/audit`);
    await page
      .getByText(/\d+ fields?/)
      .first()
      .click();
    await opened('audit-change');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: 'Open navigation' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Providers' }).waitFor();
    await opened('drawer');
    expect(faults).toEqual([]);
  });
}

test('a vendor through another address keeps its models and prices', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers/new?from=openai`);
  await page.getByLabel('Id', { exact: false }).first().fill('through-a-proxy');
  await page.getByLabel('Key', { exact: true }).fill('env:OPENAI_API_KEY');
  await page.getByRole('tab', { name: 'YAML' }).click();
  const yaml = page.getByRole('region', { name: 'YAML' });
  await expect(yaml).toContainText('id: through-a-proxy');
  await expect(yaml).not.toContainText('catalog:');
  await page.getByRole('tab', { name: 'Fields' }).click();
  await page.getByLabel('Base URL', { exact: true }).fill('https://proxy.example/v1');
  await page.getByRole('tab', { name: 'YAML' }).click();
  await expect(yaml).toContainText('catalog: openai');
});

test('on a phone the filters are folded, and the button says how many narrow the list', async ({ page }) => {
  await signIn(page, weir);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${weir.portal}/requests?application=mobile-app&range=24h`);
  const button = page.getByRole('button', { name: 'Filters (2 active)' });
  const model = page.getByRole('combobox', { name: 'Model' });
  await expect(model).toBeHidden();
  await button.click();
  await model.fill('private');
  await page.waitForURL(/model=private/);
  await expect(page.getByRole('button', { name: 'Filters (3 active)' })).toBeVisible();
  await settled(page);
  await accessible(page, 'filters on a phone');
  await look(page, 'phone-filters');
});

test('a credential in a header is kept like a key', async ({ page }) => {
  const headers = { 'x-gateway-token': 'canary-header-0123456789', 'x-plain': 'shown' };
  await weir.admin('POST', '/providers', {
    id: 'headed',
    spec: { protocol: 'openai', base_url: vendor.url, allow_private_address: true, headers },
  });
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers/headed`);
  await expect(page.getByLabel('Value').first()).toHaveValue(/^stored · /);
  await page.getByLabel('Name', { exact: true }).fill('With headers');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  expect(await page.content()).not.toContain('canary-header');
  const saved = await weir.admin<{ spec: { name: string; headers: Record<string, string> } }>(
    'GET',
    '/providers/headed',
  );
  expect(saved.spec.name).toBe('With headers');
  expect(saved.spec.headers['x-gateway-token']).toMatch(/^sealed:/);
  expect(saved.spec.headers['x-plain']).toBe('shown');
});

test('where a key is taken away, the others keep their own secret', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers/basement`);
  const before = await page.getByLabel('Key', { exact: true }).nth(1).inputValue();
  expect(before).toMatch(/^stored · /);
  await page.getByRole('button', { name: 'Remove key main' }).click();
  await expect(page.getByLabel('Key', { exact: true })).toHaveCount(1);
  await expect(page.getByLabel('Key', { exact: true })).toHaveValue(before);
});
