// Finding a request again, taking figures along, what is in use, and a session that ends.
import { readFileSync } from 'node:fs';
import type { Seed } from './seed';
import { startSeeded } from './stage';
import { expect, signIn, test, watch } from './watch';
import { person, type Weir } from './weir';

let weir: Weir;
let seeded: Seed;
test.beforeAll(async ({ browser }) => {
  ({ weir, seeded } = await startSeeded(browser));
});
test.afterAll(() => weir.stop());

test('filters stand in the address, and the log goes on page by page', async ({ page }) => {
  for (let call = 0; call < 55; call += 1) await weir.chat(seeded.key, 'fast', `Call ${call}`);
  const faults = watch(page, weir.portal);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/requests`);
  const model = page.getByRole('combobox', { name: 'Model' });
  await model.fill('fast');
  await page.waitForURL('**/requests?model=fast');
  await expect(page.getByText('50 shown so far')).toBeVisible();
  await page.getByRole('button', { name: 'Load more' }).click();
  await expect(page.getByText(/\d+ in total/)).toBeVisible();
  expect(await page.locator('tbody tr').count()).toBeGreaterThan(55);

  await page.reload();
  await expect(model).toHaveValue('fast');
  await page.getByRole('combobox', { name: 'Status' }).fill('4xx');
  await expect(page.getByText('No request matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.waitForURL('**/requests');
  await page.getByRole('combobox', { name: 'Outcome' }).click();
  await page.getByRole('option', { name: 'no connection' }).click();
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await page.locator('tbody').getByRole('link').click();
  await expect(page.getByText(/Attempt 1 at basement\/llama-70b \(key main\) ended with no connection/)).toBeVisible();
  expect(faults).toEqual([]);
});

test('usage adds up on the page, in the file, and at the API', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/usage?by=application`);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export CSV' }).click(),
  ]);
  const [head = '', ...lines] = readFileSync(await file.path(), 'utf8')
    .trimEnd()
    .split('\r\n');
  const column = (name: string) => {
    const index = head.split(',').indexOf(name);
    return lines.map((line) => Number(line.split(',')[index]));
  };
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  const report = await weir.admin<{ total: { requests: number; cost: number } }>('GET', '/usage?group_by=application');
  expect(sum(column('requests'))).toBe(report.total.requests);
  expect(Math.round(sum(column('cost_usd')) * 1e9)).toBe(report.total.cost);
  await expect(page.locator('tfoot')).toContainText(new Intl.NumberFormat('en').format(report.total.requests));
});

test('what is in use cannot be deleted, and the refusal names what uses it', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers/basement`);
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete basement?' });
  const action = dialog.getByRole('button', { name: 'Delete' });
  await expect(action).toBeDisabled();
  await dialog.getByLabel('Type basement to confirm').fill('basement');
  await action.click();
  await expect(dialog.getByRole('alert')).toContainText('house-only');
});

test('a session that has ended leads to sign-in and back again', async ({ page, context }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/providers`);
  await expect(page.getByRole('link', { name: 'Server in the basement' })).toBeVisible();
  await context.clearCookies();
  await page.getByRole('link', { name: 'Applications' }).click();
  await page.waitForURL('**/sign-in?next=**');
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/applications');
  await expect(page.getByRole('link', { name: 'Mobile app' })).toBeVisible();
});

test('nobody is led to another site after signing in', async ({ page }) => {
  await page.goto(`${weir.portal}/sign-in?next=//example.com/`);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation')).toBeVisible();
  expect(new URL(page.url()).origin).toBe(weir.portal);
});
