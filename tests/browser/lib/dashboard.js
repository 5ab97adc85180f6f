// The dashboard as an admin meets it.
import { expect } from '@playwright/test';
import { violations } from './axe.js';
import { ADMIN_KEY } from './natter.js';

export const PASSWORD = 'a long enough password';

/** What the admin API answers to somebody with the static key: to prepare a test. */
export async function api(server, method, path, body) {
  const headers = { 'X-Admin-Api-Key': ADMIN_KEY, ...(body && { 'Content-Type': 'application/json' }) };
  const answer = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  // What is only noted answers 202 or 204 and has no body.
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

/** Makes a user and signs the page's browser in as them. */
export async function signIn(server, page, { role = 'admin', email = `${role}@example.com` } = {}) {
  const user = await api(server, 'POST', '/api/users', { email, name: '', role, password: PASSWORD });
  const answer = await page.request.post(`${server.url}/api/auth/sign-in`, {
    data: { email, password: PASSWORD },
    headers: { origin: server.url },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  return user;
}

/** Opens a page of the dashboard and waits for its title. */
export async function open(server, page, path = '') {
  await page.goto(`${server.url}/admin${path}`);
  await expect(page.locator('h1')).toBeVisible();
  await settled(page);
}

/** Nothing is on its way any more. */
export async function settled(page) {
  await expect(page.locator('.skeleton, .starting, .table.busy')).toHaveCount(0);
}

/** What every page keeps: nothing for axe to find, light and dark, nothing sticks out on a phone. */
export async function looksRight(page, shot, name) {
  const size = page.viewportSize();
  for (const colorScheme of ['light', 'dark']) {
    // A colour on its way to another is neither.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
    await shot(`admin-${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 844 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow, `${name} on a phone`).toBeLessThanOrEqual(0);
  expect(await violations(page), `${name}, phone`).toEqual([]);
  await shot(`admin-${name}-phone`);
  await page.setViewportSize(size);
}
