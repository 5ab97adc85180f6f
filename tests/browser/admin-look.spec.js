// The widget's options in the dashboard, with the real widget beside them; usage and activations.
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

const make = (server, settings = {}) => api(server, 'POST', '/api/license-keys', { name: 'Shop', ...settings });

test('the preview is the real widget, follows every option before it is saved, and keeps nothing', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id } = await make(server, { restriction: 'websites', websites: ['https://elsewhere.example'], monthly_usage_limit: 1 });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/ui`);
  const frame = page.frameLocator('iframe[title="Preview of the widget"]');
  await expect(frame.getByRole('dialog')).toBeVisible();
  await page.getByLabel('Welcome message', { exact: true }).fill('Hello from the form!');
  await expect(frame.getByText('Hello from the form!')).toBeVisible();
  await page.getByLabel('Title', { exact: true }).fill('Ask <b>us</b>');
  await expect(frame.getByText('Ask <b>us</b>')).toBeVisible();
  await page.getByRole('button', { name: 'Phone size' }).click();
  await page.getByRole('button', { name: 'Dark page' }).click();
  await shot('admin-look-phone-dark-page');
  await page.getByRole('button', { name: 'Phone size' }).click();
  await page.getByRole('button', { name: 'Dark page' }).click();
  await frame.locator('.composer').getByRole('textbox').fill('What is Natter?');
  await frame.locator('.composer').getByRole('textbox').press('Enter');
  await expect(frame.getByRole('log')).toContainText(/Natter/);
  await looksRight(page, shot, 'look');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It applies within a second.')).toBeVisible();
  const now = await api(server, 'GET', `/api/license-keys/${id}`);
  expect(now.ui).toMatchObject({ welcomeMessage: 'Hello from the form!', title: 'Ask <b>us</b>' });
  expect(now.monthly_usage, 'nothing was counted').toBe(0);
  expect((await api(server, 'GET', '/api/conversations')).total, 'nor is it among the conversations').toBe(0);
  expect(await page.evaluate(() => Object.keys(localStorage).length + Object.keys(sessionStorage).length)).toBe(0);
});

test('the preview page takes orders from the dashboard alone', async ({ natter, page, site }) => {
  const server = await natter();
  const reply = await fetch(`${server.url}/admin/preview`);
  expect(reply.headers.get('content-security-policy')).toContain("frame-ancestors 'self'");
  const host = await site({ '/': `<!doctype html><title>x</title><iframe src="${server.url}/admin/preview"></iframe>` });
  await page.goto(host.url);
  await page.waitForTimeout(500);
  expect(page.frames().some((frame) => frame.url().startsWith(server.url)), 'no other site frames it').toBe(false);
  await page.goto(`${server.url}/admin/preview`);
  await page.evaluate(() => postMessage({ type: 'natter-preview', chatbotId: 'x', look: {}, open: true, dark: true }, location.origin));
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => 'CHAT_WIDGET_CONFIG' in window), 'its own page is not the dashboard').toBe(false);
});

test('the opening button: size by slider and number, prompts added, moved and removed, limits said', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/opening-button`);
  const slider = page.getByRole('slider', { name: 'Size' });
  await slider.focus();
  for (let n = 0; n < 5; n += 1) await page.keyboard.press('ArrowRight');
  const size = page.getByLabel('Size, as a number');
  await expect(size).toHaveValue('75');
  await size.fill('');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Must be a number')).toBeVisible();
  await expect(size, 'what was emptied stays empty').toHaveValue('');
  await size.fill('74');
  await slider.press('ArrowRight');
  await expect(size).toHaveValue('75');
  await page.getByRole('button', { name: 'Add a prompt' }).click();
  await expect(page.getByLabel('Prompts 1')).toBeFocused();
  await page.keyboard.type('First');
  await page.getByRole('button', { name: 'Add a prompt' }).click();
  await expect(page.getByLabel('Prompts 2')).toBeFocused();
  await page.keyboard.type('Second');
  await page.getByRole('button', { name: 'Move 2 up' }).click();
  await expect(page.getByLabel('Prompts 1')).toHaveValue('Second');
  await page.getByRole('button', { name: 'Add a prompt' }).click();
  await page.getByRole('button', { name: 'Remove 3' }).click();
  await page.getByLabel('Each for').fill('3601');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Must be a whole number from 1 to 3600')).toBeVisible();
  await page.getByLabel('Each for').fill('3600');
  await page.getByLabel('Position').selectOption('left');
  await page.getByRole('switch', { name: 'Sound' }).check();
  await looksRight(page, shot, 'opening-button');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It applies within a second.')).toBeVisible();
  expect((await api(server, 'GET', `/api/license-keys/${id}`)).ui).toMatchObject({
    openerSize: 75, engagementPrompts: ['Second', 'First'], engagementPromptRotateSeconds: 3600, position: 'left', engagementSound: true,
  });
});

