// What requests held: switched on by a team, shown side by side to who asks for it, erased for good.

import { accessible, look, settled } from './look';
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

/** Whether what a request held is there, within two seconds. */
async function isKept(id: string): Promise<boolean> {
  for (let look = 0; look < 10; look += 1) {
    const found = await weir.admin<{ bodies: { kept: boolean } }>('GET', `/requests/${id}`).catch(() => null);
    if (found?.bodies.kept) return true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}

/** Asks a model until what the team says is live, and gives the id of the request whose bodies are there. */
async function ask(content: string): Promise<string> {
  let id = '';
  await expect
    .poll(
      async () => {
        const answer = await weir.chat(seeded.key, 'fast', content);
        id = answer.headers.get('x-weir-request-id') ?? '';
        return isKept(id);
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  return id;
}

test('a team switches bodies on, and they are shown without what it does not want, until they are erased', async ({
  page,
}) => {
  const faults = watch(page, weir.portal);
  await signIn(page, weir);
  await page.goto(`${weir.portal}/teams/default`);
  await page.getByRole('radio', { name: 'of all requests' }).check();
  await expect(page.getByText('often personal data')).toBeVisible();
  const patterns = page.getByRole('combobox', { name: 'Patterns taken out' });
  await patterns.fill('(');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('is no regular expression').first()).toBeVisible();
  await patterns.press('Backspace');
  await patterns.fill('CUST-[0-9]+');
  await patterns.press('Enter');
  await settled(page);
  await accessible(page, 'a team that keeps bodies');
  await look(page, 'team-bodies');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved').first()).toBeVisible();

  const id = await ask('I am CUST-4711, write to ann@mail.example');
  await page.goto(`${weir.portal}/requests/${id}`);
  await expect(page.getByText('CUST-')).toHaveCount(0);
  await page.getByRole('button', { name: 'Show bodies' }).click();
  const request = page.getByRole('region', { name: 'Request of the application' });
  await expect(request).toContainText('I am [redacted:pattern], write to [redacted:email]');
  await expect(page.getByRole('region', { name: 'Answer of the provider' })).toContainText('choices');
  await expect(page.getByText('email × 1').first()).toBeVisible();
  await page.getByText('Difference', { exact: true }).click();
  await expect(page.locator('[data-how="gone"]').first()).toBeVisible();
  await settled(page);
  await accessible(page, 'bodies of a request');
  await look(page, 'request-bodies');

  await page.getByRole('button', { name: 'Erase' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(id.slice(-6));
  await dialog.getByRole('button', { name: 'Erase' }).click();
  await expect(page.getByText('Erased; the audit trail says by whom.')).toBeVisible();
  const trail = await weir.admin<{ items: { action: string }[] }>('GET', '/audit?kind=Request');
  expect(trail.items.map((entry) => entry.action)).toEqual(['erase-bodies', 'read-bodies']);
  expect(faults).toEqual([]);
});
