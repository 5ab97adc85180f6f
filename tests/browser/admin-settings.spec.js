// API keys, notifications, the audit log and the settings in the dashboard.
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

const HOSTILE = '<img src=x onerror=alert(1)>';

/** Asks the admin API with an API key. */
const ask = (server, key, path = '/api/license-keys') =>
  fetch(server.url + path, { headers: { Authorization: `Bearer ${key}` } }).then((answer) => answer.status);

test('an API key is made, shown once, works, and is deleted by its label', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/api-keys');
  await expect(page.getByText('No API key yet')).toBeVisible();
  await looksRight(page, shot, 'api-keys-empty');
  await page.getByRole('button', { name: 'Create new key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog.getByText('Must have 1 to 120 characters')).toBeVisible();
  await expect(dialog.getByText('Must name at least one')).toBeVisible();
  await expect(dialog.getByLabel('Label')).toBeFocused();
  await looksRight(page, shot, 'api-key-refused');
  await dialog.getByLabel('Label').fill(HOSTILE);
  await dialog.getByRole('checkbox', { name: /^Read/ }).check();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog).toContainText('it is not shown again');
  const key = await dialog.locator('.secret code').textContent();
  expect(key).toMatch(/^nt_live_[0-9A-Z]{38}$/);
  await looksRight(page, shot, 'api-key-shown');
  for (let times = 0; times < 4; times += 1) await page.keyboard.press('Escape');
  await expect(dialog, 'no stray key press loses it').toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Close' })).toHaveCount(0);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await dialog.getByRole('button', { name: 'Copy the API key' }).click();
  await expect(dialog.getByText('Copied').first()).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toHaveCount(0);
  const kept = await page.evaluate(() => {
    const fields = [...document.querySelectorAll('input, textarea')].map((field) => field.value);
    return [document.documentElement.outerHTML, location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage), ...fields].join('\n');
  });
  expect(kept).not.toContain(key);
  expect(kept).not.toContain(key.slice(12, 40));
  const row = page.getByRole('row', { name: /nt_live_/ });
  await expect(row).toContainText(HOSTILE);
  await expect(row).toContainText(`${key.slice(0, 12)}…${key.slice(-4)}`);
  await expect(row).toContainText('never');
  await looksRight(page, shot, 'api-keys');
  expect(await ask(server, key)).toBe(200);
  await row.getByRole('button', { name: /^Delete/ }).click();
  await expect(dialog).toContainText('refused at once');
  const sure = dialog.getByRole('button', { name: 'Delete' });
  await expect(sure).toBeDisabled();
  await dialog.getByRole('textbox').fill(HOSTILE);
  await sure.click();
  await expect(page.getByText('No API key yet')).toBeVisible();
  expect(await ask(server, key)).toBe(401);
});

test('a key may be made for a time and for several purposes, and one that is over says so', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await api(server, 'POST', '/api/api-keys', { label: 'Old', scopes: ['admin'], expires_at: '2020-01-31T00:00:00Z' });
  await open(server, page, '/api-keys');
  await expect(page.getByRole('row', { name: /Old/ })).toContainText('Expired');
  await page.getByRole('button', { name: 'Create new key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Label').fill('Shop');
  await dialog.getByRole('checkbox', { name: /^Licenses/ }).check();
  await dialog.getByRole('checkbox', { name: /^Read/ }).check();
  await dialog.getByLabel('Expires').fill('2099-12-31T12:00');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('row', { name: /Shop/ })).toContainText('2099');
  const made = (await api(server, 'GET', '/api/api-keys')).items.find((key) => key.label === 'Shop');
  expect(made.scopes).toEqual(['read', 'licenses']);
  expect(made.expires_at).toMatch(/^2099-12-31/);
});