test('prompts take turns in the preview before they are saved', async ({ natter, page }) => {
  const server = await natter();
  const { id } = await make(server, { ui: { engagementPrompts: ['First?', 'Second?'], engagementPromptRotateSeconds: 1 } });
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/opening-button`);
  const frame = page.frameLocator('iframe[title="Preview of the widget"]');
  const prompt = (text) => expect(frame.getByRole('button', { name: text, exact: true })).toBeVisible();
  await prompt('First?');
  await prompt('Second?');
  await prompt('First?');
  await page.getByLabel('Prompts 1').fill('Changed?');
  await prompt('Changed?');
});

test('the questions of the form before the chat are edited', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id } = await make(server);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/ui`);
  await page.getByRole('switch', { name: 'Ask first' }).check();
  await page.getByRole('button', { name: 'Add a question' }).last().click();
  const question = page.getByRole('group', { name: 'Question 1' });
  await question.getByLabel('Label').fill('Your plan');
  await question.getByLabel('Name in the data').fill('plan');
  await question.getByLabel('Kind').selectOption('choice');
  await question.getByLabel('Choices, one a line').fill('Basic\nPro');
  await question.getByLabel('Must be answered').check();
  await shot('admin-pre-chat-form');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It applies within a second.')).toBeVisible();
  expect((await api(server, 'GET', `/api/license-keys/${id}`)).ui.preChatForm).toEqual({
    enabled: true, fields: [{ name: 'plan', label: 'Your plan', type: 'choice', required: true, options: ['Basic', 'Pro'] }],
  });
});

test('usage: every question in the log with its figures, refusals with their reason, as CSV', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id, key } = await make(server, { monthly_usage_limit: 1 });
  const ask = (message) => fetch(`${server.url}/v1/chat/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, referer: 'https://evil.example/<img src=x onerror=alert(1)>' },
    body: JSON.stringify({ sessionId: 's', message }),
  }).then((reply) => reply.text());
  await ask('What is <img src=x onerror="window.hacked=1">?');
  await ask('Once more');
  await signIn(server, page);
  await expect.poll(async () => (await api(server, 'GET', `/api/license-keys/${id}/usage`)).total).toBe(2);
  await open(server, page, `/license-keys/${id}/usage`);
  await expect(page.getByRole('row', { name: /What is <img/ })).toContainText('Answered');
  await expect(page.getByRole('row', { name: /monthly limit reached/ })).toContainText('Refused');
  await page.getByRole('row', { name: /What is <img/ }).getByText('Details').click();
  await expect(page.getByRole('row', { name: /What is <img/ })).toContainText('First word after');
  await expect(page.getByRole('row', { name: /What is <img/ }).getByRole('link', { name: 'Demo' })).toHaveAttribute('href', /^\/admin\/agents\//);
  await looksRight(page, shot, 'usage');
  const times = page.locator('figure', { hasText: 'Response time' });
  await times.getByText('As a table').click();
  await expect(times.getByRole('columnheader', { name: 'Median' })).toBeVisible();
  await page.getByLabel('Status').selectOption('refused');
  await expect(page.getByText('1 in all')).toBeVisible();
  await page.getByRole('button', { name: 'Next' }).waitFor();
  await page.getByLabel('Status').selectOption('');
  await page.getByRole('searchbox', { name: 'Words of the question' }).fill('what is <IMG');
  await expect(page.getByText('1 in all')).toBeVisible();
  await expect(page.getByRole('row', { name: /What is <img/ })).toBeVisible();
  await page.getByRole('searchbox', { name: 'Website' }).fill('nowhere.example');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await expect(page).toHaveURL(/domain=nowhere\.example/);
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(page.getByText('2 in all')).toBeVisible();
  const file = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  expect((await file).suggestedFilename()).toMatch(/\.csv$/);
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('activations: a website that waits is approved, another is revoked', async ({ natter, page, shot }) => {
  const server = await natter();
  const { id, chatbot_id: chatbotId } = await make(server, { activation_limit: 2, auto_activate_hosts: false });
  const session = (origin) => fetch(`${server.url}/v1/widget/session`, {
    method: 'POST', headers: { 'content-type': 'application/json', origin }, body: JSON.stringify({ chatbotId }),
  });
  expect((await session('https://one.example')).status).toBe(403);
  await signIn(server, page);
  await open(server, page, `/license-keys/${id}/activations`);
  const row = page.getByRole('row', { name: /one\.example/ });
  await expect(row).toContainText('Waits for approval');
  await row.getByRole('button', { name: 'Approve' }).click();
  await expect(row).toContainText('Active');
  await settled(page);
  await expect(page.getByText('1 of 2 in use.')).toBeVisible();
  expect((await session('https://one.example')).status).toBe(200);
  await looksRight(page, shot, 'activations');
  await page.getByRole('searchbox').fill('nobody.example');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('searchbox').fill('ONE.');
  await expect(row).toBeVisible();
  await row.getByRole('button', { name: /Revoke/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(row).toHaveCount(0);
  await expect(page.getByText('0 of 2 in use.')).toBeVisible();
});
