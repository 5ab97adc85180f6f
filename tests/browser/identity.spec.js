// Who the visitor is: said by the page, proved by its backend, and forgotten with the page.
import { createHmac } from 'node:crypto';
import { Chat } from './lib/chat.js';
import { answered, sessions } from './lib/sessions.js';
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

const hmac = (secret, text) => createHmac('sha256', secret).update(text);

/** What the site's backend gives its page for a user. */
const proof = (secret, userId) => ({ userId, userHash: hmac(secret, userId).digest('hex') });

function jwt(secret, claims) {
  const [head, body] = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'));
  return { jwt: `${head}.${body}.${hmac(secret, `${head}.${body}`).digest('base64url')}` };
}

const withKey = (url, key, config = {}) =>
  html(`<script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify(config)}</script>` +
    tag(url, { 'api-key': null, 'license-key': key }));

const identify = (page, who) => page.evaluate((who) => ChatWidget.identify(who), who);

/** Runs something on the page as another browser shows it. */
async function elsewhere(browser, address, then) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(address);
    const chat = new Chat(page);
    await expect(chat.launcher).toBeVisible();
    await then(page, chat);
  } finally {
    await context.close();
  }
}

test('a user finds the conversation on another device, and nobody does without proof', async ({ natter, upstream, site, page, chat, browser, shot }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const shop = await site({ '/': withKey(url, key) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await identify(page, { ...proof(secret, 'ada'), name: 'Ada', email: 'ada@example.com' });
  await chat.open();
  await answered(chat, upstream, 'Where is my order?', 'On its way.');

  await elsewhere(browser, shop.url, async (page, chat) => {
    await identify(page, proof(secret, 'ada'));
    await chat.open();
    await expect(chat.questions).toContainText(['Where is my order?']);
    await expect(chat.answerText).toHaveText('On its way.');
  });
  await elsewhere(browser, shop.url, async (page, chat) => {
    await chat.open();
    await expect(chat.questions).toHaveCount(0);
  });
  await elsewhere(browser, shop.url, async (page, chat) => {
    await identify(page, proof(secret, 'bob'));
    await chat.open();
    await expect(chat.questions).toHaveCount(0);
  });
  // Nor in the same browser, once the page no longer says who it is.
  await page.reload();
  await expect(chat.input).toBeEnabled();
  await expect(chat.questions).toHaveCount(0);
  await shot('identity-gone');
});

test('the page’s option names the visitor from the first session on', async ({ natter, upstream, site, page, chat, browser }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey({ identity_mode: 'required' });
  const identity = proof(secret, 'ada');
  const shop = await site({ '/': withKey(url, key, { identity }) });
  const asked = sessions(page);
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Me?', 'You.');
  expect(asked).toHaveLength(1);
  expect(asked[0].identity).toEqual(identity);
  await elsewhere(browser, shop.url, async (page, chat) => {
    await chat.open();
    await expect(chat.answerText).toHaveText('You.');
  });
});

test('identify alone starts, asks and stores nothing', async ({ natter, upstream, site, page, chat, seen }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const shop = await site({ '/': withKey(url, key) });
  // Who saves data gets nothing ahead of time: what is downloaded then, is downloaded for a reason.
  await page.addInitScript(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }));
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await identify(page, proof(secret, 'zoë'));
  await page.evaluate(() => new Promise((done) => requestIdleCallback(() => requestIdleCallback(done))));
  await page.waitForLoadState('networkidle');
  expect(seen.requests.filter((u) => /\.wasm|widget-\w+\.js|session/.test(u))).toEqual([]);
  const stored = () => page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
  expect(await stored()).toBe('{}');
  const asked = sessions(page);
  await chat.open();
  await answered(chat, upstream, 'Me?', 'You.');
  expect(asked[0].identity).toEqual(proof(secret, 'zoë'));
  // A name that no random id in hexadecimal digits can hold.
  for (const text of ['zoë', proof(secret, 'zoë').userHash]) {
    expect(await stored(), 'the identity is never stored').not.toContain(text);
  }
});

test('what an anonymous visitor has said goes along when the page names them', async ({ natter, upstream, site, page, chat, browser }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const shop = await site({ '/': withKey(url, key) });
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'First?', 'First.');
  await chat.ask('Second?');
  const call = await upstream.call();
  call.send('Sec');
  await expect(chat.answerText).toHaveText('Sec');
  // In the middle of an answer, which goes on.
  await identify(page, proof(secret, 'ada'));
  call.send('ond.');
  await expect(chat.answerText).toHaveText('Second.');
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.questions).toHaveCount(2);
  expect(await admin.conversations()).toHaveLength(1);
  await elsewhere(browser, shop.url, async (page, chat) => {
    await identify(page, proof(secret, 'ada'));
    await chat.open();
    await expect(chat.questions).toHaveCount(2);
  });
});

