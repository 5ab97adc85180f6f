// Webhooks in the dashboard: made, told of events at a real receiver, watched, sent again, removed.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { expect, test as base } from './lib/test.js';

/** A receiver of webhooks: what it got, and the status that it answers next. */
const test = base.extend({
  receiver: async ({}, use) => {
    const calls = [];
    const receiver = { calls, status: 204 };
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const text of request.setEncoding('utf8')) body += text;
      calls.push({ headers: request.headers, body });
      response.writeHead(receiver.status).end();
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    receiver.url = `http://127.0.0.1:${server.address().port}/natter`;
    await use(receiver);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  },
});

const PRIVATE = { NATTER_WEBHOOK_ALLOW_PRIVATE: 'true' };

/** The signature that Standard Webhooks asks for. */
function signature(secret, { headers, body }) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

const make = (server, receiver, more = {}) =>
  api(server, 'POST', '/api/webhooks', { url: receiver.url, description: 'The shop', events: ['order.created'], ...more });

test('a webhook is made, its secret is shown with it, and what it is sent is signed with that', async ({ natter, page, receiver, shot }) => {
  const server = await natter(PRIVATE);
  await signIn(server, page);
  await open(server, page, '/webhooks');
  await expect(page.getByText('No webhook yet')).toBeVisible();
  await looksRight(page, shot, 'webhooks-empty');
  await page.getByRole('button', { name: 'Create webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('shop.example.com');
  await dialog.getByRole('button', { name: 'Create webhook' }).click();
  await expect(dialog.getByText('Must be an address that begins with')).toBeVisible();
  await expect(dialog.getByText('Must name at least one event')).toBeVisible();
  await expect(dialog.getByLabel('Address')).toBeFocused();
  await looksRight(page, shot, 'webhook-refused');
  await dialog.getByLabel('Address').fill(receiver.url);
  await dialog.getByLabel('Description').fill('<img src=x onerror=alert(1)>');
  await dialog.getByLabel('license_key.created').check();
  await dialog.getByLabel('lead.captured').check();
  await dialog.getByRole('button', { name: 'Create webhook' }).click();
  const secret = await dialog.locator('.secret code').textContent();
  expect(secret).toMatch(/^whsec_/);
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(await page.content()).not.toContain(secret);
  const row = page.getByRole('row', { name: /127\.0\.0\.1/ });
  await expect(row).toContainText('<img src=x onerror=alert(1)>');
  await expect(row).toContainText('2 events');
  const [hook] = (await api(server, 'GET', '/api/webhooks')).items;
  expect(hook.events).toEqual(['lead.captured', 'license_key.created']);
  await api(server, 'POST', '/api/license-keys', { name: 'Shop' });
  await expect.poll(() => receiver.calls.length).toBe(1);
  expect(receiver.calls[0].headers['webhook-signature']).toBe(signature(secret, receiver.calls[0]));
  await looksRight(page, shot, 'webhooks');
});

test('every event that the server knows can be chosen', async ({ natter, page, receiver }) => {
  const server = await natter(PRIVATE);
  await signIn(server, page);
  const answer = await page.request.post(`${server.url}/api/webhooks`, {
    data: { url: receiver.url, events: ['nothing'] },
    headers: { origin: server.url },
  });
  const known = (await answer.json()).details.fieldErrors.events[0].split('there are ')[1].split(', ');
  expect(known.length).toBeGreaterThan(10);
  await open(server, page, '/webhooks');
  await page.getByRole('button', { name: 'Create webhook' }).click();
  const boxes = page.getByRole('dialog').getByRole('checkbox');
  const offered = await boxes.evaluateAll((all) => all.map((box) => box.value));
  expect(offered.sort()).toEqual(known.sort());
});

test('an address inside the network is refused at its field, with the reason', async ({ natter, page, receiver }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/webhooks');
  await page.getByRole('button', { name: 'Create webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill(receiver.url);
  await dialog.getByLabel('order.created').check();
  await dialog.getByRole('button', { name: 'Create webhook' }).click();
  await expect(dialog.getByText(/private|this machine|inside/i).first()).toBeVisible();
  await expect(dialog.getByLabel('Address')).toHaveAttribute('aria-invalid', 'true');
  expect((await api(server, 'GET', '/api/webhooks')).total).toBe(0);
});

test('a test is sent, its delivery appears by itself, and one that failed is sent again', async ({ natter, page, receiver, shot }) => {
  const server = await natter(PRIVATE);
  const { id } = await make(server, receiver);
  await signIn(server, page);
  await open(server, page, `/webhooks/${id}`);
  await expect(page.getByText('Nothing was sent yet')).toBeVisible();
  await page.getByRole('button', { name: 'Send test event' }).click();
  const rows = page.getByRole('region', { name: 'Deliveries' }).getByRole('row', { name: /webhook\.test/ });
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText('Delivered');
  await expect(rows.first()).toContainText('answered 204');
  expect(JSON.parse(receiver.calls[0].body).type).toBe('webhook.test');
  // A failure is seen while the page is only looked at.
  receiver.status = 500;
  await api(server, 'POST', `/api/webhooks/${id}/test`);
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('Trying again');
  await expect(rows.first()).toContainText('answered 500');
  await looksRight(page, shot, 'webhook');
  receiver.status = 204;
  const again = rows.last().getByRole('button', { name: 'Send webhook.test again' });
  await again.focus();
  // The other one is tried again meanwhile, and its row changes.
  await expect(rows.first()).toContainText('Delivered');
  await expect(again, 'looking again leaves the focus where it is').toBeFocused();
  await page.keyboard.press('Enter');
  const first = receiver.calls[0].headers['webhook-id'];
  await expect.poll(() => receiver.calls.filter((call) => call.headers['webhook-id'] === first).length, 'the same event').toBe(2);
  await expect(rows.last()).toContainText('Delivered');
  const deliveries = page.locator('.deliveries');
  await deliveries.getByLabel('Status').selectOption('failed');
  await expect(deliveries.getByText('Nothing matches')).toBeVisible();
  await deliveries.getByLabel('Status').selectOption('delivered');
  await expect(rows).toHaveCount(2);
  await deliveries.getByRole('searchbox').fill('ORDER.');
  await expect(deliveries.getByText('Nothing matches')).toBeVisible();
  await deliveries.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(rows).toHaveCount(2);
});

test('a webhook is edited, switched off and on, and removed', async ({ natter, page, receiver }) => {
  const server = await natter(PRIVATE);
  const { id } = await make(server, receiver);
  const stored = () => api(server, 'GET', `/api/webhooks/${id}`);
  await signIn(server, page);
  await open(server, page, `/webhooks/${id}`);
  await page.getByLabel('Description').fill('The other shop');
  await page.getByLabel('license.activated').check();
  await page.getByLabel('order.created').uncheck();
  await page.getByRole('link', { name: 'Webhooks' }).first().click();
  await expect(page.getByRole('dialog')).toContainText('Leave without saving?');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'The other shop' })).toBeVisible();
  expect(await stored()).toMatchObject({ description: 'The other shop', events: ['license.activated'], is_active: true });
  await page.getByRole('link', { name: 'Webhooks' }).first().click();
  await settled(page);
  const toggle = page.getByRole('switch');
  await toggle.click();
  await expect(page.getByRole('dialog')).toContainText('not sent later');
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByText('It is switched off')).toBeVisible();
  await expect(toggle).not.toBeChecked();
  expect((await stored()).is_active).toBe(false);
  await page.getByRole('link', { name: receiver.url }).click();
  await expect(page.getByText('Switched off', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send test event' })).toBeDisabled();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog')).toContainText('delivery log');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No webhook yet')).toBeVisible();
  expect((await api(server, 'GET', '/api/webhooks')).total).toBe(0);
});

