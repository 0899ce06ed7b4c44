// A browser page that notices what must never happen: another origin, a broken policy, an error in the console.
import { test as base, expect, type Page } from '@playwright/test';
import { person, type Weir } from './weir';

export function watch(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'blob:') faults.push(`request to ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A refusal that the page expects (nobody signed in, a stale save) is written to the console by the browser.
    const refusal = /Failed to load resource.* (401|404|409|412|422)/.test(message.text());
    if (message.type() === 'error' && !refusal) faults.push(`console: ${message.text()}`);
  });
  return faults;
}

export async function setUp(page: Page, weir: Weir) {
  await page.goto(weir.setupLink());
  await page.getByLabel('Your name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('navigation')).toBeVisible();
}

export async function signIn(page: Page, weir: Weir) {
  await page.goto(`${weir.portal}/sign-in`);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation')).toBeVisible();
}

export { base as test, expect };
