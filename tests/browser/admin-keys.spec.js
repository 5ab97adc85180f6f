// License keys in the dashboard: made, shown once, embedded, restricted, regenerated, ended.
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { ADMIN_KEY } from './lib/natter.js';
import { expect, test } from './lib/test.js';

const HOSTILE = 'Shop <img src=x onerror="window.hacked=1">';

/** Makes a key through the API. */
const make = (server, settings = {}) => api(server, 'POST', '/api/license-keys', { name: 'Shop', ...settings });
const read = (server, id) => api(server, 'GET', `/api/license-keys/${id}`);

/** Whether the streaming endpoint takes this key. */
async function works(server, key) {
  const answer = await fetch(`${server.url}/v1/widget/config`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ licenseKey: key }),
  });
  return answer.status;
}

test('a key is made, shown once with its snippet, and works', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/license-keys?create=1');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.getByText('Must have 1 to 120 characters')).toBeVisible();
  await dialog.getByLabel('Name').fill(HOSTILE);
  await dialog.getByLabel('Allowed domains').fill('https://example.com, https://*.example.com');
  await dialog.getByLabel('Monthly limit').fill('1000');
  await looksRight(page, shot, 'key-form');
  await dialog.getByRole('button', { name: 'Create License Key' }).click();
  const key = await dialog.locator('.secret code').textContent();
  expect(key).toMatch(/^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
  await expect(dialog.getByText('it is not shown again')).toBeVisible();
  await expect(dialog.locator('pre')).toContainText(`data-license-key="${key}"`);
  await looksRight(page, shot, 'key-issued');
  await page.keyboard.press('Escape');
  await expect(dialog, 'a stray key press does not lose it').toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('row', { name: /^Shop <img/ });
  await expect(row).toContainText('2 websites');
  await expect(row).toContainText('0 / 1,000');
  expect(await page.content(), 'nothing of it stays in the page').not.toContain(key);
  await looksRight(page, shot, 'keys');
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
  const [made] = (await api(server, 'GET', '/api/license-keys')).items;
  expect(made).toMatchObject({ name: HOSTILE, monthly_usage_limit: 1000, restriction: 'websites', retrievable: false });
  expect(made.websites).toEqual(['https://example.com', 'https://*.example.com']);
  expect(await works(server, key), 'the restriction holds').toBe(403);
});

test('the toggle in the row switches a key off and on', async ({ natter, page }) => {
  const server = await natter();
  const { id, key } = await make(server);
  await signIn(server, page);
  await open(server, page, '/license-keys');
  const toggle = page.getByRole('switch', { name: 'Shop is active' });
  await expect(toggle).toBeChecked();
  await toggle.focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('dialog', { name: 'Switch Shop off?' })).toContainText('Nobody can chat');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  expect(await works(server, key), 'nothing has happened').toBe(200);
  await expect(toggle, 'the focus is back').toBeFocused();
  await page.keyboard.press('Space');
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByRole('row', { name: /^Shop/ }).getByText('Switched off')).toBeVisible();
  await expect(toggle).not.toBeChecked();
  expect((await read(server, id)).status).toBe('inactive');
  expect(await works(server, key)).toBe(403);
  await toggle.click();
  await expect(toggle).toBeChecked();
  expect(await works(server, key)).toBe(200);
});

test('search, status and page stand in the address and survive a reload', async ({ natter, page }) => {
  const server = await natter();
  for (let n = 1; n <= 55; n += 1) await make(server, { name: `Key ${n}`, is_active: n !== 7 });
  await signIn(server, page);
  await open(server, page, '/license-keys');
  await expect(page.getByText('in all')).toContainText(/5[5-6] in all/);
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.getByRole('row', { name: /^Key 1 / })).toBeVisible();
  await page.reload();
  await settled(page);
  await expect(page.getByRole('row', { name: /^Key 1 / })).toBeVisible();
  await page.getByRole('button', { name: 'Previous' }).click();
  await expect(page.getByRole('row', { name: /^Key 55 / })).toBeVisible();
  await page.getByLabel('Status').selectOption('inactive');
  await expect(page.getByText('1 in all')).toBeVisible();
  await page.reload();
  await settled(page);
  await expect(page.getByRole('row', { name: /^Key 7 / })).toBeVisible();
  await page.getByRole('searchbox').fill('nothing like this');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(page.getByRole('row', { name: /^Key 55 / })).toBeVisible();
});

