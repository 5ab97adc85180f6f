// Two tabs of one site share one conversation, live; only one of them asks the server.
import { expect, test as base } from './lib/shop.js';
import { Chat } from './lib/chat.js';
import { sessions } from './lib/sessions.js';

const test = base.extend({
  /** Two tabs of one shop, each with the chat open; what the second one requests is noted. */
  pair: async ({ page, context, chat, upstream, shop }, use) =>
    use(async (config = {}) => {
      const { url, server } = await shop(config);
      await chat.open();
      const other = await context.newPage();
      const requests = [];
      other.on('request', (request) => requests.push(new URL(request.url()).pathname));
      await other.goto(url);
      const there = new Chat(other);
      await expect(there.panel).toBeVisible();
      await expect(there.input).toBeEnabled();
      // There is a session: the second tab listens.
      await expect.poll(() => requests.filter((path) => path === '/v1/widget/session').length).toBe(1);
      await other.waitForLoadState('networkidle');
      return { other, there, requests, url, server };
    }),
});

const asked = (requests) => requests.filter((path) => path === '/v1/chat/stream').length;
const resumed = (requests) => requests.filter((path) => path === '/v1/chat/resume').length;

/** As the browser says it of a tab that goes to the background, or comes to the front. */
const hide = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: hidden ? 'hidden' : 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

test('a message and its streamed answer appear in the other tab, and are asked for once', async ({ chat, upstream, pair }) => {
  const { there, requests, server } = await pair();
  await chat.ask('Tea?');
  // Before the model has said a word.
  await expect(there.questions).toHaveText(['Tea?']);
  await expect(there.stopButton).toBeVisible();
  const call = await upstream.call();
  call.send('Yes, ');
  await expect(there.answerText).toHaveText('Yes,');
  call.send('please.');
  await expect(there.answerText).toHaveText('Yes, please.');
  call.finish();
  for (const tab of [chat, there]) {
    await expect(tab.stopButton).toBeHidden();
    await expect(tab.questions).toHaveCount(1);
    await expect(tab.answers).toHaveCount(1);
  }
  expect([asked(requests), resumed(requests)]).toEqual([0, 1]);
  expect((await server.admin.messages()).map((m) => m.content)).toEqual(['Tea?', 'Yes, please.']);
  // And back again.
  await there.ask('With milk?');
  await expect(chat.questions).toHaveText(['Tea?', 'With milk?']);
  const second = await upstream.call();
  second.send('No.');
  second.finish();
  await expect(chat.answerText).toHaveText('No.');
  await expect(chat.stopButton).toBeHidden();
  expect((await server.admin.messages()).map((m) => m.content)).toEqual(['Tea?', 'Yes, please.', 'With milk?', 'No.']);
});

test('either tab stops the answer', async ({ chat, upstream, pair }) => {
  const { there } = await pair();
  await chat.ask('Count');
  const call = await upstream.call();
  call.send('one two ');
  await expect(there.answerText).toHaveText('one two');
  await there.stopButton.click();
  await call.closed;
  for (const tab of [chat, there]) {
    await expect(tab.stopButton).toBeHidden();
    await expect(tab.answerText).toHaveText('one two');
    await expect(tab.answer).toContainText('You stopped this answer.');
  }
});

test('a failed message can be tried again in the tab that sent it, and both see it once', async ({ chat, upstream, pair }) => {
  const { there, server: natter } = await pair();
  await chat.ask('Only once');
  const first = await upstream.call();
  first.send('Half');
  await expect(there.answerText).toHaveText('Half');
  first.crash();
  await expect(there.retryButton).toBeVisible();
  await chat.retryButton.click();
  const second = await upstream.call();
  second.send('Whole');
  second.finish();
  for (const tab of [chat, there]) {
    await expect(tab.answerText).toHaveText('Whole');
    await expect(tab.questions).toHaveCount(1);
    await expect(tab.answers).toHaveCount(1);
    await expect(tab.retryButton).toBeHidden();
  }
  expect((await natter.admin.messages()).filter((m) => m.role === 'user')).toHaveLength(1);
});

