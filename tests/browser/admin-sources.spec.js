// Data sources in the dashboard: making one, filling it, what is found in it, and databases.
import { createServer } from 'node:http';
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { closing, listen } from './lib/net.js';
import { expect, test } from './lib/test.js';

const EVIL = '<img src=x onerror=alert(1)>';
const text = (name, content, mimeType = 'text/markdown') => ({ name, mimeType, buffer: Buffer.from(content) });

/** A data source for documents, open in the page. */
async function opened(server, page, settings = {}) {
  const source = await api(server, 'POST', '/api/data-sources', { name: 'Help', ...settings });
  await open(server, page, `/data-sources/${source.id}`);
  return source;
}

const documents = async (server, source) => (await api(server, 'GET', `/api/data-sources/${source.id}/documents`)).items;

test('a data source is made, edited and deleted', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/data-sources');
  await page.getByRole('button', { name: 'Create data source' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await dialog.getByLabel('Name').fill(EVIL);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(EVIL);
  await settled(page);
  await expect(page.getByText('No documents yet')).toBeVisible();
  await looksRight(page, shot, 'source-empty');
  await page.getByLabel('Name', { exact: true }).fill('Help');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Help');
  await open(server, page, '/data-sources');
  const row = page.getByRole('row', { name: /Help/ });
  await expect(row).toContainText('Empty');
  await looksRight(page, shot, 'sources');
  await row.getByRole('switch').click({ force: true });
  await dialog.getByRole('button', { name: 'Switch off' }).click();
  await expect(row.getByRole('switch')).not.toBeChecked();
  await row.getByRole('link', { name: 'Help' }).click();
  await page.getByRole('button', { name: 'Delete data source' }).click();
  await expect(dialog.getByRole('button', { name: 'Delete' })).toBeDisabled();
  await dialog.getByRole('textbox').fill('Help');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Data sources' })).toBeVisible();
  expect((await api(server, 'GET', '/api/data-sources')).items.filter((source) => !source.is_built_in)).toEqual([]);
});

test('files are chosen and dropped, and each says what became of it', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  const source = await opened(server, page);
  await page.getByLabel('Choose files').setInputFiles([
    text('returns.md', '# Returns\n\nYou may return a kettle within 30 days.\n'),
    text('broken.pdf', 'this is no PDF', 'application/pdf'),
    text('questions.csv', 'question,answer\nDo you ship abroad?,To all of Europe.\nWithout an answer,\n', 'text/csv'),
  ]);
  await expect(page.getByText('3 of 3 files ready')).toBeVisible();
  const became = page.locator('.progress li');
  await expect(became.filter({ hasText: 'returns.md' })).toContainText('Added: 1 passage.');
  await expect(became.filter({ hasText: 'broken.pdf' })).toHaveClass(/bad/);
  await expect(became.filter({ hasText: 'questions.csv' })).toContainText('1 row without a question or an answer left out (line 3)');
  await looksRight(page, shot, 'source-uploaded');
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['# Warranty\n\nTwo years on every kettle.'], 'warranty.md', { type: 'text/markdown' }));
    return transfer;
  });
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: data });
  await expect(page.getByText('1 of 1 file ready')).toBeVisible();
  await expect(page.getByRole('row', { name: /warranty\.md/ })).toBeVisible();
  expect((await documents(server, source)).map((one) => one.name).sort()).toEqual(['questions.csv', 'returns.md', 'warranty.md']);
});

test('a long upload tells how much of it is sent', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await opened(server, page);
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200_000 });
  await page.locator('input[type=file]').setInputFiles([text('long.txt', 'A kettle boils. '.repeat(40_000), 'text/plain')]);
  await expect(page.locator('.progress .became')).toHaveText(/^Uploading, [1-9][0-9]? %$/);
  expect(await page.getByRole('progressbar', { name: 'Upload' }).evaluate((bar) => bar.value)).toBeGreaterThan(0);
  await expect(page.locator('.progress .became')).toHaveText(/^Added: /, { timeout: 30_000 });
  await network.send('Network.emulateNetworkConditions', { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await page.locator('input[type=file]').setInputFiles([text('lost.txt', 'Lost.', 'text/plain')]);
  await expect(page.locator('.progress li.bad')).toContainText('The server cannot be reached');
});

