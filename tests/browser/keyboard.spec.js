// Without a mouse, with an input method, and by ear.
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

test('everything can be done by keyboard, and Escape leads back to the button', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(chat.launcher).toBeFocused();
  await expect(chat.launcher).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Enter');
  await expect(chat.input).toBeFocused();
  await expect(chat.launcher).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  const call = await upstream.call();
  call.send('Fine.');
  await expect(chat.answerText).toHaveText('Fine.');
  // Stop, without leaving the keyboard.
  for (let presses = 0; presses < 20; presses += 1) {
    if (await chat.stopButton.evaluate((b) => b.getRootNode().activeElement === b)) break;
    await page.keyboard.press('Tab');
  }
  await expect(chat.stopButton).toBeFocused();
  await page.keyboard.press('Enter');
  await call.closed;
  await expect(chat.stopButton).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(chat.panel).toBeHidden();
  await expect(chat.launcher).toBeFocused();
  await expect(chat.launcher).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Space');
  await expect(chat.panel).toBeVisible();
  await expect(chat.input).toBeFocused();
});

test('Enter sends, Shift+Enter breaks the line', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await page.keyboard.type('One');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  await expect(chat.input).toHaveValue('One\ntwo');
  await expect(chat.questions).toHaveCount(0);
  await page.keyboard.press('Enter');
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('One\ntwo');
  await expect(chat.input).toHaveValue('');
  call.send('Ok.');
  call.finish();
  await expect(chat.answerText).toHaveText('Ok.');
});

test('white space alone is not sent', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await page.keyboard.type('   ');
  await page.keyboard.press('Enter');
  await chat.ask('Words');
  await expect(chat.questions).toHaveCount(1);
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('Words');
});

test('Enter that ends a composition does not send', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await page.evaluate(() => {
    const note = (event) => (window.composed = event.isComposing || event.keyCode === 229);
    addEventListener('keydown', note, { capture: true, once: true });
  });
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
  await expect(chat.input).toHaveValue('にほ');
  await protocol.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 });
  const composed = await page.evaluate(() => window.composed);
  expect(composed, 'the browser took it for a part of the composition').toBe(true);
  await protocol.send('Input.insertText', { text: '日本' });
  await expect(chat.input).toHaveValue('日本');
  await expect(chat.questions).toHaveCount(0);
  await page.keyboard.press('Enter');
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('日本');
  await expect(chat.questions).toHaveCount(1);
});

test('a script that opens the chat does not steal the focus', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(`<input id="name" aria-label="Name" autofocus>${tag(url)}`) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await page.locator('#name').focus();
  await page.evaluate(() => window.ChatWidget.open());
  await expect(chat.panel).toBeVisible();
  await expect(chat.input).toBeEnabled();
  await expect(page.locator('#name')).toBeFocused();
});

test('finished sentences, not tokens, are announced', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await expect(chat.log).toHaveAttribute('aria-live', 'off');
  await chat.ask('Say');
  const call = await upstream.call();
  call.send('This is one sentence. And this is');
  await expect(chat.spoken).toContainText('This is one sentence.');
  await expect(chat.spoken).not.toContainText('And this is', { timeout: 1 });
  call.send(' another.');
  call.finish();
  await expect(chat.spoken).toContainText('And this is another.');
});
