// Each page's main task by keyboard alone: Tab to get there, Enter, Space and letters to act.
import { api, open, signIn } from './lib/dashboard.js';
import { WIDGET_KEY } from './lib/natter.js';
import { expect, test } from './lib/test.js';

/** Goes on with Tab until it is there. */
async function reach(page, target) {
  await expect(target).toBeVisible();
  for (let pressed = 0; pressed < 200; pressed += 1) {
    if (await target.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never comes to ${target}`);
}

async function press(page, target, key = 'Enter') {
  await reach(page, target);
  await page.keyboard.press(key);
}

async function write(page, target, text) {
  await reach(page, target);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

const button = (place, name) => place.getByRole('button', { name, exact: true });

test('the overview and its range', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page);
  await reach(page, page.getByLabel('Range of the charts'));
  await page.keyboard.type('90');
  await expect(page).toHaveURL(/days=90/);
  await press(page, page.getByRole('link', { name: 'Create License Key' }));
  await expect(page.getByRole('dialog')).toBeVisible();
});

test('a license key is made, renamed and restricted', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/license-keys');
  await press(page, button(page, 'Create License Key'));
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await page.keyboard.type('Shop');
  await press(page, button(dialog, 'Create License Key'));
  await press(page, button(dialog, 'Done'));
  await press(page, page.getByRole('link', { name: 'Shop', exact: true }));
  await expect(page.getByRole('heading', { level: 1, name: 'Shop' })).toBeFocused();
  await write(page, page.getByLabel('Name', { exact: true }), 'Store');
  await press(page, button(page, 'Save'));
  await expect(page.getByRole('heading', { level: 1, name: 'Store' })).toBeVisible();
  await press(page, page.getByRole('link', { name: 'Restrictions' }));
  // Tab comes to the one that is chosen; arrows choose another.
  await reach(page, page.locator('input[type=radio]:checked'));
  await page.keyboard.press('ArrowDown');
  await write(page, page.getByLabel('New entry of websites'), 'https://shop.example');
  // At once, before the server has said what it matches.
  await page.keyboard.press('Enter');
  await expect(page.locator('code', { hasText: 'https://shop.example' })).toBeVisible();
  await press(page, button(page, 'Save'));
  const saved = async () => (await api(server, 'GET', '/api/license-keys')).items[0];
  await expect.poll(saved).toMatchObject({ name: 'Store', restriction: 'websites', websites: ['https://shop.example'] });
});

test('a conversation is looked for, read and deleted', async ({ natter, upstream, page }) => {
  const server = await natter(upstream.env);
  const reply = fetch(`${server.url}/v1/chat/stream`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': WIDGET_KEY },
    body: JSON.stringify({ sessionId: 's-1', message: 'Where are kettles?' }),
  });
  const call = await upstream.call();
  call.send('On shelf nine.');
  call.finish();
  await (await reply).text();
  await signIn(server, page);
  await open(server, page, '/conversations');
  await write(page, page.getByRole('searchbox'), 'kettles');
  await press(page, page.getByRole('link', { name: 'On shelf nine.' }));
  await expect(page.locator('.message.bot')).toContainText('On shelf nine.');
  await press(page, page.getByLabel('Export and delete'));
  await press(page, button(page, 'Delete conversation'));
  await press(page, page.getByRole('dialog').getByRole('button', { name: /^Delete/ }));
  await expect(page.getByText('No conversation yet')).toBeVisible();
});

test('an agent is made and asked', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/agents/new');
  await write(page, page.getByLabel('Name', { exact: true }), 'Clerk');
  await press(page, button(page, 'Create agent'));
  await expect(page.getByRole('heading', { level: 1, name: 'Clerk' })).toBeVisible();
  const question = page.getByLabel(/question/i).last();
  await write(page, question, 'What is a kettle?');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/I found nothing/).first()).toBeVisible();
});

test('a data source is made, filled and searched', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/data-sources');
  await press(page, button(page, 'Create data source'));
  const dialog = page.getByRole('dialog');
  await write(page, dialog.getByLabel('Name'), 'Help');
  await press(page, dialog.getByRole('button', { name: 'Create' }));
  await press(page, button(page, 'Write or paste text'));
  await write(page, dialog.getByLabel('Name'), 'Kettles');
  await write(page, dialog.getByLabel('Text', { exact: true }), 'A kettle boils water.');
  await press(page, button(dialog, 'Add document'));
  await expect(page.getByRole('row', { name: /Kettles/ })).toBeVisible();
  await write(page, page.getByLabel("A visitor's question"), 'kettle');
  await page.keyboard.press('Enter');
  await expect(page.locator('.found')).toContainText('boils water');
});

test('a product, a plan and an order are made', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/products');
  const dialog = page.getByRole('dialog');
  await press(page, button(page, 'Create product'));
  await write(page, dialog.getByLabel('Name'), 'App');
  await write(page, dialog.getByLabel('Identifier'), 'app');
  await press(page, button(dialog, 'Create product'));
  await press(page, button(page, 'Create plan'));
  await write(page, dialog.getByLabel('Name'), 'Pro');
  await write(page, dialog.getByLabel('Identifier'), 'pro');
  await press(page, button(dialog, 'Create plan'));
  await expect(page.getByRole('heading', { level: 1, name: 'Pro' })).toBeVisible();
  await press(page, page.getByRole('switch', { name: 'Limit activations' }), 'Space');
  await write(page, page.getByLabel('Activations', { exact: true }), '3');
  await press(page, button(page, 'Save'));
  await expect(page.getByText('It holds for orders from now on.')).toBeVisible();
  await press(page, page.getByRole('link', { name: 'Orders' }));
  await press(page, button(page, 'Create order'));
  await reach(page, dialog.getByLabel('Plan'));
  await page.keyboard.press('ArrowDown');
  await write(page, dialog.getByLabel(/^Customer.s id/), 'c-7');
  await press(page, button(dialog, 'Create order'));
  await expect(dialog.locator('.secret code')).toBeVisible();
  await press(page, button(dialog, 'Open the order'));
  await expect(page.getByText('c-7').first()).toBeVisible();
});

test('an API key, a webhook and a user are made', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  const dialog = page.getByRole('dialog');
  await open(server, page, '/api-keys');
  await press(page, button(page, 'Create new key'));
  await write(page, dialog.getByLabel('Label'), 'Script');
  await press(page, dialog.getByRole('checkbox', { name: /^Read/ }), 'Space');
  await press(page, button(dialog, 'Create key'));
  await press(page, button(dialog, 'Done'));
  await expect(page.getByRole('row', { name: /nt_live_/ })).toContainText('Script');
  await press(page, page.getByRole('link', { name: 'Webhooks' }));
  await press(page, button(page, 'Create webhook'));
  await write(page, dialog.getByLabel('Address'), 'https://93.184.216.34/');
  await press(page, dialog.getByLabel('lead.captured'), 'Space');
  await press(page, button(dialog, 'Create webhook'));
  await press(page, button(dialog, 'Done'));
  await expect(page.getByRole('row', { name: /93\.184\.216\.34/ })).toBeVisible();
  await press(page, page.getByRole('link', { name: 'Users' }));
  await press(page, button(page, 'Add user'));
  await write(page, dialog.getByLabel('E-mail address'), 'bob@example.com');
  await write(page, dialog.getByLabel('Password'), 'another long password');
  await press(page, button(dialog, 'Add user'));
  await expect(page.getByRole('row', { name: /bob@example.com/ })).toBeVisible();
});

test('settings are saved, notifications read, and the audit log searched', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/settings');
  await write(page, page.getByLabel('Usage log', { exact: true }), '91');
  await press(page, button(page, 'Save'));
  await expect.poll(async () => (await api(server, 'GET', '/api/settings')).retention_days).toBe(91);
  await press(page, page.getByRole('link', { name: /^Notifications/ }).first());
  await expect(page.getByRole('heading', { level: 1, name: 'Notifications' })).toBeVisible();
  await press(page, page.getByRole('link', { name: 'Audit log' }));
  await write(page, page.getByRole('searchbox', { name: 'Who' }), 'admin@');
  const changed = page.getByRole('row', { name: /settings/i }).first();
  await press(page, changed.locator('summary'));
  await expect(changed.locator('dl')).toBeVisible();
});