test('texts and questions with answers are written, found, read and deleted', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  const source = await opened(server, page);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Write or paste text' }).click();
  await dialog.getByRole('button', { name: 'Add document' }).click();
  await expect(dialog.getByText('Must have 1 to 5242880 bytes')).toBeVisible();
  await dialog.getByLabel('Name').fill('Kettles');
  await dialog.getByLabel('Text', { exact: true }).fill(`# Kettles\n\nA kettle boils water. ${EVIL}`);
  await dialog.getByRole('button', { name: 'Add document' }).click();
  await expect(page.getByRole('row', { name: /Kettles/ })).toBeVisible();
  await page.getByRole('button', { name: 'Questions and answers' }).click();
  await dialog.getByLabel('Name').fill('Shipping');
  await dialog.getByLabel('Question 1', { exact: true }).fill('Where do you ship?');
  await dialog.getByRole('button', { name: 'Another question' }).click();
  await dialog.getByRole('button', { name: 'Add document' }).click();
  await expect(dialog.getByLabel('Answer 1')).toHaveAttribute('aria-invalid', 'true');
  await looksRight(page, shot, 'source-questions');
  await dialog.getByLabel('Answer 1').fill('To Norway.');
  await dialog.getByRole('button', { name: 'Remove question 2' }).click();
  await dialog.getByRole('button', { name: 'Add document' }).click();
  await expect(page.getByRole('row', { name: /Shipping/ })).toContainText('Questions with answers');
  await page.getByLabel('A visitor\'s question').fill('kettle');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await expect(page.locator('.found')).toContainText(EVIL);
  await expect(page.locator('.found')).toContainText('Score');
  await expect(page.locator('.found img')).toHaveCount(0);
  await page.getByRole('button', { name: 'Kettles', exact: true }).click();
  await expect(dialog.locator('pre')).toContainText('A kettle boils water');
  await dialog.getByRole('button', { name: 'Edit' }).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('Kettles');
  await dialog.getByLabel('Text', { exact: true }).fill(`# Kettles\n\nA kettle boils water fast. ${EVIL}`);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  await page.getByRole('button', { name: 'Kettles', exact: true }).click();
  await expect(dialog.locator('pre')).toContainText('boils water fast');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Shipping', exact: true }).click();
  await dialog.getByRole('button', { name: 'Edit' }).click();
  await expect(dialog.getByLabel('Question 1', { exact: true })).toHaveValue('Where do you ship?');
  await dialog.getByLabel('Answer 1').fill('To **Sweden**.\n\n- and Norway');
  await dialog.getByRole('button', { name: 'Another question' }).click();
  await dialog.getByLabel('Question 2', { exact: true }).fill(`What is ${EVIL}?`);
  await dialog.getByLabel('Answer 2').fill('No picture.');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  const shipping = (await documents(server, source)).find((one) => one.name === 'Shipping');
  expect((await api(server, 'GET', `/api/data-sources/${source.id}/documents/${shipping.id}`)).questions).toEqual([
    { question: 'Where do you ship?', answer: 'To **Sweden**.\n\n- and Norway' }, { question: `What is ${EVIL}?`, answer: 'No picture.' },
  ]);
  const row = page.getByRole('row', { name: /Kettles/ });
  await row.getByLabel(/^Actions for/).click();
  await row.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
  expect((await documents(server, source)).map((one) => one.name)).toEqual(['Shipping']);
});

/** A website whose pages are `/one`, a slow `/two` and others that do not exist. */
async function startPages() {
  let release;
  const released = new Promise((done) => (release = done));
  const server = createServer(async (request, response) => {
    const page = { '/one': 'One: kettles.', '/two': 'Two: pots.' }[request.url];
    if (request.url === '/two') await released;
    response.writeHead(page ? 200 : 404, { 'Content-Type': 'text/html' });
    response.end(`<title>${page ?? 'Nothing'}</title><h1>${page ?? 'Nothing'}</h1><p>${page ?? ''} ${EVIL.replace('<', '&lt;')}</p>`);
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, release, stop: closing(server) };
}

test('pages are fetched while their progress is shown, and what failed is said', async ({ natter, page, shot }) => {
  const site = await startPages();
  const server = await natter({ NATTER_IMPORT_ALLOW_PRIVATE: 'true' });
  await signIn(server, page);
  const source = await opened(server, page);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Fetch web pages' }).click();
  await dialog.getByLabel('Which pages').selectOption('urls');
  await dialog.getByRole('button', { name: 'Fetch pages' }).click();
  await expect(dialog.getByText('Must have 1 to 2000 entries')).toBeVisible();
  await dialog.getByLabel('Addresses').fill(`${site.url}/one\n\nnot an address`);
  await dialog.getByRole('button', { name: 'Fetch pages' }).click();
  await expect(dialog.getByText(/^Address 2: /)).toBeVisible();
  await dialog.getByLabel('Addresses').fill(`${site.url}/one\n${site.url}/two\n${site.url}/missing\n`);
  await dialog.getByRole('button', { name: 'Fetch pages' }).click();
  const imports = page.locator('.imports');
  await expect(imports).toContainText('Running');
  await expect(page.getByRole('progressbar', { name: 'Pages' })).toBeVisible();
  site.release();
  await expect(imports).toContainText('3 of 3 pages: 2 new or changed, 0 unchanged, 1 failed', { timeout: 30_000 });
  await page.getByRole('button', { name: 'Show what failed' }).click();
  await expect(page.locator('.failures')).toContainText('/missing');
  await expect(page.getByRole('row', { name: /\/two/ })).toBeVisible();
  await expect(imports).toContainText(', ended ');
  await looksRight(page, shot, 'source-import');
  expect((await documents(server, source)).length).toBe(2);
  for (let n = 0; n < 5; n += 1) {
    const { id } = await api(server, 'POST', `/api/data-sources/${source.id}/imports`, { urls: [`${site.url}/one`] });
    await expect.poll(async () => (await api(server, 'GET', `/api/data-sources/${source.id}/imports/${id}`)).status).toBe('done');
  }
  await page.reload();
  await settled(page);
  await expect(imports.locator('> li')).toHaveCount(5);
  await page.getByRole('button', { name: 'Earlier ones' }).click();
  await expect(imports.locator('> li')).toHaveCount(6);
  await expect(page.getByRole('button', { name: 'Earlier ones' })).toHaveCount(0);
  await expect(imports, 'the keyboard stays where it was').toBeFocused();
  await site.stop();
});

test('an import is stopped, and what it fetched stays', async ({ natter, page }) => {
  const site = await startPages();
  const server = await natter({ NATTER_IMPORT_ALLOW_PRIVATE: 'true' });
  await signIn(server, page);
  const source = await opened(server, page);
  await api(server, 'POST', `/api/data-sources/${source.id}/imports`, { urls: [`${site.url}/one`, `${site.url}/two`] });
  await page.reload();
  await page.locator('.imports').getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('.imports')).toContainText('Stopped');
  const { items } = await api(server, 'GET', `/api/data-sources/${source.id}/imports`);
  expect(items[0].status).toBe('stopped');
  await site.stop();
});

