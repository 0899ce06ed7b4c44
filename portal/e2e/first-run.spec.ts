// From the one-time link to a call of one's own, with no vendor's key, in under two minutes.
import { execFileSync } from 'node:child_process';
import { expect, setUp, test, watch } from './watch';
import { Weir } from './weir';

let weir: Weir;
test.beforeAll(async () => {
  weir = await Weir.start();
});
test.afterAll(() => weir.stop());

test('set-up, provider tested, model called, key made, snippet run, request seen with its cost', async ({ page }) => {
  const began = Date.now();
  const faults = watch(page, weir.portal);
  const token = new URL(weir.setupLink()).hash.split('=')[1] ?? '';
  expect(token.length).toBeGreaterThan(20);

  await setUp(page, weir);
  expect(page.url()).toBe(`${weir.portal}/`);

  await page.getByRole('button', { name: 'Use the built-in demo' }).click();
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText(/It works: answered in \d+ ms/)).toBeVisible();

  await page.getByRole('link', { name: 'Open the playground' }).click();
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('What does a weir measure?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByTestId('cost')).toHaveText(/^\$0\.0\d+/);
  expect((await page.getByTestId('answer').innerText()).length).toBeGreaterThan(10);

  await page.getByRole('link', { name: 'Home', exact: true }).first().click();
  await page.getByLabel('Name of the application').fill('Mobile App');
  await page.getByRole('button', { name: 'Create application and key' }).click();
  const key = await page.getByTestId('secret-once').innerText();
  const snippet = await page.getByRole('region', { name: 'curl' }).innerText();
  expect(snippet).toContain(key);
  expect(snippet).toContain(weir.gateway);

  const answer = JSON.parse(
    execFileSync('sh', ['-c', snippet.replace('curl', 'curl -sS --fail-with-body')], { encoding: 'utf8' }),
  );
  expect(answer.choices[0].message.content).toBeTruthy();
  expect(answer.usage.cost).toBeGreaterThan(0);

  await expect(page.getByText('The call has arrived.')).toBeVisible({ timeout: 15_000 });
  await page.getByRole('link', { name: 'View it' }).click();
  await page
    .getByRole('row', { name: /mobile-app/ })
    .getByRole('link')
    .first()
    .click();
  const cost = page.getByTestId('request-cost');
  await expect(cost).toHaveText(/^\$0\.0/);
  await cost.locator('span').hover();
  await expect(page.getByRole('tooltip')).toHaveText(`${Number(answer.usage.cost).toFixed(9).replace(/0+$/, '')} USD`);
  expect(Date.now() - began).toBeLessThan(120_000);

  // Nothing secret is left where it could be found.
  for (const path of ['/', '/applications', '/applications/mobile-app', '/requests', '/audit']) {
    await page.goto(weir.portal + path);
    await page.waitForLoadState('networkidle');
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, history.state]),
    );
    const everything = (await page.content()) + kept;
    expect(everything).not.toContain(key);
    expect(everything).not.toContain(token);
  }
  expect(faults).toEqual([]);
});
