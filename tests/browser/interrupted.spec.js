// An answer is never lost: reloads, cut networks, stops and failures in the middle of one.
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

const tokens = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `t${from + i} `);
const whole = (to) => tokens(1, to).join('').trim();

/** Asks to count at `url`, and sees the first tokens of the answer. */
async function counting(page, chat, upstream, url, shown) {
  await page.goto(url);
  await chat.open();
  await chat.ask('Count');
  const call = await upstream.call();
  call.send(...tokens(1, shown));
  await expect(chat.answerText).toHaveText(whole(shown));
  return call;
}

test('a reload in mid-answer continues it and ends it whole', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const call = await counting(page, chat, upstream, shop.url, 3);
  await page.reload();
  // The panel was open, so it opens again by itself.
  await expect(chat.answerText).toHaveText(whole(3));
  await expect(chat.questions).toHaveCount(1);
  call.send(...tokens(4, 5));
  await expect(chat.answerText).toHaveText(whole(5));
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.answerText).toHaveText(whole(5));
  const stored = await admin.messages();
  expect(stored.map((m) => [m.role, m.content])).toEqual([['user', 'Count'], ['assistant', whole(5)]]);
});

test('an answer that ended during the reload is there, whole', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)), '/away': html('<p>No chat here.</p>') });
  const call = await counting(page, chat, upstream, shop.url, 2);
  await page.goto(`${shop.url}/away`);
  call.send(...tokens(3, 4));
  call.finish();
  await expect.poll(async () => (await admin.messages()).at(-1).content).toBe(whole(4));
  await page.goto(shop.url);
  await expect(chat.answerText).toHaveText(whole(4));
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.answers).toHaveCount(1);
});

test('a cut network is mended without a token doubled or lost', async ({ natter, upstream, cable, site, page, chat, shot }) => {
  const { port } = await natter(upstream.env);
  const line = await cable(port);
  const shop = await site({ '/': html(tag(line.url)) });
  const call = await counting(page, chat, upstream, shop.url, 3);
  line.cut();
  call.send(...tokens(4, 5));
  await line.refused();
  await expect(chat.answerText).toHaveText(whole(3));
  await shot('network-cut');
  line.mend();
  await expect(chat.answerText).toHaveText(whole(5));
  call.send(...tokens(6, 7));
  await expect(chat.answerText).toHaveText(whole(7));
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.answerText).toHaveText(whole(7));
  await expect(chat.answers).toHaveCount(1);
});

test('an answer that ended while the network was cut is shown whole', async ({ natter, upstream, cable, site, page, chat }) => {
  const { port } = await natter(upstream.env);
  const line = await cable(port);
  const shop = await site({ '/': html(tag(line.url)) });
  const call = await counting(page, chat, upstream, shop.url, 2);
  line.cut();
  call.send(...tokens(3, 6));
  call.finish();
  await line.refused();
  line.mend();
  await expect(chat.answerText).toHaveText(whole(6));
  await expect(chat.stopButton).toBeHidden();
});

test('stop ends the model’s work and keeps the part', async ({ natter, upstream, site, page, chat, shot }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const call = await counting(page, chat, upstream, shop.url, 3);
  await chat.stopButton.click();
  await call.closed;
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.answerText).toHaveText(whole(3));
  await shot('answer-stopped');
  await expect.poll(async () => (await admin.messages()).at(-1).content).toBe(whole(3));
  await page.reload();
  await expect(chat.answerText).toHaveText(whole(3));
  await chat.ask('Again');
  const again = await upstream.call();
  again.send('Yes.');
  again.finish();
  await expect(chat.answerText).toHaveText('Yes.');
});

test('retry after a failure in mid-answer does not double the visitor’s message', async ({ natter, upstream, site, page, chat, shot }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('Only once');
  const first = await upstream.call();
  first.send('Half an');
  await expect(chat.answerText).toHaveText('Half an');
  first.crash();
  await expect(chat.retryButton).toBeVisible();
  await shot('answer-failed');
  await chat.retryButton.click();
  const second = await upstream.call();
  const asked = second.request.messages.filter((m) => m.role === 'user').map((m) => m.content);
  expect(asked).toEqual(['Only once']);
  second.send('A whole answer');
  second.finish();
  await expect(chat.answerText).toHaveText('A whole answer');
  await expect(chat.retryButton).toBeHidden();
  await expect(chat.questions).toHaveCount(1);
  const stored = await admin.messages();
  expect(stored.filter((m) => m.role === 'user').map((m) => m.content)).toEqual(['Only once']);
  await page.reload();
  await expect(chat.answerText).toHaveText('A whole answer');
  await expect(chat.questions).toHaveCount(1);
});

test('a refusal before the first token can be retried', async ({ natter, upstream, site, page, chat, seen }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('Only once');
  // 400: the server must not try again by itself.
  (await upstream.call()).refuse(400);
  await expect(chat.retryButton).toBeVisible();
  await expect(chat.panel).not.toContainText('refused by the test');
  await chat.retryButton.click();
  const second = await upstream.call();
  second.send('Now.');
  second.finish();
  await expect(chat.answerText).toHaveText('Now.');
  await expect(chat.questions).toHaveCount(1);
  const stored = await admin.messages();
  expect(stored.filter((m) => m.role === 'user')).toHaveLength(1);
  expect(seen.exceptions).toEqual([]);
});

test('a server that is away is said so in the panel, and found again', async ({ natter, upstream, cable, site, page, chat, shot }) => {
  const { url, port } = await natter(upstream.env);
  const line = await cable(port);
  // The files come from one address, the API from another that is away.
  const shop = await site({ '/': html(tag(url, { 'api-url': line.url })) });
  line.cut();
  await page.goto(shop.url);
  await chat.launcher.click();
  await expect(chat.panel).toBeVisible();
  await line.refused();
  await expect(chat.panel).toContainText(/connect|reach|offline/i);
  await shot('server-away');
  line.mend();
  await expect(chat.input).toBeEnabled();
  await chat.ask('Back?');
  const call = await upstream.call();
  call.send('Back.');
  call.finish();
  await expect(chat.answerText).toHaveText('Back.');
});

test('a server that is killed and started anew in mid-answer loses neither question nor part, and goes on', async ({ natter, folder, upstream, cable, site, page, chat }) => {
  const { path } = await folder();
  const env = { ...upstream.env, NATTER_DATA_DIR: path };
  const first = await natter(env);
  const line = await cable(first.port);
  const shop = await site({ '/': html(tag(line.url)) });
  const call = await counting(page, chat, upstream, shop.url, 3);
  line.cut();
  await first.stop();
  // The next start of the same server, at the same address.
  const second = await natter(env);
  line.lead(second.port);
  line.mend();
  await expect(chat.retryButton, 'the visitor is told that this answer will not end').toBeVisible();
  await expect(chat.answerText).toContainText(whole(3));
  await chat.retryButton.click();
  const again = await upstream.call();
  expect(again.request.messages.filter((message) => message.role === 'user')).toHaveLength(1);
  again.send('Once more.');
  again.finish();
  await expect(chat.answerText).toHaveText('Once more.');
  await expect(chat.questions).toHaveCount(1);
  const stored = await second.admin.messages();
  expect(stored.filter((message) => message.role === 'user')).toHaveLength(1);
});
