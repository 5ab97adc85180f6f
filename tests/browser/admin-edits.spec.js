// What somebody types in the dashboard is kept as it was meant: numbers and times, edits while
// something is on its way or while somebody else edits too, and where the keyboard goes on.
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

const make = (server, settings = {}) => api(server, 'POST', '/api/license-keys', { name: 'Shop', ...settings });
const read = (server, id) => api(server, 'GET', `/api/license-keys/${id}`);
const save = (page) => page.getByRole('button', { name: 'Save', exact: true });

/** Regenerates the key of the page. */
async function regenerate(page) {
  await page.getByRole('button', { name: 'Regenerate' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Regenerate' }).click();
  await dialog.getByRole('button', { name: 'Done' }).click();
  return dialog;
}

/** Holds the answers to requests like this back until `go` is called. */
async function held(page, method, path) {
  let go;
  const gate = new Promise((resolve) => { go = resolve; });
  let arrived;
  const asked = new Promise((resolve) => { arrived = resolve; });
  await page.route((url) => path.test(url.pathname), async (route) => {
    if (route.request().method() === method) {
      arrived();
      await gate;
    }
    await route.continue();
  });
  return { go, asked };
}

test('a number is what was typed, or the form is not saved', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server, { monthly_usage_limit: 500 });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  const limit = page.getByLabel('Monthly limit');
  for (const odd of ['1.000', '1e3', '-5', '12abc', '1,00']) {
    await limit.fill(odd);
    await expect(page.getByText('Must be a whole number, such as 1000'), odd).toBeVisible();
    await save(page).click();
    await expect(limit, `${odd} stays where it can be mended`).toHaveValue(odd);
    await expect(limit).toBeFocused();
  }
  await expect(page.getByText('Needs a look: monthly usage limit')).toBeVisible();
  expect((await read(server, id)).monthly_usage_limit, 'nothing of it was stored').toBe(500);
  await page.getByRole('link', { name: 'Identity' }).click();
  await save(page).click();
  await expect(limit, 'refused for a field of another tab, that tab is shown').toBeFocused();
  await expect(limit).toHaveValue('1,00');
  const agent = page.getByLabel('Agent', { exact: true });
  await agent.selectOption({ index: 1 });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(limit).toHaveValue('500');
  await expect(agent, 'what is chosen goes back, too').toHaveValue('');
  await limit.fill('12,345');
  await save(page).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  expect((await read(server, id)).monthly_usage_limit).toBe(12345);
  await limit.fill('');
  await save(page).click();
  await expect.poll(async () => (await read(server, id)).monthly_usage_limit, 'empty is meant to be none').toBeNull();
});

test('a day without a time is no expiry, and is not taken for "never"', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server, { expires_at: '2031-05-06T07:08:00Z' });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  const expires = page.getByLabel('Expires');
  const before = await expires.inputValue();
  await expires.focus();
  // Takes the hour away and leaves the day.
  for (let n = 0; n < 3; n += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Delete');
  await expect(page.getByText('Must have a day and a time, or be empty')).toBeVisible();
  await save(page).click();
  expect((await read(server, id)).expires_at).toMatch(/^2031-05-06T07:08:00/);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(expires).toHaveValue(before);
  await expect(page.getByText('Must have a day and a time')).toHaveCount(0);
  await expires.fill('2032-01-02T03:04');
  await save(page).click();
  await expect.poll(async () => (await read(server, id)).expires_at).toMatch(/^2032-01-02T/);
});

test('metadata that would be dropped unsaid is complained about', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server, { metadata: { tier: 'gold' } });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  await page.getByRole('button', { name: 'Add an entry' }).click();
  await page.getByLabel('Value 2').fill('lost');
  await expect(page.getByText('Entry 2 has a value and no name')).toBeVisible();
  await page.getByLabel('Name 2').fill('tier');
  await expect(page.getByText('Entries 1 and 2 have the same name')).toBeVisible();
  await page.getByRole('link', { name: 'Identity' }).click();
  await page.getByRole('link', { name: 'General' }).click();
  await expect(page.getByLabel('Value 2'), 'it outlives a look at another tab').toHaveValue('lost');
  await save(page).click();
  expect((await read(server, id)).metadata).toEqual({ tier: 'gold' });
  await page.getByLabel('Name 2').fill('seats');
  await save(page).click();
  await expect.poll(async () => (await read(server, id)).metadata).toEqual({ tier: 'gold', seats: 'lost' });
});

