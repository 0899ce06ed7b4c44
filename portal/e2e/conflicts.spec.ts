// What is held at this moment, and taking it away; which answer a request would get, and why.
import { accessible, open, picture, schemes, settled } from './look';
import { startOwned } from './stage';
import { Upstream } from './upstream';
import { expect, signIn, test } from './watch';
import type { Weir } from './weir';

let weir: Weir;
let upstream: Upstream;
let key: string;
test.beforeAll(async ({ browser }) => {
  [weir, upstream] = await Promise.all([startOwned(browser), Upstream.start()]);
  const targets = [{ url: upstream.url }];
  const create = (collection: string, id: string, spec: unknown) => weir.admin('POST', `/${collection}`, { id, spec });
  await create('upstreams', 'orders', { targets, allow_private_address: true });
  await create('services', 'orders', { base_path: '/shop', upstream: 'orders' });
  const conflict = {
    validators: {},
    preconditions: { require: {}, evaluate: 'gateway' },
    lost_update: {},
    lock: {},
    idempotency: { methods: ['POST'] },
  };
  await create('routes', 'order', { service: 'orders', path: '/orders/{id}', conflict });
  await create('applications', 'shop', { models: [], services: ['orders'] });
  const made = await weir.admin<{ key: string }>('POST', '/applications/shop/keys', { name: 'till' });
  key = made.key;
  await expect.poll(async () => (await call('GET', '/shop/orders/42')).status).toBe(200);
});
test.afterAll(() => Promise.all([weir.stop(), upstream.stop()]));

/** A server older than this portal may not offer what the page asks for. */
async function needs(path: string) {
  const document = await weir.admin<{ paths: Record<string, unknown> }>('GET', '/openapi.json');
  test.skip(!Object.keys(document.paths).some((one) => one.endsWith(path)), `the admin API has no ${path}`);
}

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${weir.gateway}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

test('a lock is seen while it is held, and broken with a reason that the audit trail keeps', async ({ page }) => {
  await needs('/conflicts/held');
  const resource = '/shop/orders/42';
  const taken = await call('POST', '/.gw/locks', { resource, mode: 'exclusive', ttl_s: 600, note: 'stocktaking' });
  expect(taken.status).toBe(201);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/conflicts`);
  const row = page.getByRole('region', { name: 'Locks' }).getByRole('row', { name: /orders\/42/ });
  await expect(row).toContainText('shop');
  await expect(row).toContainText('stocktaking');
  await expect(row).toContainText(/in \d+ minutes/);
  await accessible(page, 'locks');
  await row.getByRole('button', { name: /Break the lock/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Break this lock?' });
  await expect(dialog.getByRole('button', { name: 'Break' })).toBeDisabled();
  await dialog.getByLabel('Reason').fill('the till is out of order');
  await accessible(page, 'break a lock');
  await dialog.getByRole('button', { name: 'Break' }).click();
  await expect(row).toHaveCount(0);
  const audit = await weir.admin<{ items: unknown[] }>('GET', '/audit');
  expect(JSON.stringify(audit.items)).toContain('the till is out of order');
});

test('a key is forgotten, and what is sent again with it is executed again', async ({ page }) => {
  await needs('/conflicts/held');
  const header = { 'idempotency-key': 'order-42-by-hand' };
  const send = () => call('POST', '/shop/orders/42', { n: 1 }, header);
  expect((await send()).headers.get('idempotency-replayed')).toBeNull();
  expect((await send()).headers.get('idempotency-replayed')).toBe('true');
  await signIn(page, weir);
  await page.goto(`${weir.portal}/conflicts?show=keys`);
  const rows = page.getByRole('region', { name: 'Idempotency keys' }).locator('tbody tr');
  await expect(rows).toHaveCount(1);
  await rows.getByRole('button', { name: /Forget the key/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Forget this key?' });
  await dialog.getByLabel('Reason').fill('sent by mistake');
  await dialog.getByRole('button', { name: 'Forget' }).click();
  await expect(rows).toHaveCount(0);
  expect((await send()).headers.get('idempotency-replayed')).toBeNull();
});

for (const scheme of schemes) {
  test(`a pasted request is told why it would be refused, and how to resolve it, ${scheme}`, async ({ browser }) => {
    await needs('/conflicts/simulate');
    const { page, faults } = await open(browser, weir.portal, scheme);
    await signIn(page, weir);
    await page.goto(`${weir.portal}/routes/order`);
    const form = page.getByRole('form', { name: 'Simulate a request' });
    await expect(form.getByRole('textbox', { name: 'Path' })).toHaveValue('/shop/orders/1');
    await form.getByRole('textbox', { name: 'Headers' }).evaluate((field, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text', text);
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, 'PUT /shop/orders/42 HTTP/1.1\nContent-Type: application/json\n\n{"n":2}');
    await expect(form.getByRole('textbox', { name: 'Path' })).toHaveValue('/shop/orders/42');
    await expect(form.getByRole('textbox', { name: 'Body' })).toHaveValue('{"n":2}');
    await form.getByRole('combobox', { name: 'Application' }).fill('shop');
    await form.getByRole('button', { name: 'Simulate' }).click();
    const answer = page.getByRole('region', { name: 'Answer', exact: true });
    await expect(answer).toContainText('428');
    await expect(answer).toContainText('preconditions');
    await expect(answer).toContainText('precondition-required');
    await expect(answer).toContainText('How the client resolves it: Say which version is meant.');
    await settled(page);
    await accessible(page, 'simulator');
    await picture(page, `conflict-simulator-${scheme}`);
    expect(faults).toEqual([]);
  });
}
