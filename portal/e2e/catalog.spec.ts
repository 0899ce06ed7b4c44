// The catalogue: narrowed, read in full, within the page's width; every rate of a model; the way to its provider.
import { accessible, open, picture, schemes, settled } from './look';
import { startOwned } from './stage';
import { expect, signIn, test } from './watch';
import type { Weir } from './weir';

let weir: Weir;
test.beforeAll(async ({ browser }) => {
  weir = await startOwned(browser);
});
test.afterAll(() => weir.stop());

for (const scheme of schemes) {
  test(`a model is found, and all that is known of it is said, ${scheme}`, async ({ browser }) => {
    const { page, faults } = await open(browser, weir.portal, scheme);
    await signIn(page, weir);
    await page.goto(`${weir.portal}/catalog`);
    await page.getByRole('textbox', { name: 'Search' }).fill('anthropic claude-sonnet-4-5');
    await page.waitForURL('**/catalog?q=**');
    const row = page.getByRole('row', { name: /^anthropic\/claude-sonnet-4-5 / });
    await expect(row).toContainText('$3');
    await row.getByRole('cell').nth(1).click();
    const dialog = page.getByRole('dialog', { name: 'anthropic/claude-sonnet-4-5' });
    await expect(dialog.getByRole('row', { name: /Input written to the cache, 1 h/ }).first()).toContainText('$6');
    await expect(dialog.getByText('Service tier batch')).toBeVisible();
    await expect(dialog.getByRole('link', { name: /^https:/ })).toHaveAttribute('rel', 'noreferrer');
    // What is open can be shared; what closes it leads back to the list.
    await page.reload();
    await expect(dialog).toBeVisible();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await accessible(page, 'a model of the catalogue');
    await picture(page, `catalog-model-${scheme}`);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('textbox', { name: 'Search' })).toHaveValue('anthropic claude-sonnet-4-5');
    await row.getByRole('link').click();
    await dialog.getByRole('link', { name: 'Add anthropic' }).click();
    await page.waitForURL('**/providers/new?from=anthropic');
    expect(faults).toEqual([]);
  });
}

test('what is not billed by tokens shows its unit, and no price is unknown', async ({ page }) => {
  await signIn(page, weir);
  await page.goto(`${weir.portal}/catalog?modality=image`);
  await expect(page.getByText('per image').first()).toBeVisible();
  await expect(page.locator('tbody').getByText('unknown', { exact: true }).first()).toBeVisible();
  await expect(page.locator('tbody').getByText('$0', { exact: true })).toHaveCount(0);
});

for (const width of [1360, 360]) {
  test(`prices are to be seen without scrolling sideways at ${width} px`, async ({ page }) => {
    await signIn(page, weir);
    await page.setViewportSize({ width, height: 900 });
    for (const filter of ['q=claude', 'modality=image', 'modality=audio_transcription', 'q=fireworks']) {
      await page.goto(`${weir.portal}/catalog?${filter}`);
      await settled(page);
      const output = page
        .locator('tbody tr')
        .first()
        .getByRole('cell')
        .nth(width === 360 ? 1 : 6);
      const box = await output.boundingBox();
      expect(`${filter}: ${Math.round((box?.x ?? 0) + (box?.width ?? width)) <= width}`).toBe(`${filter}: true`);
    }
  });
}