test('a new conversation begins in both tabs, and a draft stays in its own', async ({ chat, upstream, pair }) => {
  const { there } = await pair();
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes.');
  call.finish();
  await expect(there.answerText).toHaveText('Yes.');
  await there.input.fill('A draft of mine');
  await expect(chat.stopButton).toBeHidden();
  await chat.newButton.click();
  await expect(chat.questions).toHaveCount(0);
  await expect(there.questions).toHaveCount(0);
  await expect(there.input).toHaveValue('A draft of mine');
  await expect(chat.input).toHaveValue('');
  await there.ask('Coffee?');
  await expect(chat.questions).toHaveText(['Coffee?']);
  const second = await upstream.call();
  expect(second.request.messages.filter((m) => m.role === 'user').map((m) => m.content)).toEqual(['Coffee?']);
  second.send('No.');
  second.finish();
  await expect(chat.answerText).toHaveText('No.');
});

test('who signs out in one tab is forgotten in the other', async ({ page, chat, upstream, pair }) => {
  const { there } = await pair();
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes.');
  call.finish();
  await expect(there.answerText).toHaveText('Yes.');
  await page.evaluate(() => ChatWidget.reset());
  await expect(there.questions).toHaveCount(0);
});

test('what is read or muted in one tab is so in the other', async ({ page, chat, upstream, pair }) => {
  const { other, there } = await pair({ engagementSound: true });
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Soon.');
  await expect(there.answerText).toHaveText('Soon.');
  await page.keyboard.press('Escape');
  await other.bringToFront();
  await there.input.press('Escape');
  await expect(there.panel).toBeHidden();
  call.finish();
  for (const tab of [chat, there]) await expect(tab.launcher).toHaveAccessibleName('Open chat, 1 new answer');
  await there.open();
  await expect(chat.launcher).toHaveAccessibleName('Open chat');
  await there.panel.getByRole('button', { name: 'Turn sound off' }).click();
  await chat.open();
  await expect(chat.panel.getByRole('button', { name: 'Turn sound on' })).toBeVisible();
});

test('a thumb that is pressed in one tab is pressed in the other, and is stored once', async ({ chat, upstream, pair }) => {
  const { there, requests } = await pair();
  await chat.exchange(upstream, 'Tea?', 'Yes.');
  const up = (tab) => tab.answer.locator('[data-act="up"]');
  await up(chat).click();
  await expect(up(there)).toHaveAttribute('aria-pressed', 'true');
  await up(there).click();
  await expect(up(chat)).toHaveAttribute('aria-pressed', 'false');
  expect(requests.filter((path) => path.endsWith('/feedback'))).toHaveLength(1);
});

test('a tab in the background keeps no stream open and catches up in front', async ({ chat, upstream, pair }) => {
  const { other, there, requests } = await pair();
  await hide(other, true);
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes, ');
  await expect(chat.answerText).toHaveText('Yes,');
  await expect(there.questions).toHaveText(['Tea?']);
  call.send('please.');
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  expect(resumed(requests)).toBe(0);
  await hide(other, false);
  await expect(there.answerText).toHaveText('Yes, please.');
  await expect(there.stopButton).toBeHidden();
  await expect(there.questions).toHaveCount(1);
  await expect(there.answers).toHaveCount(1);
  expect(asked(requests)).toBe(0);
});

test('a tab that goes to the background in mid-answer leaves the stream and takes it up again', async ({ chat, upstream, pair }) => {
  const { other, there, requests } = await pair();
  await chat.ask('Count');
  const call = await upstream.call();
  call.send('one ');
  await expect(there.answerText).toHaveText('one');
  const ended = other.waitForEvent('requestfailed', (r) => r.url().endsWith('/v1/chat/resume'));
  await hide(other, true);
  await ended;
  call.send('two ');
  await expect(chat.answerText).toHaveText('one two');
  await hide(other, false);
  await expect(there.answerText).toHaveText('one two');
  call.send('three');
  call.finish();
  await expect(there.answerText).toHaveText('one two three');
  await expect(there.stopButton).toBeHidden();
  expect(asked(requests)).toBe(0);
});