test('a database is connected, its tables are listed, and columns are ticked', async ({ natter, page, folder, shot }) => {
  // A real database at hand: that of another server.
  const { path } = await folder();
  const other = await natter({ NATTER_DATA_DIR: path });
  await other.stop();
  const server = await natter({ NATTER_DATABASE_DIR: path });
  await signIn(server, page);
  const source = await opened(server, page, { kind: 'database', database: { engine: 'sqlite' } });
  await expect(page.getByRole('button', { name: 'Connect and list the tables' })).toBeDisabled();
  await page.getByLabel('Where the database is').fill('../elsewhere.db');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByLabel('Where the database is')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Where the database is').fill('natter.db');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Set', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Connect and list the tables' }).click();
  await expect(page.getByText('The database answers.')).toBeVisible();
  const table = page.locator('.one-table').filter({ has: page.getByText('audit_log', { exact: true }) });
  await table.locator('summary').click();
  await table.getByLabel('All columns of audit_log').check();
  const all = Number(/^(\d+) of \1 /.exec(await table.locator('summary .hint').innerText())[1]);
  await table.getByLabel(/^action /).uncheck();
  await expect(table.locator('summary')).toContainText(`${all - 1} of ${all} columns`);
  await looksRight(page, shot, 'source-database');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It applies').last()).toBeVisible();
  const saved = await api(server, 'GET', `/api/data-sources/${source.id}`);
  expect(saved.database.tables).toMatchObject([{ schema: null, name: 'audit_log' }]);
  expect(saved.database.tables[0].columns).toHaveLength(all - 1);
  expect(saved.database.tables[0].columns).not.toContain('action');
  expect(saved.status).toBe('ready');
});

test('a viewer reads a data source and is offered nothing to change', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page, { role: 'viewer' });
  await open(server, page, '/data-sources');
  await expect(page.getByRole('button', { name: 'Create data source' })).toHaveCount(0);
  const source = await opened(server, page);
  await expect(page.getByLabel('Name', { exact: true })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Write or paste text' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Delete data source' })).toHaveCount(0);
  await page.getByLabel('A visitor\'s question').fill('anything');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await expect(page.getByText('Nothing was found.')).toBeVisible();
  expect(source.name).toBe('Help');
});

test('a file with a hostile name is listed, read and deleted by it, as text', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await api(server, 'POST', '/api/data-sources', { name: 'Docs' });
  await signIn(server, page);
  await open(server, page, `/data-sources/${id}`);
  const name = '<img src=x onerror="window.hacked=1">.md';
  await page.getByLabel('Choose files').setInputFiles([{ name, mimeType: 'text/markdown', buffer: Buffer.from(`# ${name}\n\nText of it.`) }]);
  const row = page.getByRole('row', { name: /onerror/ });
  await expect(row).toBeVisible();
  await row.getByRole('button', { name: /onerror.*md/ }).first().click();
  await expect(page.getByRole('dialog')).toContainText('Text of it.');
  await page.keyboard.press('Escape');
  await row.getByLabel(/^Actions for/).click();
  await row.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No documents yet')).toBeVisible();
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('the guide that comes with Natter is listed page by page, read, and cannot be changed', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/data-sources/guide');
  await page.getByRole('searchbox').fill('embed');
  const row = page.getByRole('row', { name: /Put the widget on your page/ });
  await expect(row).toContainText('Web page');
  await expect(page.getByRole('row', { name: /Troubleshooting/ }), 'it is searched').toHaveCount(0);
  await settled(page);
  await expect(page.getByLabel(/^Actions for/)).toHaveCount(0);
  await looksRight(page, shot, 'source-guide');
  await row.getByRole('button').click();
  await expect(page.getByRole('dialog').locator('pre')).toContainText('chat-widget.js');
  await expect(page.getByRole('button', { name: 'Add document' })).toHaveCount(0);
});