test('the secret is shown when it is asked for, hidden again, and how to check it stands beside it', async ({ natter, page, receiver }) => {
  const server = await natter(PRIVATE);
  const { id, secret } = await make(server, receiver);
  await signIn(server, page);
  await open(server, page, `/webhooks/${id}`);
  expect(await page.content()).not.toContain(secret);
  await page.getByRole('button', { name: 'Show the secret' }).click();
  await expect(page.getByText(secret)).toBeVisible();
  await page.getByRole('button', { name: 'Hide the secret' }).click();
  await expect(page.getByText(secret)).toHaveCount(0);
  await expect(page.locator('.snippet')).toContainText('webhook.verify(body, request.headers)');
  await page.getByRole('button', { name: 'Python' }).click();
  await expect(page.locator('.snippet')).toContainText('webhook.verify(request.get_data()');
});

test('a viewer sees webhooks and their deliveries, and neither the secret nor a button', async ({ natter, page, receiver }) => {
  const server = await natter(PRIVATE);
  const { id } = await make(server, receiver);
  await api(server, 'POST', `/api/webhooks/${id}/test`);
  await signIn(server, page, { role: 'viewer' });
  await open(server, page, '/webhooks');
  await expect(page.getByRole('switch')).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Create webhook' })).toHaveCount(0);
  await page.getByRole('link', { name: receiver.url }).click();
  await expect(page.getByRole('row', { name: /webhook\.test/ })).toContainText('Delivered');
  await expect(page.getByLabel('Address')).toBeDisabled();
  await expect(page.getByRole('button', { name: /Send|Delete|secret/ })).toHaveCount(0);
});
