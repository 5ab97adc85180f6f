// Overview and conversations in the dashboard.
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { WIDGET_KEY } from './lib/natter.js';
import { expect, test } from './lib/test.js';

const HOSTILE = '<img src=x onerror="window.hacked=1">';

/** Asks as a program does, and reads the answer to its end. */
async function ask(server, upstream, message, answer, more = {}, key = WIDGET_KEY) {
  const reply = fetch(`${server.url}/v1/chat/stream`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ sessionId: 's-1', message, ...more }),
  });
  const call = await upstream.call();
  call.send(...answer);
  call.finish();
  return (await reply).text();
}

test('a new installation is told where to begin; a used one shows its figures', async ({ natter, upstream, page, shot }) => {
  const server = await natter(upstream.env);
  await signIn(server, page);
  await open(server, page);
  await expect(page.getByRole('heading', { name: 'Put the chat on your website' })).toBeVisible();
  await looksRight(page, shot, 'overview-new');
  await page.getByRole('link', { name: 'Create License Key' }).click();
  await expect(page.getByRole('dialog', { name: 'Create License Key' })).toBeVisible();
  await page.keyboard.press('Escape');
  const long = 'A long answer without an end that would make the card wider than the page. '.repeat(8);
  await ask(server, upstream, 'Long?', [long], { sessionId: 's-2' });
  await ask(server, upstream, `Hello ${HOSTILE}`, ['Hi ', 'there']);
  const { id } = await api(server, 'POST', '/api/license-keys', { name: HOSTILE, monthly_usage_limit: 1 });
  expect(id).toBeTruthy();
  await open(server, page, '?days=7');
  await expect(page.locator('.tile', { hasText: 'Queries' }).first()).toContainText('2 answered');
  await expect(page.getByRole('link', { name: 'Hi there' })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 'long messages do not widen the page').toBeLessThanOrEqual(0);
  const cards = await page.locator('.two-columns > .card').evaluateAll((cards) => cards.map((card) => Math.round(card.getBoundingClientRect().width)));
  expect(new Set(cards).size, `cards side by side are of one width: ${cards}`).toBe(1);
  await expect(page.getByRole('region', { name: 'In the chosen range' }).locator('.tile').first()).toContainText('2 answered');
  await page.getByText('Response times, websites, pages, refusals and feedback').click();
  await expect(page.locator('figure', { hasText: 'from there to 95 %' })).toBeVisible();
  await expect(page.getByText('0 thumbs up, 0 down.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Refusals by reason' })).toBeVisible();
  await page.getByText('As a table').first().click();
  await expect(page.getByRole('columnheader', { name: 'Answered' })).toBeVisible();
  await looksRight(page, shot, 'overview');
  await page.getByLabel('Range of the charts').selectOption('custom');
  await page.getByLabel('From', { exact: true }).fill('2026-03-28');
  await page.getByLabel('To', { exact: true }).fill('2026-03-30');
  await expect(page).toHaveURL(/from=2026-03-28&to=2026-03-30/);
  await page.reload();
  await settled(page);
  await expect(page.getByLabel('To', { exact: true })).toHaveValue('2026-03-30');
  await page.getByText('As a table').first().click();
  await expect(page.getByRole('rowheader', { name: /Mar (28|29|30)/ })).not.toHaveCount(0);
  await expect(page.getByRole('rowheader', { name: /Apr|Feb/ })).toHaveCount(0);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByLabel('Range of the charts'), 'the menu leads to the usual range').toHaveValue('30');
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('a conversation is found by its words and read with its sources; hostile texts stay texts', async ({ natter, upstream, page, shot }) => {
  const server = await natter(upstream.env);
  await ask(server, upstream, `How do I ${HOSTILE}?`, ['**Bold** and `code`\n\n', `${HOSTILE}\n\n`, '- one\n- two\n\n  ```\n  let code = 1;\n  ```\n\n', '[click](javascript:alert(1)) ![pic](https://evil.example/x.png)']);
  await signIn(server, page);
  await open(server, page, '/conversations');
  await looksRight(page, shot, 'conversations');
  await page.getByRole('searchbox').fill('how do i');
  await expect(page).toHaveURL(/q=how/);
  await page.getByRole('row', { name: /Anonymous/ }).getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Conversation with Anonymous' })).toBeVisible();
  await expect(page.locator('.message .plain')).toHaveText(`How do I ${HOSTILE}?`);
  await expect(page.locator('.prose strong')).toHaveText('Bold');
  await expect(page.locator('.prose')).toContainText(HOSTILE);
  await expect(page.locator('.prose img')).toHaveCount(0);
  await expect(page.locator('a[href^="javascript"]')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'pic' })).toHaveAttribute('rel', 'noreferrer noopener');
  await looksRight(page, shot, 'conversation');
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('a thread grows while its answer is being written', async ({ natter, upstream, page, shot }) => {
  const server = await natter(upstream.env);
  await ask(server, upstream, 'First', ['One']);
  await signIn(server, page);
  const [{ id }] = (await api(server, 'GET', '/api/conversations')).items;
  const second = fetch(`${server.url}/v1/chat/stream`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': WIDGET_KEY },
    body: JSON.stringify({ sessionId: 's-1', message: 'Second' }),
  });
  const call = await upstream.call();
  call.send('Grow');
  await open(server, page, `/conversations/${id}`);
  await expect(page.locator('.live')).toContainText('Grow');
  await shot('admin-conversation-live');
  call.send('ing **slowly**');
  await expect(page.locator('.live strong').last()).toHaveText('slowly');
  call.finish();
  await (await second).text();
  await expect(page.locator('.live')).toHaveCount(0);
  await expect(page.locator('.message.bot').last()).toContainText('Growing slowly');
});

