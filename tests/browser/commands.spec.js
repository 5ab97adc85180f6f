// What the command line does, beside a server that runs on the same database.
import { spawnSync } from 'node:child_process';
import { binary } from './lib/natter.js';
import { expect, test } from './lib/test.js';

function natter(data, args, { env = {}, input = '' } = {}) {
  const { status, stdout, stderr } = spawnSync(binary, args, {
    env: { PATH: process.env.PATH, NATTER_DATA_DIR: data, RUST_LOG: 'error', ...env },
    input,
    encoding: 'utf8',
  });
  return { status, out: stdout.trim(), error: stderr.trim() };
}

test('a key made on the command line works at once in the running server and is listed', async ({ natter: start, folder, upstream }) => {
  const { path: data } = await folder();
  const { url } = await start({ ...upstream.env, NATTER_DATA_DIR: data });
  const made = natter(data, ['keys', 'create', '--name', 'Shop', '--website', 'https://shop.example', '--limit', '5']);
  expect(made.error).toBe('');
  expect(made.out).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
  const config = (origin) =>
    fetch(url + '/v1/widget/config', {
      method: 'POST',
      headers: { Origin: origin },
      body: JSON.stringify({ licenseKey: made.out }),
    });
  expect((await config('https://shop.example')).status).toBe(200);
  expect((await config('https://evil.example')).status).toBe(403);

  const list = natter(data, ['keys', 'list']);
  expect(list.out).toContain('Shop');
  expect(list.out).toContain(made.out.slice(-4));
  expect(list.out + list.error).not.toContain(made.out);
  const shop = natter(data, ['keys', 'list', '--json']).out.split('\n').map(JSON.parse).find((key) => key.name === 'Shop');
  expect(shop).toMatchObject({ monthly_usage_limit: 5, restriction: 'websites', status: 'active' });
});

test('what is wrong with a key is said in one line, and nothing is made', async ({ folder }) => {
  const { path: data } = await folder();
  for (const [args, names] of [
    [['--name', ''], 'name'],
    [['--name', 'x', '--website', '*.com'], 'websites'],
    [['--name', 'x', '--ip', '1.2.3'], 'ip_addresses'],
    [['--name', 'x', '--limit', '0'], 'monthly_usage_limit'],
    [['--name', 'x', '--expires', 'soon'], 'expires_at'],
  ]) {
    const { status, error } = natter(data, ['keys', 'create', ...args]);
    expect(status).toBe(1);
    expect(error).toContain(names);
    expect(error.split('\n')).toHaveLength(1);
  }
  expect(natter(data, ['keys', 'list', '--json']).out).toBe('');
});

test('admins are made and their passwords reset without the server, and never shown', async ({ natter: start, folder, upstream }) => {
  const { path: data } = await folder();
  const secret = 'a long first password';
  const made = natter(data, ['admin', 'create', '--email', 'ada@example.com'], { env: { NATTER_ADMIN_PASSWORD: secret } });
  expect(made).toMatchObject({ status: 0, out: 'ada@example.com can sign in.' });
  const { url } = await start({ ...upstream.env, NATTER_DATA_DIR: data });
  const signIn = async (password) =>
    (await fetch(url + '/api/auth/sign-in', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: 'Ada@Example.com', password }),
    })).status;
  expect(await signIn(secret)).toBe(200);

  const reset = natter(data, ['admin', 'reset-password', '--email', 'ada@example.com'], { input: 'a long second password\n' });
  expect(reset).toMatchObject({ status: 0, out: 'ada@example.com has a new password.' });
  expect(await signIn(secret)).toBe(401);
  expect(await signIn('a long second password')).toBe(200);

  for (const [args, input, says] of [
    [['create', '--email', 'ada@example.com'], 'another long password\n', 'exists already'],
    [['create', '--email', 'nobody'], 'another long password\n', 'email'],
    [['create', '--email', 'eve@example.com'], 'short\n', 'password'],
    [['create', '--email', 'eve@example.com'], '', 'NATTER_ADMIN_PASSWORD'],
    [['reset-password', '--email', 'eve@example.com'], 'another long password\n', 'nobody'],
  ]) {
    const { status, out, error } = natter(data, ['admin', ...args], { input });
    expect(status, says).toBe(1);
    expect(error).toContain(says);
    expect(out + error).not.toContain(input.trim() || '-never-');
  }
});

test('orders come in by the standard input, all or none, and go out by their status', async ({ folder }) => {
  const { path: data } = await folder();
  const product = natter(data, ['products', 'create', '--identifier', 'studio', '--name', 'Studio']);
  const plan = natter(data, ['plans', 'create', '--product', 'studio', '--identifier', 'pro', '--name', 'Pro']);
  expect([product.status, plan.status]).toEqual([0, 0]);
  const wrong = natter(data, ['licenses', 'import', '-'], { input: 'plan,customer_id\nstudio/pro,c0\nstudio/max,c1\n' });
  expect(wrong).toMatchObject({ status: 1, out: 'line 3: plan is no plan' });
  expect(wrong.error).toContain('nothing was imported');
  const input = 'plan,customer_id,status\nstudio/pro,c1,\nstudio/pro,c2,pending\n';
  const taken = natter(data, ['licenses', 'import', '-'], { input });
  expect(taken).toMatchObject({ status: 0, out: '2 orders imported, 0 there already' });
  const lines = natter(data, ['licenses', 'export', '--status', 'pending']).out.split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(',c2,');
});
