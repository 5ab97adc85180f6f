// The link that a new server prints: whoever opens it makes the first admin, once.
import { violations } from './lib/axe.js';
import { expect, test } from './lib/test.js';

const LINK = /make the first admin: (\S+)/;

async function link(server) {
  let found;
  await expect.poll(() => (found = server.log.map((line) => LINK.exec(line)?.[1]).find(Boolean))).toBeTruthy();
  return found;
}

test('the printed link makes the first admin by keyboard, and works once', async ({ natter, page, seen, shot }) => {
  const server = await natter();
  const address = await link(server);
  await page.goto(address);
  const email = page.getByLabel('E-mail address');
  const password = page.getByLabel('Password');
  await email.focus();
  await page.keyboard.type('ada@example.com');
  await page.keyboard.press('Tab');
  await page.keyboard.type('short');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Must have 12 to 200 characters')).toBeVisible();
  await expect(password).toBeFocused();
  expect(await violations(page)).toEqual([]);
  await shot('setup-refused');
  await password.fill('a long enough password');
  await page.keyboard.press('Enter');
  await expect(page.getByText('You are signed in as ada@example.com.')).toBeVisible();
  expect(page.url(), 'the token is gone from the address').not.toContain('#');
  expect(await violations(page)).toEqual([]);
  await shot('setup-done');
  const cookies = await page.context().cookies();
  expect(cookies.find((one) => one.name === 'natter_session')).toMatchObject({ httpOnly: true, sameSite: 'Lax' });

  await page.goto('about:blank');
  await page.goto(address);
  await expect(page.getByText('This server has an admin already.')).toBeVisible();
  // The two answers that were no success: the password's, and none else.
  expect(seen.errors.filter((text) => !text.includes('400'))).toEqual([]);
  expect(seen.requests.filter((url) => !url.startsWith(server.url) && /^http/.test(url))).toEqual([]);
  const token = address.split('#')[1];
  expect(seen.requests.some((url) => url.includes(token)), 'the token is in no address').toBe(false);
});

test('the set-up page fits a phone, in the dark too', async ({ natter, page, shot }) => {
  const server = await natter();
  await page.setViewportSize({ width: 320, height: 640 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(await link(server));
  await expect(page.getByRole('button', { name: 'Make the admin' })).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  const right = async (one) => one.evaluate((node) => node.getBoundingClientRect().right);
  const card = await right(page.locator('form'));
  for (const field of [page.getByLabel('E-mail address'), page.getByLabel('Password'), page.getByRole('button')]) {
    expect(await right(field), 'fields stay inside their card').toBeLessThan(card);
  }
  expect(await violations(page)).toEqual([]);
  await shot('setup-phone-dark');
});

test('without the whole link the page says what is missing', async ({ natter, page }) => {
  const { url } = await natter();
  await page.goto(`${url}/admin/setup`);
  await expect(page.getByRole('alert')).toContainText('Open the whole link');
});