test('of many keys, one is found by its name to narrow conversations by it', async ({ natter, upstream, page }) => {
  const server = await natter(upstream.env);
  for (let n = 1; n <= 230; n += 1) await api(server, 'POST', '/api/license-keys', { name: `Key ${n}` });
  const { id, key, key_hint: hint } = await api(server, 'POST', '/api/license-keys', { name: 'Shop "one"' });
  for (let n = 231; n <= 450; n += 1) await api(server, 'POST', '/api/license-keys', { name: `Key ${n}` });
  await ask(server, upstream, 'With the other key?', ['No.']);
  await ask(server, upstream, 'With this key?', ['Yes.'], { sessionId: 's-2' }, key);
  await signIn(server, page);
  await open(server, page, '/conversations');
  await expect(page.getByText('2 in all')).toBeVisible();
  const picker = page.getByLabel('License key');
  await picker.pressSequentially('shop "');
  const suggested = page.locator('datalist option');
  await expect(suggested).toHaveCount(1);
  const name = `Shop "one" (…${hint.split('-').pop()})`;
  await expect(suggested).toHaveAttribute('value', name);
  // As choosing a suggestion does.
  await picker.fill(name);
  await expect(page.getByText('1 in all')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Yes.' })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`license_key_id=${id}`));
  await page.reload();
  await settled(page);
  await expect(picker, 'its name is known without the list').toHaveValue(name);
  await picker.fill('half a na');
  await picker.blur();
  await expect(picker, 'half a name chooses nothing').toHaveValue(name);
  await picker.fill('');
  await expect(page.getByText('2 in all')).toBeVisible();
});

test('a conversation is exported and deleted, and all of a visitor on request', async ({ natter, upstream, page }) => {
  const server = await natter(upstream.env);
  await ask(server, upstream, '=1+1', ['Two']);
  await ask(server, upstream, 'Other', ['Answer'], { sessionId: 's-2' });
  await signIn(server, page);
  await open(server, page, '/conversations');
  await page.getByLabel('Export what is listed').click();
  const all = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export as CSV' }).click();
  const text = async (download) => {
    const chunks = [];
    for await (const chunk of await (await download).createReadStream()) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const csv = await text(all);
  expect(csv).toContain(`"'=1+1"`);
  expect(csv).toContain('Other');
  await page.getByRole('link', { name: 'Two' }).click();
  await page.getByLabel('Export and delete').click();
  const one = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Transcript' }).click();
  expect(await text(one)).toContain('=1+1');
  await page.getByLabel('Export and delete').click();
  await page.getByRole('button', { name: 'Delete conversation' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('The conversation is deleted.')).toBeVisible();
  await page.getByRole('link', { name: 'Answer' }).click();
  await page.getByRole('button', { name: 'Delete their data' }).click();
  await dialog.getByRole('textbox').fill('delete');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No conversation yet')).toBeVisible();
  expect((await api(server, 'GET', '/api/conversations')).total).toBe(0);
  const actions = (await api(server, 'GET', '/api/audit-log')).items.map((entry) => entry.action);
  expect(actions).toEqual(expect.arrayContaining(['conversation.deleted', 'visitor.deleted']));
});

test('conversations are narrowed by feedback, status, failed answers and days; a failed answer says why', async ({ natter, upstream, page, shot }) => {
  const server = await natter(upstream.env);
  const said = JSON.parse((await ask(server, upstream, 'Liked', ['Fine'])).trim().split('\n').at(-1));
  const post = (path, body) => fetch(server.url + path, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  const lead = { name: HOSTILE, email: 'v@example.com' };
  const { token } = await (await post('/v1/widget/session', { licenseKey: WIDGET_KEY, new: true, lead })).json();
  const failing = post('/v1/chat/stream', { token, message: 'Broken' });
  (await upstream.call()).refuse(400);
  await (await failing).text();
  const rated = await fetch(`${server.url}/v1/messages/feedback`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': WIDGET_KEY },
    body: JSON.stringify({ sessionId: 's-1', messageId: said.messageId, rating: 'up' }),
  });
  expect(rated.ok, await rated.text()).toBe(true);
  await signIn(server, page, { role: 'viewer' });
  await open(server, page, '/conversations');
  const count = (n) => expect(page.getByText(`${n} in all`)).toBeVisible();
  await count(2);
  await page.getByLabel('Feedback').selectOption('Thumbs up');
  await count(1);
  await expect(page.getByRole('link', { name: 'Fine' })).toBeVisible();
  await page.getByLabel('Feedback').selectOption('Thumbs down');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await page.getByLabel('Status').selectOption('Answering now');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByLabel('Status').selectOption('Every status');
  await page.getByLabel('From', { exact: true }).fill('2020-01-01');
  await page.getByLabel('To', { exact: true }).fill('2020-01-02');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await page.getByLabel('Errors').selectOption('With a failed answer');
  await count(1);
  await page.getByRole('row', { name: /onerror/ }).getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(HOSTILE);
  await expect(page.getByText('No answer: upstream failed')).toBeVisible();
  // A viewer reads, and is offered nothing that deletes.
  await expect(page.getByRole('button', { name: 'Delete their data' })).toHaveCount(0);
  await page.getByLabel(/^Export/).click();
  await expect(page.getByRole('button', { name: 'Delete conversation' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await looksRight(page, shot, 'conversation-failed');
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});
