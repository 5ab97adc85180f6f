// The dashboard's frame: signing in, the menu, deep links, light and dark, and who may do what.
import { PASSWORD, api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

test('somebody signs in by keyboard, is told what is wrong, and comes to the page they asked for', async ({ natter, page, seen, shot }) => {
  const server = await natter();
  await api(server, 'POST', '/api/users', { email: 'ada@example.com', name: 'Ada', password: PASSWORD });
  await open(server, page, '/users');
  await expect(page.getByRole('heading', { name: 'Sign in to Natter' })).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Is missing')).toHaveCount(2);
  await page.keyboard.type('ada@example.com');
  await page.keyboard.press('Tab');
  await page.keyboard.type('a wrong password');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await looksRight(page, shot, 'sign-in-refused');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible();
  expect(seen.requests.filter((url) => !url.startsWith(server.url) && /^http/.test(url)), 'nothing from elsewhere').toEqual([]);
  expect(await page.evaluate(() => Object.keys(localStorage).length + Object.keys(sessionStorage).length)).toBe(0);
});

test('users are added, edited and removed, and what is wrong is said at its field', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/users');
  await looksRight(page, shot, 'users');
  await page.getByRole('button', { name: 'Add user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('E-mail address').fill('nobody');
  await dialog.getByLabel('Password').fill('short');
  await dialog.getByRole('button', { name: 'Add user' }).click();
  await expect(dialog.getByText('Must be an e-mail address')).toBeVisible();
  await expect(dialog.getByText('Must have 12 to 200 characters')).toBeVisible();
  await expect(dialog.getByLabel('E-mail address')).toBeFocused();
  await looksRight(page, shot, 'user-refused');
  await dialog.getByLabel('E-mail address').fill('bob@example.com');
  await dialog.getByLabel('Name').fill('Bob <b>bold</b>');
  await dialog.getByLabel('Role').selectOption('viewer');
  await dialog.getByLabel('Password').fill('another long password');
  await dialog.getByRole('button', { name: 'Add user' }).click();
  const row = page.getByRole('row', { name: /bob@example.com/ });
  await expect(row).toContainText('Bob <b>bold</b>');
  await expect(row).toContainText('Viewer');
  await row.getByLabel('Actions for bob@example.com').click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Name').fill('Robert');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('Robert');
  await row.getByLabel('Actions for bob@example.com').click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await expect(dialog).toContainText('signed out everywhere');
  await page.keyboard.press('Escape');
  await expect(row).toBeVisible();
  await row.getByLabel('Actions for bob@example.com').click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(row).toHaveCount(0);
  expect((await api(server, 'GET', '/api/users')).items.map((user) => user.email)).toEqual(['admin@example.com']);
});

test('a session that ends in the middle is renewed over the open page, and what was being done goes on', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/users');
  await page.getByRole('button', { name: 'Add user' }).click();
  await page.getByRole('dialog').getByLabel('E-mail address').fill('carol@example.com');
  await page.getByRole('dialog').getByLabel('Password').fill('another long password');
  await page.context().clearCookies();
  await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click();
  const again = page.getByRole('dialog', { name: 'Please sign in again' });
  await expect(again).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(again).toBeVisible();
  await again.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('row', { name: /carol@example.com/ })).toBeVisible();
});

test('a viewer sees everything and is offered nothing to change', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page, { role: 'viewer' });
  await open(server, page, '/users');
  await expect(page.getByRole('row', { name: /viewer@example.com/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add user' })).toHaveCount(0);
  await expect(page.getByLabel(/^Actions for/)).toHaveCount(0);
});

test('the menu lies over the page on a phone, closes with Escape, and the theme outlives a reload', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await page.setViewportSize({ width: 390, height: 844 });
  await open(server, page, '/users');
  const menu = page.getByRole('button', { name: 'Menu', exact: true });
  await menu.click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await shot('admin-menu-phone');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
  await expect(menu).toBeFocused();
  await menu.click();
  await page.getByRole('button', { name: 'Use the dark look' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await settled(page);
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(15, 17, 22)');
});

test('an address where nothing is says so', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/nothing/here');
  await expect(page.getByText('Nothing is at this address')).toBeVisible();
});
