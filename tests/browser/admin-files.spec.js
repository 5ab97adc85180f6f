// The dashboard's page and files as the binary serves them.
import http from 'node:http';
import { api, open, signIn } from './lib/dashboard.js';
import { expect, test } from './lib/test.js';

const files = async (url) => {
  const html = await (await fetch(`${url}/admin`)).text();
  return [...html.matchAll(/\/admin\/assets\/[^"]+/g)].map((match) => url + match[0]);
};

test('every address under /admin is the same page, under a policy that lets nothing else in', async ({ natter }) => {
  const { url } = await natter();
  for (const path of ['/admin', '/admin/', '/admin/license-keys', '/admin/license-keys/01J/usage', '/admin/nothing']) {
    const reply = await fetch(url + path);
    expect(reply.status, path).toBe(200);
    const policy = reply.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe-inline');
    expect(policy).not.toMatch(/'unsafe-eval'|https?:/);
    expect(reply.headers.get('x-frame-options')).toBe('DENY');
    expect(reply.headers.get('referrer-policy')).toBe('same-origin');
    expect(reply.headers.get('cache-control')).toBe('no-cache');
    expect(await reply.text()).toContain('Loading the dashboard');
  }
});

test('the page is written in the look that the admin chose, and in no other words of the cookie', async ({ natter }) => {
  const { url } = await natter();
  const html = async (cookie) => (await fetch(`${url}/admin`, { headers: { cookie } })).text();
  expect(await html('natter_theme=dark')).toContain('<html lang="en" data-theme="dark">');
  expect(await html('a=b; natter_theme=light')).toContain('data-theme="light"');
  for (const other of ['', 'natter_theme=', 'natter_theme="><script>', 'xnatter_theme=dark']) {
    expect(await html(other)).toContain('<html lang="en">');
  }
});

test('its files are compressed, kept for ever by their names, and none else is there', async ({ natter }) => {
  const { url } = await natter();
  const all = await files(url);
  expect(all.map((file) => file.split('.').pop()).sort()).toEqual(['css', 'js', 'wasm']);
  for (const file of all) {
    const reply = await new Promise((done) => {
      http.get(file, { headers: { 'Accept-Encoding': 'gzip, br' } }, (got) => done(got.resume()));
    });
    expect(reply.headers['content-encoding']).toBe('br');
    expect(reply.headers['cache-control']).toContain('immutable');
    expect(reply.headers['access-control-allow-origin'], 'no other site needs them').toBeUndefined();
  }
  const missing = await fetch(`${url}/admin/assets/admin-0000000000000000.js`);
  expect(missing.status).toBe(404);
  expect(missing.headers.get('cache-control')).toBe('no-store');
});

test('a part of the dashboard is fetched with its first page, and one that does not come is asked for again', async ({ natter, page, seen }) => {
  const server = await natter();
  await signIn(server, page);
  const parts = () => seen.requests.filter((url) => /\/assets\/(split|chunk)_/.test(url));
  await open(server, page);
  expect(parts(), 'the overview needs none').toEqual([]);
  const later = (name) => page.getByRole('link', { name, exact: true }).click();
  const cut = '**/assets/split_settings-*';
  await page.route(cut, (route) => route.abort());
  await later('API keys');
  await expect(page.getByText('This part of the dashboard did not arrive.')).toBeVisible();
  await page.unroute(cut);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'API keys' })).toBeVisible();
  const before = parts().length;
  await later('Webhooks');
  await expect(page.getByRole('heading', { name: 'Webhooks' })).toBeVisible();
  expect(parts().length, 'its pages come together').toBe(before);
  await later('License Keys');
  await expect(page.getByRole('heading', { name: 'License Keys' })).toBeVisible();
  expect(new Set(parts()).size, 'each file once, but for the one that was cut off').toBe(parts().length - 1);
});

test('the set-up link, the dashboard and the API do not get into each other’s way', async ({ natter, page }) => {
  const server = await natter();
  await page.goto(`${server.url}/admin/setup`);
  await expect(page.getByText('Make the first admin')).toBeVisible();
  await page.goto(`${server.url}/admin`);
  await expect(page.getByRole('heading', { name: 'Natter is not set up yet' })).toBeVisible();
  await signIn(server, page);
  expect((await api(server, 'GET', '/v1/admin/conversations')).conversations).toEqual([]);
});
