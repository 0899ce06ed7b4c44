// The editor of conflict policies: presets, faults at their fields, what is saved; and which answers clashed, by route.
import { accessible, open, picture, schemes, settled } from './look';
import { startOwned } from './stage';
import { Upstream } from './upstream';
import { expect, signIn, test, watch } from './watch';
import type { Weir } from './weir';

let weir: Weir;
let upstream: Upstream;
test.beforeAll(async ({ browser }) => {
  [weir, upstream] = await Promise.all([startOwned(browser), Upstream.start()]);
  const targets = [{ url: upstream.url }];
  await weir.admin('POST', '/upstreams', { id: 'orders', spec: { targets, allow_private_address: true } });
  const service = { name: 'Orders', base_path: '/shop', upstream: 'orders', auth: 'public' };
  await weir.admin('POST', '/services', { id: 'orders', spec: service });
  const route = { service: 'orders', path: '/orders/{id}', methods: ['GET', 'PUT'] };
  await weir.admin('POST', '/routes', { id: 'order', spec: route });
});
test.afterAll(() => Promise.all([weir.stop(), upstream.stop()]));

const saved = () => weir.admin<{ spec: { conflict?: unknown } }>('GET', '/routes/order');

test('a preset protects updates: it is saved, and the gateway asks for If-Match from then on', async ({ page }) => {
  const faults = watch(page, weir.portal);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/routes/order`);
  await page.getByRole('button', { name: 'Protect updates (ETags, If-Match)' }).click();
  const conditions = page.getByRole('group', { name: 'Conditions of writes' });
  await expect(conditions.getByRole('switch', { name: /preconditions/ })).toBeChecked();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  const { spec } = await saved();
  expect(spec.conflict).toMatchObject({
    validators: {},
    preconditions: { require: { any_of: ['if-match'] }, evaluate: 'gateway' },
    lost_update: {},
  });
  await expect.poll(() => status('PUT')).toBe(428);
  expect(faults).toEqual([]);
});

const status = async (method: string) => {
  const body = method === 'PUT' ? '{"n":1}' : undefined;
  return (await fetch(`${weir.gateway}/shop/orders/42`, { method, body })).status;
};

test('refused requests are counted by status and route', async ({ page }) => {
  await signIn(page, weir);
  await expect.poll(() => status('PUT')).toBe(428);
  await page.goto(`${weir.portal}/conflicts?show=answers&range=1h`);
  const row = page.getByRole('region', { name: 'By route' }).getByRole('row', { name: /order/ });
  // The row of a request is written within a second.
  await expect(async () => {
    await page.reload();
    await expect(row).toContainText(/\d/, { timeout: 2_000 });
  }).toPass();
  await row.getByRole('link', { name: 'order' }).click();
  await page.waitForURL('**/routes/order');
});

test('what cannot be read is said at its field, and goes when it is mended', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/routes/order`);
  await page.getByRole('button', { name: 'Locks for people' }).click();
  const lock = page.getByRole('group', { name: 'Locks' });
  const longest = lock.getByRole('textbox', { name: 'max_ttl' });
  await longest.fill('soon');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(longest).toHaveAttribute('aria-invalid', 'true');
  await accessible(page, 'fault in a policy');
  await longest.fill('10m');
  await expect(longest).not.toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  expect((await saved()).spec.conflict).toMatchObject({ lock: { max_ttl: '10m' } });
});

test('a part is switched off, a policy is switched off, and the YAML says the same', async ({ page }) => {
  await signIn(page, weir);
  await weir.admin(
    'PUT',
    '/routes/order',
    { spec: { service: 'orders', path: '/orders/{id}', conflict: { lock: {}, coalesce: {} } } },
    { 'if-match': '*' },
  );
  await page.goto(`${weir.portal}/routes/order`);
  await page.getByRole('group', { name: 'Locks' }).getByRole('switch', { name: /Locks/ }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  const kept = (await saved()).spec.conflict as Record<string, unknown>;
  expect(kept).not.toHaveProperty('lock');
  expect(kept).toHaveProperty('coalesce');
  await page.getByText('Off', { exact: true }).click();
  await page.getByRole('tab', { name: 'YAML' }).click();
  await expect(page.getByRole('region', { name: 'YAML' })).toContainText('conflict: off');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await saved()).spec.conflict).toBe('off');
});

test('a service has a policy for all its routes', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/services/orders`);
  await page.getByRole('button', { name: 'Limit requests at once' }).click();
  await page.getByRole('group', { name: 'per-caller' }).getByRole('textbox', { name: 'limit' }).fill('7');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  const { spec } = await weir.admin<{ spec: { conflict: { concurrency: unknown[] } } }>('GET', '/services/orders');
  expect(spec.conflict.concurrency).toMatchObject([{ name: 'per-caller', limit: 7 }]);
});

for (const scheme of schemes) {
  test(`every part of the editor, ${scheme}`, async ({ browser }) => {
    const { page, faults } = await open(browser, weir.portal, scheme);
    await signIn(page, weir);
    await page.goto(`${weir.portal}/services/orders`);
    await page.getByText('Own', { exact: true }).click();
    for (const name of ['Safe retries', 'Locks', 'Conditions of writes', 'Entity tags', 'Conflicts of the upstream']) {
      await page.getByRole('group', { name, exact: true }).getByRole('switch').first().click();
    }
    await settled(page);
    await accessible(page, 'conflict editor');
    await picture(page, `conflict-editor-${scheme}`);
    for (const width of [1360, 360]) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(`${width}: ${Math.max(over, 0)}`).toBe(`${width}: 0`);
    }
    await accessible(page, 'conflict editor at 360 px');
    expect(faults).toEqual([]);
  });
}