test('another user on the same page sees their own thread only', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const shop = await site({ '/': withKey(url, key) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await identify(page, proof(secret, 'ada'));
  await chat.open();
  await answered(chat, upstream, 'Ada here', 'Hello, Ada.');
  await chat.input.fill('a draft of Ada’s');
  await identify(page, proof(secret, 'bob'));
  await expect(chat.questions).toHaveCount(0);
  await expect(chat.input).toHaveValue('');
  await answered(chat, upstream, 'Bob here', 'Hello, Bob.');
  await expect(chat.questions).toHaveCount(1);
  await identify(page, proof(secret, 'ada'));
  await expect(chat.answerText).toHaveText('Hello, Ada.');
  await expect(chat.log).not.toContainText('Bob');
});

test('a name that comes while the session begins is the one that counts', async ({ natter, upstream, site, page, chat, browser }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const shop = await site({ '/': withKey(url, key) });
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
  // The visitor is quicker than the page's backend.
  await chat.input.fill('Who am I?');
  await chat.input.press('Enter');
  await identify(page, proof(secret, 'ada'));
  const call = await upstream.call();
  const late = page.waitForResponse((r) => r.url().endsWith('/v1/widget/session'));
  release();
  await (await late).finished();
  call.send('Ada.');
  call.finish();
  await expect(chat.answerText).toHaveText('Ada.');
  await answered(chat, upstream, 'And now?', 'Still Ada.');
  expect(asked).toHaveLength(2);
  expect(await admin.conversations()).toHaveLength(1);
  await elsewhere(browser, shop.url, async (page, chat) => {
    await identify(page, proof(secret, 'ada'));
    await chat.open();
    await expect(chat.answerText).toHaveText('Still Ada.');
  });
});

test('a fresh proof of the same user disturbs nothing', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const soon = Math.floor(Date.now() / 1000) + 600;
  const fresh = (exp) => jwt(secret, { sub: 'ada', name: 'Adä > ?', exp });
  const shop = await site({ '/': withKey(url, key, { identity: fresh(soon) }) });
  const asked = sessions(page);
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('Long story?');
  const call = await upstream.call();
  call.send('Once upon');
  await expect(chat.answerText).toHaveText('Once upon');
  await chat.input.fill('a draft');
  const row = await chat.answer.elementHandle();
  // The page says the same again, as pages do, and then with another proof.
  await identify(page, fresh(soon));
  const renewed = page.waitForResponse((r) => r.url().endsWith('/v1/widget/session'));
  await identify(page, fresh(soon + 1));
  await renewed;
  expect(asked.map((body) => body.identity)).toEqual([fresh(soon), fresh(soon + 1)]);
  call.send(' a time.');
  call.finish();
  await expect(chat.answerText).toHaveText('Once upon a time.');
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.input).toHaveValue('a draft');
  expect(await row.evaluate((node) => node.isConnected), 'not even drawn again').toBe(true);
});

