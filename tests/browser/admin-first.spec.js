// A new user's first minutes: from the link that the server prints to a restricted, capped key whose
// customised widget answers on a page. Nothing but clicks and typing, nothing looked up.
import { open, settled } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

const LINK = /make the first admin: (\S+)/;

test('from first start to a restricted, capped key with a customised widget on a page', async ({ natter, site, page, chat, shot }) => {
  const server = await natter();
  let link;
  await expect.poll(() => (link = server.log.map((line) => LINK.exec(line)?.[1]).find(Boolean))).toBeTruthy();
  await page.goto(link);
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel('Password').fill('a long enough password');
  await page.getByRole('button', { name: 'Make the admin' }).click();
  await page.getByRole('link', { name: 'dashboard' }).click();

  // A site of one's own, with the snippet in it as the page shows it.
  let html = '';
  const home = await site({ '/': { get html() { return html; } } });
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('My shop');
  await dialog.getByLabel('Allowed domains').fill(home.url);
  await dialog.getByLabel('Monthly limit').fill('500');
  await dialog.getByRole('button', { name: 'Create License Key' }).click();
  const snippet = await dialog.locator('pre').textContent();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await settled(page);

  await page.getByRole('link', { name: 'My shop', exact: true }).click();
  await page.getByRole('link', { name: 'UI options' }).click();
  await page.getByLabel('Welcome message', { exact: true }).fill('Hello from the shop!');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It applies within a second.')).toBeVisible();

  html = `<!doctype html><html lang="en"><title>My shop</title><h1>My shop</h1>${snippet}</html>`;
  await page.goto(home.url);
  await chat.open();
  await expect(chat.panel.getByText('Hello from the shop!')).toBeVisible();
  await chat.ask('How do I put the widget on my page?');
  await expect(chat.answerText).toContainText(/script|snippet/i);
  await shot('admin-first-minutes');

  await open(server, page, '/license-keys');
  await expect(page.getByRole('row', { name: /My shop/ })).toContainText('1 / 500');
});
