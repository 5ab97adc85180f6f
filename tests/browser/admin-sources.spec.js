// Data sources in the dashboard: making one, filling it, what is found in it, and databases.
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
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
  await page.keyboard.press('Escape');
  const row = page.getByRole('row', { name: /Kettles/ });
  await row.getByLabel(/^Actions for/).click();
  await row.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
  expect((await documents(server, source)).map((one) => one.name)).toEqual(['Shipping']);
});

test('an import says what is wrong with its addresses, and what failed with which page', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  const source = await opened(server, page);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Fetch web pages' }).click();
  await dialog.getByLabel('Which pages').selectOption('urls');
  await dialog.getByRole('button', { name: 'Fetch pages' }).click();
  await expect(dialog.getByText('Must have 1 to 2000 entries')).toBeVisible();
  await dialog.getByLabel('Addresses').fill('http://127.0.0.1:9/one\n\nnot an address');
  await dialog.getByRole('button', { name: 'Fetch pages' }).click();
  await expect(dialog.getByLabel('Addresses')).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByLabel('Addresses').fill('http://natter.invalid/one\nhttp://natter.invalid/two\n');
  await dialog.getByRole('button', { name: 'Fetch pages' }).click();
  await expect(page.getByRole('heading', { name: 'Fetched pages' })).toBeVisible();
  await expect(page.locator('.imports')).toContainText(/Done|Failed/, { timeout: 30_000 });
  await looksRight(page, shot, 'source-import');
  const { items } = await api(server, 'GET', `/api/data-sources/${source.id}/imports`);
  expect(items).toHaveLength(1);
  if (items[0].failed > 0) {
    await page.getByRole('button', { name: 'Show what failed' }).click();
    await expect(page.locator('.failures')).toContainText('natter.invalid');
  }
});

test('a database is connected, its tables are listed, and columns are ticked', async ({ natter, page, folder, shot }) => {
  const database = new DatabaseSync(join(folder.path, 'shop.db'));
  database.exec('CREATE TABLE orders (id INTEGER, total INTEGER, email TEXT); CREATE TABLE stock (name TEXT)');
  database.close();
  const server = await natter({ NATTER_DATABASE_DIR: folder.path });
  await signIn(server, page);
  const source = await opened(server, page, { kind: 'database', database: { engine: 'sqlite' } });
  await expect(page.getByRole('button', { name: 'Connect and list the tables' })).toBeDisabled();
  await page.getByLabel('Where the database is').fill('../elsewhere.db');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByLabel('Where the database is')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Where the database is').fill('shop.db');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Set', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Connect and list the tables' }).click();
  await expect(page.getByText('The database answers.')).toBeVisible();
  await page.getByText('orders', { exact: true }).click();
  await page.getByLabel('total').check();
  await page.getByLabel('id', { exact: false }).first().check();
  await expect(page.getByText('2 of 3 columns')).toBeVisible();
  await looksRight(page, shot, 'source-database');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It applies').last()).toBeVisible();
  const saved = await api(server, 'GET', `/api/data-sources/${source.id}`);
  expect(saved.database.tables).toEqual([{ schema: null, name: 'orders', columns: ['id', 'total'] }]);
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
