// Who gets copies, who is asked whether it works, and whose batches are whose: set in forms, seen in the live picture.
import { accessible, look, picture, settled } from './look';
import { addVendor, ask, startStage, stopStage } from './stage';
import type { Vendor } from './vendor';
import { expect, signIn, test, watch } from './watch';
import type { Weir } from './weir';

let weir: Weir;
let vendor: Vendor;
test.beforeAll(async ({ browser }) => {
  ({ weir, vendor } = await startStage(browser));
  await addVendor(weir, 'checked', { base_url: vendor.url });
});
test.afterAll(() => stopStage({ weir, vendor }));

const spec = async (path: string) => (await weir.admin<{ spec: Record<string, unknown> }>('GET', path)).spec;

test('a health check is set in the form of a provider, and each fault stands at its field', async ({ page }) => {
  const faults = watch(page, weir.portal);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers/checked`);
  await page.getByRole('switch', { name: 'Check this provider' }).click({ force: true });
  const path = page.getByLabel('Path', { exact: true });
  const interval = page.getByLabel('Interval', { exact: true });
  const statuses = page.getByRole('combobox', { name: 'Good statuses' });
  await path.fill('models');
  await interval.fill('100');
  await statuses.fill('ok');
  await statuses.press('Enter');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(statuses).toHaveAccessibleDescription(/numbers of three digits/);
  await statuses.press('Backspace');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(path).toHaveAccessibleDescription(/"models" is not a path/);
  await expect(interval).toHaveAccessibleDescription(/100 is out of range/);
  await accessible(page, 'faults of a health check');
  await look(page, 'provider-health-faults');

  await path.fill('/models');
  await interval.fill('200');
  const method = page.getByRole('combobox', { name: 'Method' });
  await method.click();
  await page.getByRole('option', { name: 'POST' }).click();
  const body = page.getByLabel('Body (JSON)');
  await body.fill('{"model":');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(body).toHaveAccessibleDescription(/no JSON object/);
  await method.click();
  await page.getByRole('option', { name: 'GET' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  const check = { path: '/models', interval_ms: 200, timeout_ms: 5_000, unhealthy_after: 3, healthy_after: 2 };
  expect((await spec('/providers/checked'))['health_check']).toEqual(check);
  expect(faults).toEqual([]);
});

test('a shadow is set in the form of a model route, and the live picture shows what became of its copies', async ({
  page,
}) => {
  const faults = watch(page, weir.portal);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/model-routes/new`);
  await page.getByLabel('Id').first().fill('tried-out');
  const [first, second] = [0, 1].map((at) => page.locator('fieldset fieldset').nth(at));
  if (!first || !second) throw new Error('two were asked for');
  const choose = async (name: string, option: string, target = first) => {
    await target.getByRole('combobox', { name, exact: true }).click();
    await target.getByRole('option', { name: option }).click();
  };
  await choose('Provider', 'checked');
  await first.getByRole('combobox', { name: "Provider's model" }).fill('plain');
  await choose('Role', 'shadow');
  await first.getByRole('switch', { name: 'Health check of its own' }).click({ force: true });
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText(/every target is a shadow, and nobody answers/).first()).toBeVisible();

  await page.getByRole('button', { name: 'Add a target' }).click();
  await choose('Provider', 'Demo (built in)', second);
  await second.getByRole('combobox', { name: "Provider's model" }).fill('demo-small');
  const percent = first.getByLabel('Copies of');
  await percent.fill('150');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(percent).toHaveAccessibleDescription(/150 is out of range; give 0 to 100/);
  await percent.fill('100');
  await expect(page.getByText('shadow, copies of 100 %')).toBeVisible();
  await settled(page);
  await accessible(page, 'a model route with a shadow');
  await look(page, 'model-route-shadow-form');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL('**/model-routes/tried-out');
  expect((await spec('/model-routes/tried-out'))['targets']).toMatchObject([
    { provider: 'checked', model: 'plain', shadow: { percent: 100 }, health_check: { interval_ms: 30_000 } },
    { provider: 'demo', model: 'demo-small' },
  ]);

  await ask(page, weir, 'tried-out', 'What is a weir?');
  await expect(page.getByTestId('cost')).toContainText('$');
  await page.goto(`${weir.portal}/model-routes/tried-out`);
  const shadow = page.getByRole('listitem').filter({ hasText: 'Different' }).last();
  await expect(shadow).toContainText('copies of 100 %');
  await expect(shadow).toContainText(/Different\s*1/);
  await expect(shadow).toContainText(/Cost\s*unknown/);
  await expect(shadow).toContainText(/Health check: passed/);
  await settled(page);
  await accessible(page, 'a pool with a shadow');
  await picture(page, 'model-route-shadow');
  expect(faults).toEqual([]);
});

test('an application gets the files and batches of named providers, and an unknown one is refused at its field', async ({
  page,
}) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/night-batch`);
  const batches = page.getByRole('combobox', { name: 'Files and batches at' });
  await batches.fill('nobody');
  await batches.press('Enter');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(batches).toHaveAccessibleDescription(/nobody/);
  await batches.press('Backspace');
  await batches.fill('checked');
  await batches.press('Enter');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  expect((await spec('/applications/night-batch'))['batches']).toEqual(['checked']);
});

test('these forms speak Chinese', async ({ page }) => {
  await signIn(page, weir);
  await page.getByRole('combobox', { name: 'Language' }).selectOption({ label: '中文' });
  const targets = [
    { provider: 'demo', model: 'demo-small' },
    { provider: 'vendor', model: 'plain', shadow: { percent: 100 } },
  ];
  await weir.admin('POST', '/model-routes', { id: 'copied', spec: { targets } });
  await page.goto(`${weir.portal}/model-routes/copied`);
  await expect(page.getByText('获得这一比例对话的副本').first()).toBeVisible();
  await expect(page.getByText('复制 100 %').first()).toBeVisible();
  await page.goto(`${weir.portal}/providers/vendor`);
  await page.getByRole('switch', { name: '检查此提供商' }).click({ force: true });
  await expect(page.getByText('两次检查之间：200 到 3 600 000 毫秒。')).toBeVisible();
  await settled(page);
  await look(page, 'provider-health-chinese');
});
