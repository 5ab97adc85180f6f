// Products, plans, orders and licenses in the dashboard.
import { api, looksRight, open, settled, signIn } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

const HOSTILE = 'Ada <img src=x onerror="window.hacked=1">';

/** A product with a plan of so many activations. */
async function catalogue(server, limit = 2) {
  const product = await api(server, 'POST', '/api/products', { identifier: 'app', name: 'App' });
  const licenses = { activation_limit_enabled: true, activation_limit: limit, has_expiry: true, duration_value: 1, duration_unit: 'year' };
  const plan = await api(server, 'POST', '/api/plans', { product_id: product.id, identifier: 'pro', name: 'Pro', licenses });
  return { product, plan };
}

const sell = (server, plan, customer = {}) =>
  api(server, 'POST', '/api/orders', { plan_id: plan.id, customer: { id: 'c-1', name: HOSTILE, email: 'ada@example.com', ...customer } });

async function activate(server, key, instanceName) {
  const reply = await fetch(`${server.url}/license/activate`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ licenseKey: key, instanceName }),
  });
  return { status: reply.status, ...(await reply.json()) };
}

test('a product and its plan are made; the license switch shows what belongs to it', async ({ natter, page, shot }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/products');
  await expect(page.getByText('Nothing to sell yet')).toBeVisible();
  await looksRight(page, shot, 'products-empty');
  await page.getByRole('button', { name: 'Create product' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('My app');
  await dialog.getByLabel('Identifier').fill('My App');
  await dialog.getByRole('button', { name: 'Create product' }).click();
  await expect(dialog.getByText(/Must have 1 to 64 characters of a-z/)).toBeVisible();
  await dialog.getByLabel('Identifier').fill('my-app');
  await dialog.getByRole('button', { name: 'Create product' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'My app' })).toBeVisible();
  await page.getByRole('button', { name: 'Create plan' }).click();
  await dialog.getByLabel('Name').fill('Pro');
  await dialog.getByLabel('Identifier').fill('pro');
  await dialog.getByRole('button', { name: 'Create plan' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Pro' })).toBeVisible();
  await expect(page.getByLabel('Activations', { exact: true })).toHaveCount(0);
  await page.getByRole('switch', { name: 'Limit activations' }).check();
  await page.getByLabel('Activations', { exact: true }).fill('101');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Must be a whole number from 1 to 100')).toBeVisible();
  await page.getByLabel('Activations', { exact: true }).fill('3');
  await page.getByRole('switch', { name: 'The license expires' }).check();
  await page.getByRole('button', { name: 'Add an entry' }).click();
  await expect(page.getByLabel('Name 1')).toBeFocused();
  await page.keyboard.type('seats');
  await page.getByLabel('Value 1').fill('3');
  await page.getByRole('button', { name: 'Add an entry' }).click();
  await page.getByLabel('Name 2').fill('tier');
  await page.getByLabel('Value 2').fill('<b>gold</b>');
  await page.getByLabel('Duration').fill('6');
  await page.getByLabel('Unit').selectOption('month');
  await looksRight(page, shot, 'plan');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('It holds for orders from now on.')).toBeVisible();
  const [plan] = (await api(server, 'GET', '/api/plans')).items;
  expect(plan.metadata).toEqual({ seats: 3, tier: '<b>gold</b>' });
  expect(plan.licenses).toMatchObject({ activation_limit_enabled: true, activation_limit: 3, has_expiry: true, duration_value: 6, duration_unit: 'month' });
  await page.getByRole('link', { name: 'Products & plans' }).first().click();
  await page.getByRole('link', { name: 'My app' }).click();
  await expect(page.getByRole('row', { name: /Pro/ })).toContainText('3 activations, for 6 months');
  await looksRight(page, shot, 'product');
});

test('an order is placed by hand and its key shown once; it is found, completed, refunded', async ({ natter, page, shot }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  await signIn(server, page);
  await open(server, page, '/orders');
  await page.getByRole('button', { name: 'Create order' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Create order' }).click();
  await expect(dialog.getByText(/must have 1 to/i).first()).toBeVisible();
  await dialog.getByLabel('Plan').selectOption(plan.id);
  await dialog.getByLabel('Customer’s id').or(dialog.getByLabel("Customer's id")).fill('c-7');
  await dialog.getByLabel('Name', { exact: true }).fill(HOSTILE);
  await dialog.getByRole('button', { name: 'Add an entry' }).click();
  await dialog.getByLabel('Name 1').fill('invoice');
  await dialog.getByLabel('Value 1').fill('R-7');
  await dialog.getByLabel('Status').selectOption('pending');
  await looksRight(page, shot, 'order-form');
  await dialog.getByRole('button', { name: 'Create order' }).click();
  await expect(dialog.getByText('waits for its payment')).toBeVisible();
  await dialog.getByRole('button', { name: 'Open the order' }).click();
  await expect(page.getByText('The license key is issued when the order is completed.')).toBeVisible();
  await page.getByRole('button', { name: 'Complete' }).click();
  const key = await dialog.locator('.secret code').textContent();
  expect((await activate(server, key, 'Laptop')).status).toBe(201);
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(await page.content()).not.toContain(key);
  await expect(page.getByText('{"invoice":"R-7"}')).toBeVisible();
  await looksRight(page, shot, 'order');
  await page.getByRole('button', { name: 'Refund' }).click();
  await expect(dialog).toContainText('deactivated for good');
  await dialog.getByRole('button', { name: 'Refund' }).click();
  await expect(page.getByText('The order is refunded.')).toBeVisible();
  expect((await activate(server, key, 'Other')).status).toBe(403);
  await expect(page.getByLabel('Actions for the license'), 'nothing can be done with an ended license').toHaveCount(0);
  await page.getByRole('link', { name: 'Orders of this customer' }).click();
  await expect(page.getByText('Orders of the customer c-7 alone.')).toBeVisible();
  await open(server, page, '/orders?q=onerror');
  await expect(page.getByRole('row', { name: /c-7|Ada <img/ })).toContainText('Refunded');
  await looksRight(page, shot, 'orders');
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('a file of orders is checked, its mistakes named by line, and imported whole', async ({ natter, page, shot }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  await signIn(server, page);
  await open(server, page, '/orders');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog');
  const head = 'plan,customer_id,customer_email\n';
  const file = (text) => ({ name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await dialog.getByLabel('File').setInputFiles(file(`${head}${plan.id},c-1,a@example.com\nno-such-plan,c-2,nonsense\n`));
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(dialog.getByText(/nothing was imported/)).toBeVisible();
  await expect(dialog.getByRole('row', { name: /^3 / }).first()).toBeVisible();
  await looksRight(page, shot, 'import-refused');
  expect((await api(server, 'GET', '/api/orders')).total).toBe(0);
  await dialog.getByLabel('File').setInputFiles(file(`${head}${plan.id},c-1,a@example.com\n${plan.id},c-2,b@example.com\n`));
  await dialog.getByRole('button', { name: 'Check only' }).click();
  await expect(dialog.getByText(/The file is in order. It would make 2 orders/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(dialog.getByText('Imported: 2 orders')).toBeVisible();
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  await expect(page.getByText('2 in all')).toBeVisible();
});

test('a license shows where it is used; it is revoked, extended, limited, regenerated and ended', async ({ natter, page, shot }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  const order = await sell(server, plan);
  await activate(server, order.license_key, HOSTILE);
  await activate(server, order.license_key, 'Desk');
  await signIn(server, page);
  await open(server, page, '/licenses');
  await looksRight(page, shot, 'licenses');
  await page.getByRole('row', { name: /Pro/ }).getByRole('link').first().click();
  await expect(page.getByRole('row', { name: /Desk/ })).toBeVisible();
  await settled(page);
  await looksRight(page, shot, 'license');
  expect((await activate(server, order.license_key, 'Third')).status).toBe(403);
  await page.getByRole('button', { name: 'Revoke Desk' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByRole('row', { name: /Desk/ })).toHaveCount(0);
  expect((await activate(server, order.license_key, 'Third')).status).toBe(201);

  const menu = async (action) => {
    await page.getByLabel('Actions for the license').click();
    await page.getByRole('button', { name: action }).click();
  };
  const before = await api(server, 'GET', `/api/license-keys/${order.license_key_id}`);
  await menu('Manage expiry');
  await dialog.getByRole('button', { name: '+ 30 days' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  const after = await api(server, 'GET', `/api/license-keys/${order.license_key_id}`);
  expect(Math.round((Date.parse(after.expires_at) - Date.parse(before.expires_at)) / 864e5)).toBe(30);
  await menu('Edit activation limit');
  await dialog.getByLabel('Activation limit').fill('0');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('Must be a whole number from 1 to 100')).toBeVisible();
  await dialog.getByLabel('Activation limit').fill('100');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('2 of 100')).toBeVisible();
  await menu('Regenerate key');
  await dialog.getByRole('button', { name: 'Regenerate' }).click();
  const renewed = await dialog.locator('.secret code').textContent();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Nobody uses this key yet')).toBeVisible();
  expect((await activate(server, renewed, 'New')).status).toBe(201);
  await menu('Deactivate for good');
  await dialog.getByRole('textbox').fill('deactivate');
  await dialog.getByRole('button', { name: 'Deactivate for good' }).click();
  await expect(page.getByText('The license is deactivated.')).toBeVisible();
  expect((await activate(server, renewed, 'Late')).status).toBe(403);
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('the signing key is rotated after a question that says what will happen', async ({ natter, page }) => {
  const server = await natter();
  await signIn(server, page);
  await open(server, page, '/licenses');
  const keys = async () => (await (await fetch(`${server.url}/license/keys`)).json()).keys;
  const next = (await keys()).find((key) => key.status === 'next');
  await expect(page.getByText(next.publicKey)).toBeVisible();
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  await expect(page.getByText('The signing key is rotated.')).toBeVisible();
  expect((await keys()).find((key) => key.status === 'active').id).toBe(next.id);
});

test('a plan takes the look of a key over and goes on from it; what it issues looks so', async ({ natter, page, shot }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  await api(server, 'POST', '/api/license-keys', { name: 'Model', ui: { title: HOSTILE, primaryColor: '#aa0055', openerSize: 90 } });
  await signIn(server, page);
  await open(server, page, `/plans/${plan.id}`);
  await expect(page.getByText('Look of the widget')).toHaveCount(0);
  await page.getByRole('switch', { name: 'The key has limits and a look of its own' }).check();
  await expect(page.getByText('The usual look.')).toBeVisible();
  const picker = page.getByLabel('Take over from a license key');
  await picker.pressSequentially('Mod');
  const suggested = page.locator('datalist option');
  await expect(suggested).toHaveCount(1);
  await picker.fill(await suggested.getAttribute('value'));
  await expect(page.getByText('Differs from the usual look in: openerSize, primaryColor, title.')).toBeVisible();
  await page.getByRole('button', { name: 'Show the options' }).click();
  await expect(page.getByLabel('Title', { exact: true })).toHaveValue(HOSTILE);
  await page.getByLabel('Size, as a number').fill('141');
  await page.getByRole('button', { name: 'Hide the options' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  // What is wrong is shown, wherever it is.
  await expect(page.getByLabel('Size, as a number')).toBeFocused();
  await page.getByLabel('Size, as a number').fill('140');
  await page.getByLabel('Welcome message', { exact: true }).fill('Hello, customer!');
  await looksRight(page, shot, 'plan-look');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('It holds for orders from now on.')).toBeVisible();
  const order = await sell(server, plan);
  const key = await api(server, 'GET', `/api/license-keys/${order.license_key_id}`);
  expect(key.ui).toMatchObject({ title: HOSTILE, primaryColor: '#aa0055', openerSize: 140, welcomeMessage: 'Hello, customer!' });
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
});

test('an order whose answer was lost on its way is placed once, and its key shown', async ({ natter, page }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  await signIn(server, page);
  await open(server, page, '/orders');
  await page.getByRole('button', { name: 'Create order' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Plan').selectOption(plan.id);
  await dialog.getByLabel("Customer's id").fill('c-1');
  let lost = 0;
  await page.route('**/api/orders', async (route) => {
    if (route.request().method() !== 'POST' || lost) return route.fallback();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await dialog.getByRole('button', { name: 'Create order' }).click();
  await expect(dialog.getByText('The server cannot be reached')).toBeVisible();
  expect((await api(server, 'GET', '/api/orders')).total, 'the server has it').toBe(1);
  await dialog.getByRole('button', { name: 'Create order' }).click();
  const key = await dialog.locator('.secret code').textContent();
  expect((await activate(server, key, 'Laptop')).status).toBe(201);
  expect((await api(server, 'GET', '/api/orders')).total).toBe(1);
  // Another order is another one, also when it is the same.
  await dialog.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Create order' }).click();
  await dialog.getByLabel('Plan').selectOption(plan.id);
  await dialog.getByLabel("Customer's id").fill('c-1');
  await dialog.getByRole('button', { name: 'Create order' }).click();
  await expect(dialog.locator('.secret code')).not.toHaveText(key);
  expect((await api(server, 'GET', '/api/orders')).total).toBe(2);
});

test('two who change one license or customer at a time: the second is told, and goes on from the first', async ({ natter, page }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  const order = await sell(server, plan);
  const key = `/api/license-keys/${order.license_key_id}`;
  await signIn(server, page);
  await open(server, page, `/licenses/${order.license_key_id}?do=limit`);
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Activation limit').fill('50');
  await api(server, 'PATCH', key, { activation_limit: 9, version: (await api(server, 'GET', key)).version });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('Somebody else has changed this meanwhile.')).toBeVisible();
  expect((await api(server, 'GET', key)).activation_limit, 'nothing is overwritten').toBe(9);
  await dialog.getByRole('button', { name: 'Load their version' }).click();
  await expect(dialog.getByLabel('Activation limit')).toHaveValue('9');
  await dialog.getByLabel('Activation limit').fill('50');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('0 of 50')).toBeVisible();
  await page.reload();
  await expect(page.getByText('0 of 50')).toBeVisible();
  await expect(dialog, 'what was asked for once is not asked again').toHaveCount(0);

  await open(server, page, `/orders/${order.id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Name').fill('Mine');
  await api(server, 'PATCH', `/api/orders/${order.id}`, { customer: { name: 'Theirs' }, version: order.version });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('They changed: name.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Load their version' }).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('Theirs');
  await dialog.getByLabel('E-mail address').fill('new@example.com');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  expect((await api(server, 'GET', `/api/orders/${order.id}`)).customer).toMatchObject({ name: 'Theirs', email: 'new@example.com' });
});

test('licenses are narrowed by how they stand', async ({ natter, page }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  const over = await sell(server, plan, { id: 'c-over' });
  const good = await sell(server, plan, { id: 'c-good' });
  await api(server, 'PATCH', `/api/license-keys/${over.license_key_id}`, { expires_at: '2020-01-01T00:00:00Z' });
  await signIn(server, page);
  await open(server, page, '/licenses');
  await expect(page.getByText('2 in all')).toBeVisible();
  await page.getByLabel('Status').selectOption('Expired');
  await expect(page.getByText('1 in all')).toBeVisible();
  await expect(page.getByRole('row', { name: new RegExp(over.id) })).toContainText('Expired');
  await page.reload();
  await settled(page);
  await expect(page.getByText('1 in all')).toBeVisible();
  const file = await page.request.get(server.url + (await page.getByRole('link', { name: 'Export' }).getAttribute('href')));
  expect((await file.text()).trim().split('\n')).toHaveLength(2);
  await page.getByLabel('Status').selectOption('');
  await page.getByRole('searchbox').fill(good.license.key_hint.slice(-4).toLowerCase());
  await expect(page.getByText('1 in all')).toBeVisible();
  await expect(page.getByRole('row', { name: new RegExp(good.id) })).toContainText('Active');
  await expect(page.getByLabel('Plan').getByRole('option', { name: 'Pro (App)' })).toHaveCount(1);
});

test('a license that has expired and lives on its days of grace is called so, in its order too', async ({ natter, page }) => {
  const server = await natter();
  const { plan } = await catalogue(server);
  const order = await sell(server, plan);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString();
  await api(server, 'PATCH', `/api/license-keys/${order.license_key_id}`, { expires_at: yesterday, grace_days: 7 });
  await signIn(server, page);
  for (const path of ['/licenses', '/orders', `/orders/${order.id}`, `/licenses/${order.license_key_id}`]) {
    await open(server, page, path);
    await expect(page.getByText('In grace', { exact: true })).toBeVisible();
    await expect(page.locator('.badge', { hasText: 'Expired' })).toHaveCount(0);
  }
});