test('edits are saved as what changed, survive another tab of the key, and are asked about before they are lost', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id } = await make(server, { description: 'old' });
  await signIn(server, page);
  await open(server, page, '/license-keys');
  await page.getByRole('link', { name: 'Shop', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Shop' })).toBeFocused();
  await looksRight(page, shot, 'key-general');
  await page.getByLabel('Description').fill('new');
  await page.getByRole('link', { name: 'Identity' }).click();
  await page.getByLabel('Required').check();
  await expect(page.getByText('Unsaved changes')).toBeVisible();
  await page.getByRole('link', { name: 'Users' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.goBack();
  await page.goBack();
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  const patched = page.waitForRequest((request) => request.method() === 'PATCH');
  await page.getByRole('button', { name: 'Save' }).click();
  expect((await patched).postDataJSON()).toEqual({ version: 1, description: 'new', identity_mode: 'required' });
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  expect(await read(server, id)).toMatchObject({ description: 'new', identity_mode: 'required' });
  await page.getByRole('link', { name: 'Users' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible();
});

test('a limit beyond its edge is refused at its field, and somebody else’s change is not overwritten', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  const limit = page.getByLabel('Activation limit');
  await limit.fill('101');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Must be a whole number from 1 to 100, or empty')).toBeVisible();
  await expect(limit).toBeFocused();
  await limit.fill('100');
  await api(server, 'PATCH', `/api/license-keys/${id}`, { name: 'Theirs' });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Somebody else has changed this meanwhile.')).toBeVisible();
  expect((await read(server, id)).activation_limit).toBeNull();
  await page.getByRole('button', { name: 'Load their version' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Theirs');
  await limit.fill('100');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  expect(await read(server, id)).toMatchObject({ name: 'Theirs', activation_limit: 100 });
});

test('websites are checked as typed, added, selected and deleted; an empty list is red; an address can be tried', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/restrictions`);
  await page.getByLabel('Websites').check();
  await expect(page.getByText('The list is empty, so any website may use this key')).toBeVisible();
  const entry = page.getByLabel('New entry of websites');
  await entry.fill('*.com');
  await expect(page.getByText(/public suffix/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add' })).toBeDisabled();
  await looksRight(page, shot, 'key-websites-refused');
  await entry.fill('https://*.Example.com/shop');
  await expect(page.getByText('A path is left out')).toBeVisible();
  await page.getByRole('button', { name: 'Add' }).click();
  await entry.fill('https://example.com');
  await expect(page.getByRole('button', { name: 'Add' })).toBeEnabled();
  await entry.press('Enter');
  await expect(page.getByText('The list is empty')).toHaveCount(0);
  const url = page.getByLabel('Address of a page');
  await url.fill('https://www.example.com/cart');
  await expect(page.getByText('Allowed')).toBeVisible();
  await url.fill('https://evil.example');
  await expect(page.getByText('Refused')).toBeVisible();
  await page.getByLabel('https://*.example.com').check();
  await page.getByRole('button', { name: 'Delete' }).click();
  await looksRight(page, shot, 'key-websites');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  expect(await read(server, id)).toMatchObject({ restriction: 'websites', websites: ['https://example.com'] });
  await page.getByLabel('IP addresses', { exact: false }).first().check();
  await page.getByLabel('New entry of ip addresses').fill('203.0.113.0/33');
  await expect(page.getByText(/no IPv4 or IPv6 address/)).toBeVisible();
  await page.getByLabel('New entry of ip addresses').fill('203.0.113.0/24');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  expect(await read(server, id)).toMatchObject({ restriction: 'ip_addresses', ip_addresses: ['203.0.113.0/24'], websites: ['https://example.com'] });
});

test('a website that is typed and not added yet outlives the saving of something else', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/restrictions`);
  await page.getByLabel('Websites').check();
  const entry = page.getByLabel('New entry of websites');
  await entry.fill('https://example.com');
  await expect(page.getByText('Not in the list until it is added.')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  await expect(entry).toHaveValue('https://example.com');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await read(server, id)).websites).toEqual(['https://example.com']);
});

test('a key near its limit is seen in the list and on the overview, and a used-up one is red', async ({ natter, page }) => {
  const server = await natter();
  const { id, key } = await make(server, { name: HOSTILE, monthly_usage_limit: 5 });
  const ask = () => fetch(`${server.url}/v1/chat`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ sessionId: 's-1', message: 'What is Natter?' }),
  });
  for (let n = 0; n < 4; n += 1) expect((await ask()).status).toBe(200);
  await signIn(server, page);
  await open(server, page);
  await expect(page.locator('.tile', { hasText: 'Near their limit' })).toContainText('1');
  await expect(page.locator('section', { hasText: 'Keys near their limit' }).getByRole('link', { name: /Shop/ })).toHaveAttribute('href', new RegExp(id));
  await open(server, page, '/license-keys');
  const row = page.getByRole('row', { name: /^Shop <img/ });
  await expect(row).toContainText('4 / 5');
  await expect(row.locator('.bar .warn')).toHaveCount(1);
  expect((await ask()).status).toBe(200);
  expect((await ask()).status, 'over it').toBe(429);
  await open(server, page, '/license-keys');
  await expect(row.getByRole('meter')).toHaveAttribute('aria-valuenow', '5');
  await expect(row.locator('.bar .bad')).toHaveCount(1);
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('a key that is past its expiry and still works is not called expired', async ({ natter, page }) => {
  const server = await natter();
  const { id, key } = await make(server, { grace_days: 30 });
  await make(server, { name: 'Over', expires_at: '2020-01-01T00:00:00Z' });
  await api(server, 'PATCH', `/api/license-keys/${id}`, { expires_at: new Date(Date.now() - 86_400_000).toISOString() });
  expect(await works(server, key)).toBe(200);
  await signIn(server, page);
  await open(server, page, '/license-keys');
  await expect(page.getByRole('row', { name: /^Shop/ })).toContainText('In grace');
  await expect(page.getByRole('row', { name: /^Over/ })).toContainText('Expired');
  await page.getByRole('link', { name: 'Shop', exact: true }).click();
  await expect(page.locator('.head')).toContainText('In grace');
});

test('a key that is not retrievable has no eye and says why; another is shown and copied', async ({ natter, page, context }) => {
  const server = await natter();
  const once = await make(server, { name: 'Once' });
  const again = await make(server, { name: 'Again', retrievable: true });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await signIn(server, page);
  await open(server, page, `/license-keys/${once.id}`);
  await expect(page.getByRole('button', { name: 'Show the key' })).toBeDisabled();
  await expect(page.getByText('Lost it? Regenerate it below.')).toBeVisible();
  await open(server, page, `/license-keys/${again.id}`);
  await page.getByRole('button', { name: 'Show the key' }).click();
  await expect(page.locator('.secret code')).toHaveText(again.key);
  await page.getByRole('button', { name: 'Copy the license key' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(again.key);
  await page.getByRole('button', { name: 'Hide the key' }).click();
  expect(await page.content()).not.toContain(again.key);
  const actions = (await api(server, 'GET', '/api/audit-log')).items.map((entry) => entry.action);
  expect(actions).toContain('license_key.revealed');
});

test('regenerating shows a new key and ends the old; deactivating needs the name and is for good', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id, key } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  await page.getByRole('button', { name: 'Regenerate' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Regenerate' }).click();
  await expect(dialog.getByRole('heading', { name: 'Your new license key' })).toBeVisible();
  const renewed = await dialog.locator('.secret code').textContent();
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(await works(server, key)).toBe(401);
  expect(await works(server, renewed)).toBe(200);
  await page.getByRole('button', { name: 'Deactivate for good' }).click();
  await expect(dialog.getByRole('button', { name: 'Deactivate for good' })).toBeDisabled();
  await looksRight(page, shot, 'key-deactivate');
  await dialog.getByRole('textbox').fill('Shop');
  await dialog.getByRole('button', { name: 'Deactivate for good' }).click();
  await expect(page.getByText('This key is deactivated for good.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Regenerate' })).toBeDisabled();
  expect((await read(server, id)).status).toBe('deactivated');
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('textbox').fill('Shop');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'License Keys' })).toBeVisible();
  const gone = await fetch(`${server.url}/api/license-keys/${id}`, { headers: { 'X-Admin-Api-Key': ADMIN_KEY } });
  expect(gone.status).toBe(404);
});

