// Lists that are longer than a page, older than a minute, or not to be read at all.
import { startOwned } from './stage';
import { expect, signIn, test } from './watch';
import type { Weir } from './weir';

/** More than a list shows at first. */
const many = 130;

let weir: Weir;
test.beforeAll(async ({ browser }) => {
  weir = await startOwned(browser);
  const ids = Array.from({ length: many }, (_, at) => `provider-${at + 1}`);
  for (const id of ids) {
    const spec = { name: `Branch ${id.slice('provider-'.length)}`, protocol: 'demo' };
    await weir.admin('POST', '/providers', { id, spec });
  }
  await weir.admin('POST', '/model-routes', {
    id: 'far',
    spec: { targets: [{ provider: 'provider-99', model: 'demo-small' }] },
  });
});
test.afterAll(() => weir.stop());

test('the palette finds whatever there is, not only what a first page holds', async ({ page }) => {
  await signIn(page, weir);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Go to' }).fill('branch 99');
  await expect(page.getByRole('option', { name: /Branch 99/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/providers/provider-99');
});

test('a form offers every provider, and shows the one that is chosen', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/model-routes/far`);
  const provider = page.getByRole('combobox', { name: 'Provider', exact: true });
  await expect(provider).toHaveValue('Branch 99 (provider-99)');
  await provider.fill('98');
  await page.getByRole('option', { name: 'Branch 98 (provider-98)' }).click();
  await expect(provider).toHaveValue('Branch 98 (provider-98)');
});

test('the oldest version that is shown is compared with the one before it, also where that is on the next page', async ({
  page,
}) => {
  await weir.admin('POST', '/applications', { id: 'often', spec: { models: ['*'], services: [] } });
  for (let version = 2; version <= 60; version += 1) {
    const spec = { description: `version ${version}`, models: ['*'], services: [] };
    await weir.admin('PUT', '/applications/often', { spec }, { 'if-match': '*' });
  }
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/often?tab=history`);
  const rows = page.getByRole('region', { name: 'History' }).locator('tbody tr');
  await expect(rows.first()).toContainText('60');
  const changes = rows.getByText(/^\d+ fields?$/);
  // Each of them changed the description and nothing else.
  await expect(changes.last()).toHaveText('1 field');
  await page.getByRole('button', { name: 'Load more' }).click();
  await expect(rows).toHaveCount(60);
  await expect(rows.last()).toContainText('create');
});

test('a log of the last hour is not thrown away each minute', async ({ page }) => {
  await page.clock.install();
  await signIn(page, weir);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (/\/api\/v1\/requests\?/.test(request.url())) asked.push(new URL(request.url()).search);
  });
  await page.goto(`${weir.portal}/requests?range=1h`);
  await expect(page.getByText('No request matches')).toBeVisible();
  expect(asked).toHaveLength(1);
  await page.clock.fastForward('02:30');
  // Anything that draws the page anew.
  await page.getByRole('button', { name: 'Clear filters' }).focus();
  await page.getByRole('combobox', { name: 'Outcome' }).click();
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 500, height: 800 });
  await page.getByRole('button', { name: /Filters/ }).click();
  expect(asked).toHaveLength(1);
  // Whoever refreshes means the hour before now.
  await page.getByRole('button', { name: 'Refresh' }).click();
  await expect.poll(() => asked.length).toBe(2);
  expect(asked[1]).not.toBe(asked[0]);
});

test('a request that may not be read is asked for once, one that is not there yet again', async ({ page }) => {
  await signIn(page, weir);
  for (const [status, times] of [
    [403, 1],
    [404, 6],
  ] as const) {
    let asked = 0;
    await page.route('**/api/v1/requests/req_made_up', (route) => {
      asked += 1;
      return route.fulfill({ status, contentType: 'application/problem+json', body: '{"title":"No"}' });
    });
    await page.goto(`${weir.portal}/requests/req_made_up`);
    await expect(page.getByRole('alert')).toContainText('No', { timeout: 15_000 });
    expect(`${status}: ${asked}`).toBe(`${status}: ${times}`);
    await page.unroute('**/api/v1/requests/req_made_up');
  }
});
