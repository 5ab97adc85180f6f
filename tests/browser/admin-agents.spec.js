// Agents in the dashboard: the list, the editor with its write-only key, and trying one out.
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

const EVIL = '<img src=x onerror=alert(1)>';

/** An agent that asks the test's own model server. */
function modelAgent(server, upstream, settings = {}) {
  return api(server, 'POST', '/api/agents', {
    name: 'Model',
    provider: 'openai',
    base_url: upstream.env.OPENAI_BASE_URL,
    model: 'fake',
    ...settings,
  });
}

test('agents are listed, switched off and on in the row, made the default and deleted', async ({ natter, page, shot }) => {
  const server = await natter();
  const made = await api(server, 'POST', '/api/agents', { name: EVIL });
  await signIn(server, page);
  await open(server, page, '/agents');
  const row = page.getByRole('row', { name: /onerror/ });
  await expect(row).toContainText(EVIL);
  await expect(row).toContainText('Built in');
  await looksRight(page, shot, 'agents');
  const dialog = page.getByRole('dialog');
  await row.getByRole('switch').click({ force: true });
  await expect(dialog).toContainText('not available');
  await dialog.getByRole('button', { name: 'Switch off' }).click();
  await expect(row.getByRole('switch')).not.toBeChecked();
  expect((await api(server, 'GET', `/api/agents/${made.id}`)).is_active).toBe(false);
  await row.getByRole('switch').click({ force: true });
  await expect(row.getByRole('switch')).toBeChecked();
  await row.getByLabel(/^Actions for/).click();
  await page.getByRole('button', { name: 'Make the default' }).click();
  await expect(row).toContainText('Default');
  const demo = page.getByRole('row', { name: /Demo/ });
  await demo.getByLabel(/^Actions for/).click();
  await demo.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog).toContainText('conversations stay');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(demo).toHaveCount(0);
  expect((await api(server, 'GET', '/api/agents')).items.map((agent) => agent.id)).toEqual([made.id]);
});

test('an agent is made and edited; its key goes in and never comes out', async ({ natter, page, upstream, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/agents/new');
  await expect(page.getByLabel('Instructions')).toHaveCount(0);
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.getByLabel('Name', { exact: true }).fill('Shop');
  await page.getByLabel('Provider').selectOption('openai');
  await page.getByLabel('Address of the model server').fill('no address');
  await page.getByLabel('Temperature').fill('hot');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByText('Must be a number, such as 0.7')).toBeVisible();
  await page.getByLabel('Temperature').fill('0.5');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByText(/^Must be a web address/)).toBeVisible();
  await page.getByLabel('Address of the model server').fill(upstream.env.OPENAI_BASE_URL);
  await page.getByLabel('Key', { exact: true }).fill('sk-of-the-test');
  await page.getByLabel(/guide/i).check();
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Shop' })).toBeVisible();
  await settled(page);
  await expect(page.getByText('Set', { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain('sk-of-the-test');
  const { items } = await api(server, 'GET', '/api/agents');
  const made = items.find((agent) => agent.name === 'Shop');
  expect(made).toMatchObject({ provider: 'openai', temperature: 0.5, has_api_key: true, is_active: true });
  expect(made.data_source_ids).toHaveLength(1);
  await looksRight(page, shot, 'agent');
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await page.getByLabel('Key', { exact: true }).fill('sk-other');
  await page.getByLabel('Key', { exact: true }).fill('');
  await expect(page.getByLabel('Key', { exact: true }), 'who empties it goes on typing').toBeFocused();
  await page.getByLabel('When nothing was found').focus();
  await expect(page.getByText('Set', { exact: true }), 'left empty, it is as it was').toBeVisible();
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await expect(page.getByLabel('Key', { exact: true })).toBeFocused();
  await page.keyboard.type('sk-third');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Set', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByLabel('When nothing was found').fill('Ask us by mail.');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It applies')).toBeVisible();
  expect(await api(server, 'GET', `/api/agents/${made.id}`)).toMatchObject({
    has_api_key: false,
    fallback_message: 'Ask us by mail.',
    temperature: 0.5,
  });
});

test('a change that somebody else has overtaken is not saved over theirs', async ({ natter, page }) => {
  const server = await natter();
  const agent = await api(server, 'POST', '/api/agents', { name: 'Shop' });
  await signIn(server, page);
  await open(server, page, `/agents/${agent.id}`);
  await page.getByLabel('Description').fill('Mine');
  await api(server, 'PATCH', `/api/agents/${agent.id}`, { description: 'Theirs' });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Load their version' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('Theirs');
});

test('an agent is tried beside its settings: it streams, remembers, is stopped, and fails in plain words', async ({ natter, page, upstream, shot }) => {
  const server = await natter();
  const agent = await modelAgent(server, upstream);
  await signIn(server, page);
  await open(server, page, `/agents/${agent.id}`);
  const ask = async (text) => {
    await page.getByLabel('Your question').fill(text);
    await page.getByRole('button', { name: 'Ask' }).click();
    return upstream.call();
  };
  const log = page.getByRole('log');
  const first = await ask('What is **this**?');
  first.send('One\n', EVIL);
  await expect(log).toContainText(EVIL);
  await expect(log.locator('img')).toHaveCount(0);
  first.send(' two');
  first.finish();
  await expect(page.getByRole('button', { name: 'Ask' })).toBeVisible();
  await looksRight(page, shot, 'agent-tried');
  const second = await ask('And then?');
  const said = second.request.messages.map((message) => message.content).join('|');
  expect(said).toContain('What is **this**?');
  expect(said).toContain('One');
  second.send('Half');
  await expect(log).toContainText('Half');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(log).toContainText('You stopped it.');
  await second.closed;
  const third = await ask('Again?');
  third.refuse(401);
  await expect(log.getByRole('alert')).toBeVisible();
  await page.getByRole('button', { name: 'Start over' }).click();
  await expect(log).not.toContainText('Half');
  expect(await server.admin.conversations(), 'nothing of it is stored').toEqual([]);
});

test('the connection to the model server is tested, and its models are offered', async ({ natter, page, upstream }) => {
  const server = await natter();
  const agent = await modelAgent(server, upstream, { model: '' });
  await signIn(server, page);
  await open(server, page, `/agents/${agent.id}`);
  await page.getByRole('button', { name: 'Test connection' }).click();
  const call = await upstream.call();
  call.send('ready');
  call.finish();
  await expect(page.getByText(/The model server answers/)).toBeVisible();
  await page.getByText('1 model on the server').click();
  await page.getByRole('button', { name: 'fake' }).click();
  await expect(page.getByLabel('Model', { exact: true })).toHaveValue('fake');
});

test('a viewer reads an agent and is offered nothing to change', async ({ natter, page }) => {
  const server = await natter();
  const agent = await api(server, 'POST', '/api/agents', { name: 'Shop' });
  await signIn(server, page, { role: 'viewer' });
  await open(server, page, '/agents');
  await expect(page.getByRole('link', { name: 'Create agent' })).toHaveCount(0);
  await expect(page.getByRole('row', { name: /Shop/ }).getByRole('switch')).toBeDisabled();
  await open(server, page, `/agents/${agent.id}`);
  await expect(page.getByLabel('Name', { exact: true })).toBeDisabled();
  await expect(page.getByRole('heading', { name: 'Try it' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Delete agent' })).toHaveCount(0);
});