test('the identity secret is shown and rotated, with samples in eight languages', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id } = await make(server);
  const { secret } = await api(server, 'POST', `/api/license-keys/${id}/identity-secret/reveal`);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/identity`);
  await looksRight(page, shot, 'key-identity');
  expect(await page.content()).not.toContain(secret);
  await page.getByRole('button', { name: 'Show the secret' }).click();
  await expect(page.locator('.secret code')).toHaveText(secret);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  await expect(page.locator('.secret code')).not.toHaveText(secret);
  await expect(page.getByText('is accepted until')).toBeVisible();
  for (const language of ['Node.js', 'Python', 'PHP', 'Ruby', 'Go', 'Java', 'C#', 'Rust']) {
    await page.getByRole('button', { name: language, exact: true }).click();
    await expect(page.locator('figcaption')).toContainText(language);
  }
});

test('a viewer sees a key and can change nothing of it', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server, { retrievable: true });
  await signIn(server, page, { role: 'viewer' });
  await open(server, page, '/license-keys');
  await expect(page.getByRole('button', { name: 'Create License Key' })).toHaveCount(0);
  await expect(page.getByRole('switch', { name: 'Shop is active' })).toBeDisabled();
  await open(server, page, `/license-keys/${id}`);
  await expect(page.getByLabel('Name', { exact: true })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Show the key' })).toBeDisabled();
  await expect(page.getByRole('button', { name: /Regenerate|Delete|Deactivate/ })).toHaveCount(0);
});

test('the snippet of the embed page puts the chat on a page', async ({ natter, site, page, chat, shot }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/embed`);
  await looksRight(page, shot, 'key-embed');
  const snippet = await page.locator('pre').first().textContent();
  expect(snippet).toContain('data-chatbot-id="cb_');
  const host = await site({ '/': `<!doctype html><title>Site</title><h1>Site</h1>${snippet}` });
  await page.goto(host.url);
  await chat.open();
});