test('API keys are to be looked through: the unused and the old are named, until somebody has looked', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  const { key, ...listed } = await api(server, 'POST', '/api/api-keys', { label: HOSTILE, scopes: ['read'] });
  await open(server, page, '/api-keys');
  await expect(page.getByRole('row', { name: /nt_live_/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Look through the API keys' }), 'nothing is due').toHaveCount(0);
  // Nobody waits 90 days for a test: the reminder is put in the place of what the server answers.
  await page.route('**/api/audit-reminder', async (route) => {
    const answer = await route.fetch();
    expect(await answer.json(), 'the server has none yet').toBeNull();
    await route.fulfill({ json: { keys: 2, unused: [listed, { ...listed, label: 'Shop' }], old: [listed] } });
  });
  await page.reload();
  await settled(page);
  const reminder = page.getByRole('region', { name: 'Look through the API keys' });
  await expect(reminder).toContainText('Look through your 2 keys');
  await expect(reminder).toContainText(`Not used for 90 days: “${HOSTILE}” and “Shop”.`);
  await expect(reminder).toContainText('Older than a year');
  await looksRight(page, shot, 'api-keys-reminder');
  await reminder.getByRole('button', { name: 'Dismiss' }).click();
  await expect(reminder).toHaveCount(0);
  const noted = await api(server, 'GET', '/api/audit-log?action=api_keys.audited');
  expect(noted.items.map((line) => line.actor.name)).toEqual(['admin@example.com']);
});

/** Two websites on a key for one: two notifications, one of a website, one of the limit. */
async function notify(server, name = 'Club') {
  const { id, key } = await api(server, 'POST', '/api/license-keys', { name, activation_limit: 1 });
  for (const host of ['a.example', 'b.example']) {
    await fetch(`${server.url}/v1/widget/session`, {
      method: 'POST',
      headers: { Origin: `https://${host}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ licenseKey: key }),
    });
  }
  await expect.poll(async () => (await api(server, 'GET', '/api/notifications')).total).toBe(2);
  return id;
}

test('notifications are sentences that lead to the key, and are read one by one or all at once', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/notifications');
  await expect(page.getByText('Nothing to tell')).toBeVisible();
  await looksRight(page, shot, 'notifications-empty');
  const id = await notify(server, HOSTILE);
  await page.reload();
  await settled(page);
  const bell = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /Notifications/ });
  const items = page.locator('.notice');
  await expect(items).toHaveCount(2);
  await expect(items.first()).toContainText(`“${HOSTILE}” has no activation left`);
  await expect(items.first()).toContainText('The website b.example wanted to use it and was refused.');
  await expect(items.last()).toContainText(`“${HOSTILE}” is used on a new website`);
  await expect(bell).toContainText('2');
  await looksRight(page, shot, 'notifications');
  await items.last().getByRole('button', { name: /^Mark as read/ }).click();
  await expect(page.getByRole('button', { name: /^Mark as read/ })).toHaveCount(1);
  await expect(bell).toContainText('1');
  await page.getByLabel('Read or not').selectOption('true');
  await expect(items).toHaveCount(1);
  await page.getByLabel('Kind').selectOption({ index: 1 });
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(items).toHaveCount(2);
  await expect(page.getByLabel('Kind'), 'what is chosen is shown').toHaveValue('');
  const unread = async () => (await api(server, 'GET', '/api/notifications')).items.filter((one) => !one.read_at).length;
  expect(await unread()).toBe(1);
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(page.getByText('(unread)')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Mark all as read' })).toHaveCount(0);
  await expect.poll(unread).toBe(0);
  await items.first().getByRole('link').click();
  await expect(page).toHaveURL(`${server.url}/admin/license-keys/${id}/activations`);
});

test('the audit log says who did what to what, what it was before, and is narrowed by action and thing', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  const { id } = await api(server, 'POST', '/api/license-keys', { name: HOSTILE });
  await page.request.patch(`${server.url}/api/license-keys/${id}`, {
    data: { monthly_usage_limit: 600, ui: { theme: 'dark' } },
    headers: { origin: server.url },
  });
  await api(server, 'POST', '/api/agents', { name: 'Helper' });
  await open(server, page, '/audit-log');
  const changed = page.getByRole('row', { name: /Changed a license key/ });
  await expect(changed).toContainText('admin@example.com');
  await expect(changed).toContainText('127.0.0.1');
  await changed.getByText('2 fields').click();
  await expect(changed).toContainText('monthly usage limit');
  await expect(changed).toContainText('600');
  await expect(changed.locator('dd', { hasText: 'dark' })).toContainText('light');
  await looksRight(page, shot, 'audit-log');
  await expect(page.getByRole('row', { name: /Created a license key/ }).filter({ hasText: HOSTILE })).toHaveCount(1);
  await page.getByLabel('Action').selectOption('agent.created');
  await expect(page.getByRole('row', { name: /Created an agent/ }).first()).toBeVisible();
  await expect(page.getByRole('row', { name: /license key/ })).toHaveCount(0);
  await expect(page).toHaveURL(/action=agent\.created/);
  await page.getByLabel('Action').selectOption('');
  await changed.getByRole('button', { name: 'Everything about this license key' }).click();
  await expect(page.getByRole('row', { name: /agent/ })).toHaveCount(0);
  await expect(page.getByRole('row', { name: /license key/ })).toHaveCount(2);
  await page.reload();
  await settled(page);
  await expect(page.getByRole('row', { name: /license key/ })).toHaveCount(2);
  await page.getByRole('button', { name: 'One thing only: show all' }).click();
  await page.getByRole('searchbox', { name: 'Who' }).fill('ADMIN@');
  await expect(page.getByRole('row', { name: /Created an agent/ })).toHaveCount(0);
  await expect(changed).toBeVisible();
  await page.getByLabel('From', { exact: true }).fill('2020-01-01');
  await page.getByLabel('To', { exact: true }).fill('2020-01-31');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.reload();
  await settled(page);
  await expect(page.getByLabel('From', { exact: true }), 'the days of the reader').toHaveValue('2020-01-01');
  await expect(page.getByLabel('To', { exact: true })).toHaveValue('2020-01-31');
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(page.getByRole('row', { name: /agent/ }).first()).toBeVisible();
  await changed.getByRole('link').click();
  await expect(page).toHaveURL(`${server.url}/admin/license-keys/${id}`);
});

test('settings are saved, and what the environment decides is shown and cannot be changed', async ({ natter, page, shot }) => {
  const server = await natter({ NATTER_ANONYMIZE_IP: 'true' });
  await signIn(server, page);
  await open(server, page, '/settings');
  const shorten = page.getByLabel('Shorten IP addresses');
  await expect(shorten).toBeChecked();
  await expect(shorten).toBeDisabled();
  await expect(page.getByText('Decided by NATTER_ANONYMIZE_IP')).toBeVisible();
  await page.getByLabel('Usage log', { exact: true }).fill('0');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Must be a whole number from 1 to 36500').first()).toBeVisible();
  await page.getByLabel('Usage log', { exact: true }).fill('90');
  await page.getByLabel('Conversations').fill('30');
  await expect(page.getByText('Shorter than now')).toBeVisible();
  await page.getByLabel('Keep questions in the usage log').uncheck({ force: true });
  await looksRight(page, shot, 'settings');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  const wanted = { retention_days: 90, conversation_retention_days: 30, anonymize_ip: true, store_questions: false };
  expect(await api(server, 'GET', '/api/settings')).toMatchObject(wanted);
  await page.getByLabel('Conversations').fill('');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  expect((await api(server, 'GET', '/api/settings')).conversation_retention_days).toBeNull();
});

test('two who change settings, a webhook or a user at a time: the second is told, and goes on from the first', async ({ natter, page }) => {
  const server = await natter({ NATTER_WEBHOOK_ALLOW_PRIVATE: 'true' });
  const hook = await api(server, 'POST', '/api/webhooks', { url: 'http://127.0.0.1:9/hook', events: ['license_key.created'] });
  const bob = await api(server, 'POST', '/api/users', { email: 'bob@example.com', password: 'another long password' });
  await signIn(server, page);
  const conflict = page.getByText('Somebody else has changed this meanwhile.');
  const save = page.getByRole('button', { name: 'Save', exact: true });

  await open(server, page, '/settings');
  await api(server, 'PATCH', '/api/settings', { retention_days: 70 });
  await page.getByLabel('Conversations').fill('30');
  await save.click();
  await expect(conflict).toBeVisible();
  await expect(page.getByText(/^They changed: retention days\./i)).toBeVisible();
  await page.getByRole('button', { name: 'Keep my edits' }).click();
  await expect(page.getByLabel('Usage log', { exact: true })).toHaveValue('70');
  await save.click();
  await expect(page.getByText('Saved.')).toBeVisible();
  expect(await api(server, 'GET', '/api/settings')).toMatchObject({ retention_days: 70, conversation_retention_days: 30 });

  await open(server, page, `/webhooks/${hook.id}`);
  await page.getByLabel('Description').fill('Mine');
  await api(server, 'PATCH', `/api/webhooks/${hook.id}`, { description: 'Theirs' });
  await save.click();
  await expect(conflict).toBeVisible();
  await page.getByRole('button', { name: 'Load their version' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('Theirs');
  expect((await api(server, 'GET', `/api/webhooks/${hook.id}`)).description).toBe('Theirs');

  await open(server, page, '/users');
  await page.getByRole('row', { name: /bob@example.com/ }).getByLabel('Actions for bob@example.com').click();
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Bob');
  await api(server, 'PATCH', `/api/users/${bob.id}`, { role: 'viewer' });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(conflict).toBeVisible();
  await dialog.getByRole('button', { name: 'Keep my edits' }).click();
  await expect(dialog.getByLabel('Role')).toHaveValue('viewer');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  const users = (await api(server, 'GET', '/api/users')).items;
  expect(users.find((user) => user.id === bob.id)).toMatchObject({ name: 'Bob', role: 'viewer' });
});

test('a viewer sees all of it and is offered nothing to change', async ({ natter, page }) => {
  const server = await natter();
  await api(server, 'POST', '/api/api-keys', { label: 'Reports', scopes: ['read'] });
  await notify(server);
  await signIn(server, page, { role: 'viewer' });
  await open(server, page, '/api-keys');
  await expect(page.getByRole('row', { name: /Reports/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /Create|Delete/ })).toHaveCount(0);
  await open(server, page, '/notifications');
  await expect(page.locator('.notice')).toHaveCount(2);
  await expect(page.getByRole('button', { name: /read/ })).toHaveCount(0);
  await open(server, page, '/audit-log');
  await expect(page.getByRole('row', { name: /Created an API key/ })).toBeVisible();
  await open(server, page, '/settings');
  await expect(page.getByLabel('Usage log', { exact: true })).toBeDisabled();
  await expect(page.getByLabel('Shorten IP addresses')).toBeDisabled();
});