test('a page that comes back from the browser’s store has what it missed', async ({ chat, upstream, pair }) => {
  const { other, there } = await pair();
  // Put aside: it hears nothing.
  await other.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes.');
  call.finish();
  await expect(chat.answerText).toHaveText('Yes.');
  await expect(chat.stopButton).toBeHidden();
  await expect(there.questions).toHaveCount(0);
  await other.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await expect(there.questions).toHaveText(['Tea?']);
  await expect(there.answerText).toHaveText('Yes.');
});

test('the tab that stays sends what the tab that went had not sent', async ({ page, chat, upstream, pair }) => {
  const { other, there, requests, server } = await pair();
  await other.clock.install();
  // The message is shown everywhere, but its request never leaves.
  await page.evaluate(() => {
    const { fetch } = window;
    window.fetch = (url, ...rest) => (url.endsWith('/v1/chat/stream') ? new Promise(() => {}) : fetch(url, ...rest));
  });
  await chat.ask('Tea?');
  await expect(there.questions).toHaveText(['Tea?']);
  await page.close();
  await other.clock.runFor(11_000);
  const call = await upstream.call();
  call.send('Yes.');
  call.finish();
  await expect(there.answerText).toHaveText('Yes.');
  await expect(there.questions).toHaveCount(1);
  expect(asked(requests)).toBe(1);
  expect((await server.admin.messages()).map((m) => m.content)).toEqual(['Tea?', 'Yes.']);
});

test('the visitor of the first tab is the visitor of a tab that stood open already', async ({ page, context, chat, upstream, shop }) => {
  const { url, server } = await shop({});
  const other = await context.newPage();
  const bodies = sessions(other);
  await other.goto(url);
  const there = new Chat(other);
  // Its part is started, and it knows of no visitor.
  await there.launcher.hover();
  await expect(there.launcher).toHaveAttribute('aria-haspopup', 'dialog');
  await chat.open();
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes.');
  call.finish();
  await expect(chat.answerText).toHaveText('Yes.');
  await there.open();
  await expect(there.answerText).toHaveText('Yes.');
  expect(bodies[0].visitorId).toBeTruthy();
  expect(await server.admin.conversations()).toHaveLength(1);
});

test('what is said while a tab gets its session is not lost on it', async ({ context, chat, upstream, shop }) => {
  const { url } = await shop({});
  await chat.open();
  const other = await context.newPage();
  let answer;
  const held = new Promise((done) => {
    other.route('**/v1/widget/session', async (route) => {
      // The server has answered, but the answer is on its way still.
      const reply = await route.fetch();
      answer = () => route.fulfill({ response: reply });
      done();
    });
  });
  await other.goto(url);
  await held;
  const there = new Chat(other);
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes.');
  await expect(chat.answerText).toHaveText('Yes.');
  await answer();
  await expect(there.questions).toHaveText(['Tea?']);
  await expect(there.answerText).toHaveText('Yes.');
  call.finish();
  await expect(there.stopButton).toBeHidden();
});

test('the page of the other tab hears of no event twice', async ({ chat, upstream, pair }) => {
  const { other, there } = await pair();
  await other.evaluate(() => {
    window.heard = [];
    for (const name of ['conversation:start', 'message:sent', 'message:received']) ChatWidget.on(name, () => window.heard.push(name));
  });
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes.');
  call.finish();
  await expect(there.answerText).toHaveText('Yes.');
  await expect(there.stopButton).toBeHidden();
  expect(await other.evaluate(() => window.heard)).toEqual([]);
});

test('browsers without channels work, each tab by itself', async ({ page, chat, upstream, shop, seen }) => {
  await page.addInitScript(() => delete window.BroadcastChannel);
  await shop({});
  await chat.open();
  await chat.ask('Tea?');
  const call = await upstream.call();
  call.send('Yes.');
  call.finish();
  await expect(chat.answerText).toHaveText('Yes.');
  expect(seen.errors).toEqual([]);
});
