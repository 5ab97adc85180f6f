// The session behind the panel: renewed unnoticed, forgotten on demand, and open to page scripts.
import { answered, sessions } from './lib/sessions.js';
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';
import { WIDGET_KEY } from './lib/natter.js';

const stored = (page) => page.evaluate(() => Object.keys(localStorage));

test('an open chat renews its session before the token ends, and nobody notices', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const asked = sessions(page);
  await page.clock.install();
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Before?', 'Before.');
  await chat.input.fill('a draft');
  expect(asked).toHaveLength(1);
  const renewed = page.waitForResponse((r) => r.url().endsWith('/v1/widget/session'));
  // Less than the fifteen minutes that a token lives.
  await page.clock.fastForward('14:55');
  const visitor = (await (await renewed).json()).visitorId;
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatchObject({ visitorId: visitor, new: false });
  await expect(chat.input).toHaveValue('a draft');
  await expect(chat.answerText).toHaveText('Before.');
  await answered(chat, upstream, 'After?', 'After.');
  expect(asked, 'the new token is the one that is used').toHaveLength(2);
  await expect(chat.questions).toHaveCount(2);
});

test('a closed chat renews nothing until it is opened again', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const asked = sessions(page);
  await page.clock.install();
  await page.goto(shop.url);
  await chat.open();
  await chat.closeButton.click();
  await page.clock.fastForward('14:55');
  await page.clock.fastForward('30:00');
  expect(asked).toHaveLength(1);
  const renewed = page.waitForResponse((r) => r.url().endsWith('/v1/widget/session'));
  await chat.launcher.click();
  await renewed;
  await answered(chat, upstream, 'Still there?', 'Yes.');
  expect(asked).toHaveLength(2);
});

test('a session that the server calls expired is renewed, and the message is sent once', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const asked = sessions(page);
  await page.route('**/v1/chat/stream', (route) => route.fulfill({
    status: 401,
    headers: { 'Access-Control-Allow-Origin': shop.url, 'Content-Type': 'application/json' },
    body: JSON.stringify({ error: 'The session has expired', code: 'session_expired', requestId: 'r' }),
  }), { times: 1 });
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Hello?', 'Hello.');
  expect(asked).toHaveLength(2);
  await expect(chat.questions).toHaveCount(1);
  expect((await admin.messages()).map((m) => m.content)).toEqual(['Hello?', 'Hello.']);
});

test('reset forgets the visitor, and the next message is from a new one', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const asked = sessions(page);
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Old?', 'Old.');
  await chat.input.fill('a draft');
  expect(await stored(page)).toHaveLength(1);
  await page.evaluate(() => ChatWidget.reset());
  await expect(chat.questions).toHaveCount(0);
  await expect(chat.input).toHaveValue('');
  await expect(chat.panel, 'no panel is closed').toBeVisible();
  expect(await stored(page)).toEqual([]);
  expect(asked, 'no session before there is somebody').toHaveLength(1);
  await answered(chat, upstream, 'New?', 'New.');
  await expect(chat.questions).toHaveCount(1);
  expect(asked).toHaveLength(2);
  expect(asked[1].visitorId).toBeUndefined();
  expect(await admin.conversations()).toHaveLength(2);
  await page.reload();
  await expect(chat.questions).toHaveText([/New\?/]);
});

test('reset in mid-answer leaves nothing of it behind', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('Secret?');
  const old = await upstream.call();
  old.send('The secret');
  await expect(chat.answerText).toHaveText('The secret');
  await page.evaluate(() => ChatWidget.reset());
  await expect(chat.answers).toHaveCount(0);
  await expect(chat.stopButton).toBeHidden();
  old.send(' is out');
  await answered(chat, upstream, 'Hello?', 'Hello.');
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.log).not.toContainText('ecret');
});

test('a session that comes after the reset is nobody’s', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const asked = sessions(page);
  let release;
  const gate = new Promise((open) => (release = open));
  await page.route('**/v1/widget/session', async (route) => {
    const response = await route.fetch();
    await gate;
    await route.fulfill({ response });
  }, { times: 1 });
  await page.goto(shop.url);
  await chat.launcher.click();
  await expect.poll(() => asked.length).toBe(1);
  await page.evaluate(() => ChatWidget.reset());
  const late = page.waitForResponse((r) => r.url().endsWith('/v1/widget/session'));
  release();
  await (await late).finished();
  await answered(chat, upstream, 'Hello?', 'Hello.');
  expect(asked).toHaveLength(2);
  expect(asked[1].visitorId).toBeUndefined();
});

test('reset before the chat has started forgets what earlier pages stored', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const loader = `<script src="${url}/widget/chat-widget.js" data-api-key="${WIDGET_KEY}"></script>`;
  const shop = await site({ '/': html(tag(url)), '/signed-out': html(`${loader}<script>ChatWidget.reset()</script>`) });
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Old?', 'Old.');
  await page.goto(`${shop.url}/signed-out`);
  await expect(chat.launcher).toBeVisible();
  await expect(chat.launcher, 'not opened as it was').toHaveAttribute('aria-expanded', 'false');
  expect(await stored(page)).toEqual([]);
  const asked = sessions(page);
  await chat.open();
  await expect(chat.questions).toHaveCount(0);
  expect(asked[0].visitorId).toBeUndefined();
});

test('a listener of the page may give commands in turn', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => ChatWidget.on('widget:open', () => ChatWidget.send('I am here')));
  await chat.launcher.click();
  const call = await upstream.call();
  call.send('So am I.');
  call.finish();
  await expect(chat.answerText).toHaveText('So am I.');
});
