// The page's own commands and the events that it hears.
import { WIDGET_KEY } from './lib/natter.js';
import { page as html, tag } from './lib/site.js';
import { configured, expect, test } from './lib/shop.js';

const call = (page, name, ...args) => page.evaluate(([name, args]) => ChatWidget[name](...args), [name, args]);
const stored = (page) => page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
const config = { licenseKey: WIDGET_KEY };

test('hide takes the whole chat off the page and show brings it back, also before it has started', async ({ shop, page, chat }) => {
  await shop({ ...config, engagementPrompts: ['Any questions?'] });
  const bubble = page.getByText('Any questions?').first();
  await expect(bubble).toBeVisible();
  await call(page, 'hide');
  await expect(chat.launcher).toBeHidden();
  await expect(bubble).toBeHidden();
  await call(page, 'show');
  await expect(chat.launcher).toBeVisible();
  await expect(bubble).toBeVisible();
  await chat.open();
  await call(page, 'hide');
  await expect(chat.panel).toBeHidden();
  expect(await page.evaluate(() => ChatWidget.isOpen), 'what is hidden is not open').toBe(false);
  await call(page, 'open');
  await expect(chat.panel, 'to open is to show').toBeVisible();
});

test('show shows a button that the options hide', async ({ shop, page, chat }) => {
  await shop({ ...config, hideLauncher: true });
  await expect.poll(() => page.evaluate(() => !!document.querySelector('natter-widget'))).toBe(true);
  await expect(chat.launcher).toBeHidden();
  await call(page, 'show');
  await expect(chat.launcher).toBeVisible();
});

test('with consent required nothing is stored until it is given, and then all that was needed is', async ({ shop, page, chat, upstream }) => {
  await shop({ ...config, consent: 'required', engagementPrompts: ['Hello?'] });
  await page.getByRole('button', { name: /dismiss/i }).click();
  await chat.open();
  await chat.exchange(upstream, 'Do you remember me?', 'Not yet.');
  await expect(chat.answerText).toHaveText('Not yet.');
  expect(await stored(page), 'memory only').toEqual([]);
  await call(page, 'consent', true);
  await expect.poll(async () => (await stored(page)).length).toBe(2);
  await page.reload();
  await expect(chat.launcher).toBeVisible();
  await expect(chat.panel, 'the next page waits for its own consent').toBeHidden();
  await call(page, 'consent', true);
  await expect(chat.panel, 'open as on the page before').toBeVisible();
  await expect(chat.answerText).toHaveText('Not yet.');
});

test('consent that is taken back takes away what was stored, and the chat goes on', async ({ shop, page, chat, upstream }) => {
  await shop(config);
  await chat.open();
  await chat.exchange(upstream, 'Do you remember me?', 'For now.');
  await expect(chat.answerText).toHaveText('For now.');
  expect(await stored(page)).toHaveLength(1);
  await call(page, 'consent', false);
  await expect.poll(() => stored(page)).toEqual([]);
  await chat.exchange(upstream, 'And now?');
  await expect(chat.questions).toHaveCount(2);
  expect(await stored(page)).toEqual([]);
});

test('update changes the looks at once, before the start and after it, without losing anything', async ({ shop, page, chat, upstream, seen }) => {
  await shop({ ...config, openerSize: 60 });
  await expect(chat.launcher).toBeVisible();
  await call(page, 'update', { openerSize: 100, position: 'left', accentColor: '#008800' });
  await expect.poll(async () => Math.round((await chat.launcher.boundingBox()).width)).toBe(100);
  expect((await chat.launcher.boundingBox()).x).toBeLessThan(640);
  await expect(chat.launcher).toHaveCSS('background-color', 'rgb(0, 136, 0)');
  expect(seen.requests.filter((one) => one.endsWith('/session')), 'nothing has started').toEqual([]);
  await chat.open();
  await chat.input.fill('Half a thou');
  await call(page, 'update', { title: 'Ask Bob', theme: 'dark', welcomeMessage: 'Moin!', suggestedQuestions: ['Why?'], licenseKey: 'not-to-be-changed' });
  await expect(chat.panel).toHaveAccessibleName('Ask Bob');
  await expect(chat.panel).toContainText('Moin!');
  await expect(chat.panel.getByRole('button', { name: 'Why?' })).toBeVisible();
  await expect(chat.panel).toHaveCSS('background-color', 'rgb(22, 24, 29)');
  await expect(chat.input).toHaveValue('Half a thou');
  await chat.input.press('Enter');
  (await upstream.call()).finish();
  expect(seen.errors).toEqual([]);
});

test('after a sign-out update leaves alone what the next visitor stores', async ({ shop, page, chat, upstream }) => {
  await shop(config);
  await chat.open();
  await call(page, 'reset');
  await chat.exchange(upstream, 'Who am I?', 'Somebody new.');
  await expect.poll(async () => (await stored(page)).length).toBe(1);
  await call(page, 'update', { theme: 'dark' });
  await expect(page.locator('natter-widget .nt')).toHaveClass(/dark/);
  expect(await stored(page)).toHaveLength(1);
});