test('a wrong hash is told to the developer and the visitor, until a right one comes', async ({ natter, upstream, site, page, chat, seen, shot }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const shop = await site({ '/': withKey(url, key) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => {
    window.failures = [];
    ChatWidget.on('error', (detail) => window.failures.push(detail.code));
  });
  await identify(page, { userId: 'ada', userHash: proof(secret, 'bob').userHash });
  await chat.launcher.click();
  await expect(chat.panel).toContainText(/sign in/i);
  await expect(chat.input).toBeDisabled();
  await shot('identity-invalid');
  const said = () => seen.errors.filter((text) => text.includes('identity_invalid'));
  await expect.poll(said).toHaveLength(1);
  expect(said()[0]).toMatch(/ChatWidget\.identify/);
  expect(await page.evaluate(() => window.failures)).toEqual(['identity_invalid']);
  await identify(page, proof(secret, 'ada'));
  await expect(chat.input).toBeEnabled();
  await expect(chat.panel).not.toContainText(/sign in/i);
  await answered(chat, upstream, 'Now?', 'Now.');
});

test('a chat for users only asks to sign in, and keeps what was typed', async ({ natter, upstream, site, page, chat, seen }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey({ identity_mode: 'required' });
  const shop = await site({ '/': withKey(url, key) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => ChatWidget.send('Where is my order?'));
  await expect(chat.panel).toContainText(/sign in/i);
  expect(seen.errors.filter((text) => text.includes('identity_required'))).toHaveLength(1);
  await expect(chat.questions).toHaveCount(0);
  await identify(page, proof(secret, 'ada'));
  await expect(chat.input).toBeEnabled();
  await expect(chat.input).toHaveValue('Where is my order?');
  await chat.input.press('Enter');
  const call = await upstream.call();
  call.send('On its way.');
  call.finish();
  await expect(chat.answerText).toHaveText('On its way.');
  expect((await admin.messages()).filter((m) => m.role === 'user')).toHaveLength(1);
});

test('a renewed session proves again who it is for', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey({ identity_mode: 'required' });
  const identity = proof(secret, 'ada');
  const shop = await site({ '/': withKey(url, key, { identity }) });
  const asked = sessions(page);
  await page.clock.install();
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Before?', 'Before.');
  const renewed = page.waitForResponse((r) => r.url().endsWith('/v1/widget/session'));
  await page.clock.fastForward('14:55');
  expect((await (await renewed).json()).verified).toBe(true);
  expect(asked.map((body) => body.identity)).toEqual([identity, identity]);
  await answered(chat, upstream, 'After?', 'After.');
  await expect(chat.questions).toHaveCount(2);
});

/** Answers the next request for a session as a server that does not believe the proof. */
const disbelieve = (page, origin) =>
  page.route('**/v1/widget/session', (route) => route.fulfill({
    status: 401,
    headers: { 'Access-Control-Allow-Origin': origin, 'Content-Type': 'application/json' },
    body: JSON.stringify({ error: 'The visitor\'s identity could not be verified', code: 'identity_invalid', requestId: 'r' }),
  }), { times: 1 });

test('a proof that has ended is replaced by the page, and the visitor types on', async ({ natter, upstream, site, page, chat, seen }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey({ identity_mode: 'required' });
  const soon = Math.floor(Date.now() / 1000) + 3600;
  const fresh = (exp) => jwt(secret, { user_id: 'ada', exp });
  const shop = await site({ '/': withKey(url, key, { identity: fresh(soon) }) });
  const asked = sessions(page);
  await page.clock.install();
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Before?', 'Before.');
  await page.evaluate((who) => ChatWidget.on('error', () => ChatWidget.identify(who)), fresh(soon + 1));
  await chat.input.pressSequentially('half a ');
  const row = await chat.answer.elementHandle();
  await disbelieve(page, shop.url);
  await page.clock.fastForward('14:55');
  await expect.poll(() => asked.length).toBe(3);
  await page.clock.fastForward('00:30');
  await page.keyboard.type('sentence');
  await expect(chat.input).toHaveValue('half a sentence');
  await expect(chat.panel).not.toContainText(/sign in/i);
  expect(seen.errors.filter((text) => text.includes('identity_invalid'))).toHaveLength(1);
  expect(await row.evaluate((node) => node.isConnected)).toBe(true);
  await chat.input.press('Enter');
  const call = await upstream.call();
  call.send('After.');
  call.finish();
  await expect(chat.answerText).toHaveText('After.');
  expect(asked.at(-1).identity).toEqual(fresh(soon + 1));
});

test('a proof that has ended and is not replaced asks to sign in', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey({ identity_mode: 'required' });
  const shop = await site({ '/': withKey(url, key, { identity: proof(secret, 'ada') }) });
  const asked = sessions(page);
  await page.clock.install();
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Before?', 'Before.');
  await disbelieve(page, shop.url);
  await page.clock.fastForward('14:55');
  await expect.poll(() => asked.length).toBe(2);
  await page.clock.runFor('00:30');
  await expect(chat.panel).toContainText(/sign in/i);
  await expect(chat.input).toBeDisabled();
});

test('reset on sign-out forgets the user, also the one of the page’s option', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const shop = await site({ '/': withKey(url, key, { identity: proof(secret, 'ada') }) });
  const asked = sessions(page);
  await page.goto(shop.url);
  await chat.open();
  await answered(chat, upstream, 'Ada here', 'Hello, Ada.');
  await page.evaluate(() => ChatWidget.reset());
  await expect(chat.questions).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await answered(chat, upstream, 'Somebody here', 'Hello.');
  expect(asked.at(-1).identity).toBeUndefined();
  expect(asked.at(-1).visitorId).toBeUndefined();
  expect(await admin.conversations()).toHaveLength(2);
  // Signing in again brings the user's own thread, not the stranger's.
  await identify(page, proof(secret, 'ada'));
  await expect(chat.answerText).toHaveText('Hello, Ada.');
  await expect(chat.log).not.toContainText('Somebody');
});

test('reset while the page loads goes before the page’s option', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey();
  const config = { licenseKey: key, identity: proof(secret, 'ada') };
  const shop = await site({
    '/': html(`<script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify(config)}</script>
      <script src="${url}/widget/chat-widget.js"></script><script>ChatWidget.reset()</script>`),
  });
  const asked = sessions(page);
  await page.goto(shop.url);
  await chat.open();
  expect(asked).toHaveLength(1);
  expect(asked[0].identity).toBeUndefined();
});
