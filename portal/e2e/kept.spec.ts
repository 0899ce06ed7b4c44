// What was typed is kept, whatever comes between: a save of nothing, a save under way, an answer that does not come.
import { startOwned } from './stage';
import { expect, signIn, test } from './watch';
import type { Weir } from './weir';

let weir: Weir;
test.beforeAll(async ({ browser }) => {
  weir = await startOwned(browser);
});
test.afterAll(() => weir.stop());
test.beforeEach(async ({ page }) => {
  await weir.admin('POST', '/applications', {
    id: name(),
    spec: { description: 'as made', models: ['*'], services: [] },
  });
  await signIn(page, weir);
  await page.goto(`${weir.portal}/applications/${name()}`);
});

/** Each test has an application of its own. */
const name = () => `of-test-${test.info().testId.slice(-8)}`;
const stored = () => weir.admin<{ spec: { description?: string; name?: string } }>('GET', `/applications/${name()}`);

test('what is typed after a save that changed nothing is asked about', async ({ page }) => {
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved and live')).toBeVisible();
  await page.getByLabel('Description').fill('typed after the save');
  await page.getByRole('link', { name: 'Requests' }).click();
  await expect(page.getByRole('dialog', { name: 'Leave without saving?' })).toBeVisible();
});

test('what is typed while a save is under way stays, and can be saved', async ({ page }) => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/v1/applications/*', async (route) => {
    if (route.request().method() === 'PUT') await held;
    await route.continue();
  });
  const description = page.getByLabel('Description');
  await page.getByLabel('Name', { exact: true }).fill('Saved name');
  await page.getByRole('button', { name: 'Save' }).click();
  await description.fill('typed meanwhile');
  answer();
  await expect(page.getByText('Saved and live')).toBeVisible();
  await expect(description).toHaveValue('typed meanwhile');
  await expect(description).toBeFocused();
  await expect(page.getByText('Unsaved changes')).toBeVisible();
  expect((await stored()).spec).toMatchObject({ name: 'Saved name', description: 'as made' });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await stored()).spec.description).toBe('typed meanwhile');
  await expect(page.getByText('Unsaved changes')).toBeHidden();
});

test('their version that cannot be read takes nothing away', async ({ page, context }) => {
  await page.getByLabel('Description').fill('mine');
  await weir.admin(
    'PUT',
    `/applications/${name()}`,
    { spec: { description: 'theirs', models: ['*'], services: [] } },
    { 'if-match': '*' },
  );
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Somebody else saved first' });
  await dialog.getByRole('button', { name: 'Take all of theirs' }).waitFor();
  await context.setOffline(true);
  await dialog.getByRole('button', { name: 'Take all of theirs' }).click();
  await expect(page.getByText('Weir cannot be reached').first()).toBeVisible({ timeout: 15_000 });
  await expect(page.getByLabel('Description')).toHaveValue('mine');
  await page.getByRole('link', { name: 'Requests' }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click();
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('button', { name: 'Take all of theirs' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('theirs');
  await expect(page.getByText('Unsaved changes')).toBeHidden();
});
