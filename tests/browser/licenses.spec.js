// A license key that was bought, on the buyer's websites.
import { configured, expect, test } from './lib/shop.js';

test('a website beyond the limit of a bought license is told why, and works once another one is revoked', async ({ natter, upstream, site, page, chat }) => {
  const server = await natter(upstream.env);
  const { id, key } = await server.admin.soldKey(1);
  const one = await site({ '/': configured(server.url, { licenseKey: key }) });
  // To the server another host; to this machine the same page.
  const two = one.url.replace('localhost', 'second.localhost');
  await page.goto(one.url);
  await chat.open();
  await chat.exchange(upstream, 'Hello?', 'Hello.');
  const said = [];
  page.on('console', (m) => m.text().startsWith('Natter:') && said.push(m.text()));
  await page.goto(two);
  await chat.launcher.click();
  await expect.poll(() => said.join('\n')).toMatch(/second\.localhost/);
  expect(said[0]).toContain('may be used on 1 website');
  const taken = await server.admin.activations(id);
  expect(taken.map((a) => a.host)).toEqual(['localhost']);
  await server.admin.revoke(id, taken[0].instance_id);
  await page.reload();
  await chat.open();
  await chat.exchange(upstream, 'And now?', 'Now it works.');
  expect((await server.admin.activations(id)).map((a) => a.host)).toEqual(['second.localhost']);
});