test('what is typed while a save is on its way stays, and is saved with the next', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('First');
  const { go, asked } = await held(page, 'PATCH', /license-keys/);
  await save(page).click();
  await asked;
  await name.fill('Second');
  await page.getByLabel('Description').fill('typed meanwhile');
  go();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(name).toHaveValue('Second');
  await expect(page.getByLabel('Description')).toHaveValue('typed meanwhile');
  expect((await read(server, id)).name).toBe('First');
  await save(page).click();
  await expect.poll(async () => await read(server, id)).toMatchObject({ name: 'Second', description: 'typed meanwhile' });
  await expect(page.getByRole('region', { name: 'Unsaved changes' })).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1 }), 'the keyboard goes on on the page').toBeFocused();
});

test('after a conflict one’s own edits can be kept on top of theirs, and both are saved', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id } = await make(server, { description: 'old' });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  await page.getByLabel('Description').fill('mine');
  await api(server, 'PATCH', `/api/license-keys/${id}`, { name: 'Theirs', monthly_usage_limit: 7 });
  await save(page).click();
  await expect(page.getByText('They changed: monthly usage limit, name.')).toBeVisible();
  await looksRight(page, shot, 'conflict');
  await page.getByRole('button', { name: 'Keep my edits' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('mine');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Theirs');
  expect((await read(server, id)).description, 'nothing is saved unasked').toBe('old');
  await save(page).click();
  await expect.poll(async () => await read(server, id)).toMatchObject({ name: 'Theirs', description: 'mine', monthly_usage_limit: 7 });
});

test('regenerating and deactivating keep what is not saved yet, also when somebody else has saved', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  await page.getByLabel('Description').fill('mine');
  await api(server, 'PATCH', `/api/license-keys/${id}`, { name: 'Theirs' });
  const dialog = await regenerate(page);
  await expect(page.getByLabel('Description')).toHaveValue('mine');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Theirs');
  await page.getByRole('button', { name: 'Deactivate for good' }).click();
  await dialog.getByRole('textbox').fill('Theirs');
  await dialog.getByRole('button', { name: 'Deactivate for good' }).click();
  await expect(page.getByText('This key is deactivated for good.')).toBeVisible();
  await expect(page.getByLabel('Description')).toHaveValue('mine');
  await save(page).click();
  await expect.poll(async () => await read(server, id)).toMatchObject({ name: 'Theirs', description: 'mine' });
});

test('what somebody else has changed as well is not taken over by the way: saving tells of it', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server, { description: 'old' });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  await page.getByLabel('Description').fill('mine');
  await api(server, 'PATCH', `/api/license-keys/${id}`, { description: 'theirs' });
  await regenerate(page);
  await save(page).click();
  await expect(page.getByText('They changed: description.')).toBeVisible();
  expect((await read(server, id)).description).toBe('theirs');
  await page.getByRole('button', { name: 'Keep my edits' }).click();
  await save(page).click();
  await expect.poll(async () => (await read(server, id)).description).toBe('mine');
});

test('a key that is shown once is not lost by going back, and a form with edits not by a stray key', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'License Keys' }).click();
  await settled(page);
  const opener = page.getByRole('button', { name: 'Create License Key' });
  await opener.click();
  const dialog = page.getByRole('dialog', { name: 'Create License Key' });
  await page.keyboard.press('Escape');
  await expect(dialog, 'an empty form goes without a question').toHaveCount(0);
  await expect(opener, 'and gives the focus back').toBeFocused();
  await opener.click();
  await dialog.getByLabel('Name').fill('Shop');
  const leave = page.getByRole('dialog', { name: 'Leave this page?' });
  await page.goBack();
  await expect(leave).toContainText('What you typed in it is lost');
  await leave.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('Shop');
  await page.keyboard.press('Escape');
  const question = page.getByRole('dialog', { name: 'Throw away what you typed?' });
  await expect(question).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(question).toHaveCount(0);
  await expect(dialog.getByLabel('Name')).toHaveValue('Shop');
  const { go, asked } = await held(page, 'POST', /license-keys$/);
  await dialog.locator('footer').getByRole('button', { name: 'Create License Key' }).click();
  await asked;
  await expect(dialog.getByRole('button', { name: 'Cancel' }), 'it is being made').toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible();
  go();
  const issued = page.getByRole('dialog', { name: 'Your license key' });
  const key = await issued.locator('.secret code').textContent();
  await page.goBack();
  await expect(leave).toContainText('not shown again');
  await leave.getByRole('button', { name: 'Cancel' }).click();
  await expect(issued.locator('.secret code')).toHaveText(key);
  await issued.getByRole('button', { name: 'Done' }).click();
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});

