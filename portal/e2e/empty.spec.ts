// Before anybody has done anything: set-up, sign-in, the first steps, and what empty places say.
import { accessible, open, picture, schemes, settled } from './look';
import { expect, setUp, signIn, test } from './watch';
import { Weir } from './weir';

test.describe.configure({ mode: 'serial' });

const emptyPages = [
  ['first-steps', '/'],
  ['providers-empty', '/providers'],
  ['applications-empty', '/applications'],
  ['requests-empty', '/requests'],
  ['usage-empty', '/usage'],
] as const;

let weir: Weir;
test.beforeAll(async () => {
  weir = await Weir.start();
});
test.afterAll(() => weir.stop());

test('without a token the set-up page asks for it', async ({ page }) => {
  await page.goto(`${weir.portal}/`);
  await page.waitForURL('**/setup');
  await expect(page.getByLabel('One-time token')).toBeVisible();
});

for (const scheme of schemes) {
  test(`set-up and an empty installation, ${scheme}`, async ({ browser }) => {
    const { page, faults } = await open(browser, weir.portal, scheme);
    if (scheme === 'light') {
      await page.goto(weir.setupLink());
      await settled(page);
      await accessible(page, 'set-up');
      await picture(page, 'set-up-light');
      await page.emulateMedia({ colorScheme: 'dark' });
      await accessible(page, 'set-up, dark');
      await picture(page, 'set-up-dark');
      await page.emulateMedia({ colorScheme: 'light' });
      await setUp(page, weir);
    } else {
      await page.goto(`${weir.portal}/usage`);
      await page.waitForURL('**/sign-in**');
      await signIn(page, weir);
    }
    for (const [name, path] of emptyPages) {
      await page.goto(weir.portal + path);
      await settled(page);
      await accessible(page, name);
      await picture(page, `${name}-${scheme}`);
    }
    expect(faults).toEqual([]);
  });
}