test('update does not lead the chat to another server', async ({ shop, page, chat, upstream, seen }) => {
  await shop(config);
  await chat.open();
  await call(page, 'update', { theme: 'dark', apiUrl: 'http://127.0.0.1:9' });
  await expect(page.locator('natter-widget .nt')).toHaveClass(/dark/);
  await chat.exchange(upstream, 'Still there?', 'Still here.');
  expect(seen.requests.filter((one) => one.startsWith('http://127.0.0.1:9/'))).toEqual([]);
});

test('setLocale changes every text and keeps draft, conversation and a running answer', async ({ shop, page, chat, upstream, seen }) => {
  await shop(config);
  await chat.open();
  await chat.ask('Parlez-vous français?');
  const running = await upstream.call();
  running.send('Oui');
  await expect(chat.answerText).toHaveText('Oui');
  await chat.input.fill('Encore');
  await call(page, 'setLocale', 'fr');
  await expect(chat.panel.getByRole('button', { name: 'Fermer' }).first()).toBeVisible();
  await expect(chat.panel).toBeVisible();
  await expect(chat.input).toHaveValue('Encore');
  await expect(chat.questions).toHaveText('Parlez-vous français?');
  running.send(', un peu.');
  running.finish();
  await expect(chat.answerText).toHaveText('Oui, un peu.');
  await call(page, 'setLocale', 'ar');
  await expect(page.locator('natter-widget .nt')).toHaveAttribute('dir', 'rtl');
  await expect(chat.answerText).toHaveText('Oui, un peu.');
  await call(page, 'close');
  await expect(chat.launcher).not.toHaveAccessibleName(/open|fermer|ouvrir/i);
  await expect(page.locator('natter-widget .panel')).toHaveCount(1);
  await expect(page.locator('natter-widget .b svg')).toHaveCount(2);
  expect(seen.errors).toEqual([]);
});

test('every event reaches on and the window, with the detail that the guide names', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const names = ['ready', 'widget:open', 'widget:close', 'conversation:start', 'message:sent', 'message:received', 'feedback'];
  const shop = await site({ '/': html(tag(url)) });
  await page.addInitScript((names) => {
    window.heard = [];
    window.seen = [];
    for (const name of names) addEventListener(`natter:${name}`, (event) => seen.push([name, event.detail]));
    document.addEventListener('DOMContentLoaded', () => {
      const listen = () => names.forEach((name) => ChatWidget.on(name, (detail) => heard.push([name, detail])));
      window.ChatWidget ? listen() : document.querySelector('script[src]').addEventListener('load', listen);
    });
  }, names);
  await page.goto(shop.url);
  await chat.open();
  await chat.exchange(upstream, 'Hello?', 'Hi.');
  await chat.panel.getByRole('button', { name: /good/i }).click();
  await chat.closeButton.click();
  const id = expect.any(String);
  const all = [
    ['ready', undefined],
    ['widget:open', {}],
    ['conversation:start', {}],
    ['message:sent', { text: 'Hello?' }],
    ['message:received', { messageId: id, text: 'Hi.' }],
    ['feedback', { messageId: id, rating: 'up' }],
    ['widget:close', {}],
  ];
  const got = (where) => page.evaluate((where) => window[where].map(([name, detail]) => (detail == null ? [name] : [name, detail])), where);
  const plain = all.map(([name, detail]) => (detail ? [name, detail] : [name]));
  await expect.poll(() => got('heard')).toEqual(plain);
  expect(await got('seen')).toEqual(plain);
});

test('what fails tells the page what the visitor reads, and its code', async ({ natter, upstream, site, page, chat }) => {
  const server = await natter(upstream.env);
  const { key } = await server.admin.licenseKey({ ui: { maxMessagesPerConversation: 2 } });
  const shop = await site({ '/': configured(server.url, { licenseKey: key }) });
  await page.goto(shop.url);
  await chat.open();
  await page.evaluate(() => {
    window.heard = [];
    for (const name of ['error', 'limit:reached']) ChatWidget.on(name, (detail) => heard.push([name, detail]));
  });
  await chat.ask('One?');
  (await upstream.call()).refuse(400);
  await expect(chat.retryButton).toBeVisible();
  await chat.exchange(upstream, 'Two?', 'Yes.');
  await chat.ask('Three?');
  await expect(chat.input).toBeDisabled();
  const message = expect.stringMatching(/\w+/);
  expect(await page.evaluate(() => heard)).toEqual([
    ['error', { message, code: 'upstream_failed' }],
    ['limit:reached', { message, code: 'conversation_message_limit' }],
  ]);
});

test('off takes a listener back, and every command can be called by its name', async ({ shop, page, chat }) => {
  await shop(config);
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => {
    window.count = 0;
    const listener = () => count++;
    ChatWidget('on', 'widget:open', listener);
    ChatWidget('open');
    window.stop = () => ChatWidget('off', 'widget:open', listener);
  });
  await expect(chat.panel).toBeVisible();
  await expect.poll(() => page.evaluate(() => count)).toBe(1);
  await page.evaluate(() => (stop(), ChatWidget('close'), ChatWidget('toggle')));
  await expect(chat.panel).toBeVisible();
  await page.evaluate(() => new Promise((done) => setTimeout(done)));
  expect(await page.evaluate(() => count)).toBe(1);
  await page.evaluate(() => ChatWidget('destroy'));
  await expect(page.locator('natter-widget')).toHaveCount(0);
});