test('a page that is left while something runs takes its questions and answers with it', async ({ natter, page, seen }) => {
  const server = await natter();
  await make(server);
  await signIn(server, page);
  await open(server, page, '/users');
  await page.getByRole('link', { name: 'License Keys' }).click();
  const row = page.getByRole('row', { name: /^Shop/ });
  await row.getByLabel('Actions for Shop').click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible();
  await expect(page.getByRole('dialog'), 'a question about another page').toHaveCount(0);
  await page.getByRole('link', { name: 'License Keys' }).click();
  await row.getByLabel('Actions for Shop').click();
  await page.getByRole('button', { name: 'Delete' }).click();
  const { go, asked } = await held(page, 'DELETE', /license-keys/);
  await page.getByRole('dialog').getByRole('textbox').fill('Shop');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await asked;
  await page.getByRole('link', { name: 'Agents' }).click();
  await settled(page);
  go();
  await expect(page.getByText('The license key is deleted.')).toBeVisible();
  await page.getByRole('link', { name: 'License Keys' }).click();
  await expect(row).toHaveCount(0);
  expect(seen.errors.filter((text) => /panic|unreachable/.test(text))).toEqual([]);
});

test('signing out asks before edits are lost', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  await page.getByLabel('Description').fill('mine');
  const out = async () => {
    await page.getByLabel('Account', { exact: true }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
  };
  await out();
  const dialog = page.getByRole('dialog', { name: 'Sign out without saving?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('mine');
  await expect(page.getByLabel('Account', { exact: true }), 'the menu has the focus again').toBeFocused();
  await out();
  await dialog.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Natter' })).toBeVisible();
});

test('a name with what nobody can see or type can still be confirmed', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server, { name: 'Shop\u200b  one\u202e' });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('Shop on');
  await expect(dialog.getByRole('button', { name: 'Delete' })).toBeDisabled();
  await dialog.getByRole('textbox').fill('Shop one');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'License Keys' })).toBeVisible();
});

test('a list goes where its links lead, and the keyboard stays on its buttons', async ({ natter, page }) => {
  const server = await natter();
  for (let n = 1; n <= 120; n += 1) await make(server, { name: `Key ${n}` });
  await signIn(server, page);
  await open(server, page, '/license-keys?q=Key 12');
  await expect(page.getByRole('searchbox')).toHaveValue('Key 12');
  await expect(page.getByText('2 in all')).toBeVisible();
  await page.getByRole('link', { name: 'License Keys' }).click();
  await expect(page.getByText(/12[01] in all/), 'the menu leads to the whole list').toBeVisible();
  await expect(page.getByRole('searchbox')).toHaveValue('');
  await page.goBack();
  await expect(page.getByText('2 in all')).toBeVisible();
  await expect(page.getByRole('searchbox')).toHaveValue('Key 12');
  await page.goForward();
  await expect(page.getByText(/12[01] in all/)).toBeVisible();
  const next = page.getByRole('button', { name: 'Next' });
  await next.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('row', { name: /^Key 70 / })).toBeVisible();
  await expect(next).toBeFocused();
  expect(await page.locator('table').evaluate((table) => table.getBoundingClientRect().top), 'its first rows are in sight').toBeGreaterThanOrEqual(0);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('row', { name: /^Key 1 / })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Previous' }), 'there is no next page').toBeFocused();
  await page.getByRole('searchbox').fill('nothing like this');
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(page.getByRole('searchbox')).toBeFocused();
});

test('short lists are searched as one types', async ({ natter, page }) => {
  const server = await natter();
  for (const name of ['Billing', 'Shop']) {
    await api(server, 'POST', '/api/agents', { name });
    await api(server, 'POST', '/api/data-sources', { name });
    await api(server, 'POST', '/api/users', { email: `${name.toLowerCase()}@example.com`, name, role: 'viewer', password: 'another long password' });
  }
  await signIn(server, page);
  for (const path of ['/agents', '/data-sources', '/users']) {
    await open(server, page, path);
    await page.getByRole('searchbox').fill('bILL');
    await expect(page.getByRole('row', { name: /Billing/ }), path).toBeVisible();
    await expect(page.getByRole('row', { name: /Shop/ })).toHaveCount(0);
    await page.reload();
    await settled(page);
    await expect(page.getByText(/^1 of \d in all|^1 of \d/)).toBeVisible();
    await page.getByRole('searchbox').fill('no such thing');
    await expect(page.getByText('Nothing matches')).toBeVisible();
  }
});

test('a menu in a wide table lies over it whole, also in the last row and on a narrow window', async ({ natter, page }) => {
  const server = await natter();
  for (let n = 1; n <= 12; n += 1) await make(server, { name: `Key ${n} with a long name`, description: 'A long description that makes the row wide' });
  await signIn(server, page);
  await page.setViewportSize({ width: 1000, height: 700 });
  await open(server, page, '/license-keys');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  for (const name of ['Key 12 with a long name', 'Key 1 with a long name']) {
    await page.getByLabel(`Actions for ${name}`, { exact: true }).click();
    const entry = page.getByRole('button', { name: 'Delete' });
    await expect(entry).toBeVisible();
    const seen = await entry.evaluate((button) => {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight && button.contains(hit);
    });
    expect(seen, name).toBe(true);
    await page.keyboard.press('Escape');
  }
});
