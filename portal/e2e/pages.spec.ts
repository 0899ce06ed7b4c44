// Every page in both themes and at phone width: axe finds nothing, nothing scrolls sideways, nothing leaves the origin.
import type { Page } from '@playwright/test';
import { accessible, open, picture, schemes, settled } from './look';
import { startSeeded } from './stage';
import { expect, signIn, test } from './watch';
import { person, type Weir } from './weir';

// A look at all pages, three times over.
test.describe.configure({ timeout: 300_000 });

const pages: Record<string, string> = {
  home: '/',
  providers: '/providers',
  'provider-catalogue': '/providers/new',
  'provider-new': '/providers/new?from=openai',
  provider: '/providers/basement',
  'model-routes': '/model-routes',
  'model-route': '/model-routes/private',
  'model-route-new': '/model-routes/new',
  catalog: '/catalog?q=claude',
  playground: '/playground?model=fast',
  services: '/services',
  'service-new': '/services/new',
  routes: '/routes',
  'route-new': '/routes/new',
  conflicts: '/conflicts',
  'conflicts-answers': '/conflicts?show=answers',
  'conflicts-simulate': '/conflicts?show=simulate',
  applications: '/applications',
  application: '/applications/mobile-app',
  'application-new': '/applications/new',
  usage: '/usage',
  requests: '/requests',
  audit: '/audit',
  missing: '/nowhere',
};

let weir: Weir;
test.beforeAll(async ({ browser }) => {
  ({ weir } = await startSeeded(browser));
});
test.afterAll(() => weir.stop());

for (const scheme of schemes) {
  test(`every page, ${scheme}`, async ({ browser }) => {
    const { page, faults } = await open(browser, weir.portal, scheme);
    await page.goto(`${weir.portal}/sign-in`);
    await settled(page);
    await accessible(page, 'sign-in');
    await picture(page, `sign-in-${scheme}`);
    await signIn(page, weir);
    await ask(page);
    await accessible(page, 'playground, answered');
    await picture(page, `playground-answered-${scheme}`);
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(weir.portal + path);
      await settled(page);
      await accessible(page, name);
      await picture(page, `${name}-${scheme}`);
    }
    await page.goto(`${weir.portal}/requests?model=private&application=mobile-app`);
    // The oldest one: it tried the house first.
    await page.locator('tbody tr').last().getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Why this answer' }).waitFor();
    await settled(page);
    await accessible(page, 'request');
    await picture(page, `request-${scheme}`);
    expect(faults).toEqual([]);
  });
}

/** A first call in the playground completes the checklist, so that Home shows numbers. */
async function ask(page: Page) {
  await page.goto(`${weir.portal}/playground?model=fast`);
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('What is a weir for?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByTestId('cost')).toBeVisible();
}

test('every page is usable at 360 px', async ({ browser }) => {
  const { page, faults } = await open(browser, weir.portal, 'light', 360);
  await page.goto(`${weir.portal}/sign-in`);
  await settled(page);
  await picture(page, 'phone-sign-in');
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Open navigation' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Providers' }).click();
  await page.waitForURL('**/providers');
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(weir.portal + path);
    await settled(page);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(`${name} ${over}`).toBe(`${name} 0`);
    await accessible(page, `${name} at 360 px`);
    if (['home', 'requests', 'provider', 'playground', 'catalog', 'model-route'].includes(name))
      await picture(page, `phone-${name}`);
  }
  expect(faults).toEqual([]);
});
