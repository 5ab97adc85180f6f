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

test('the keyboard walkthrough of the guide, step by step', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const config = `<script>window.CHAT_WIDGET_CONFIG = {engagementPrompts: ['Any questions?'], title: 'Ask Ada'}</script>`;
  const shop = await site({ '/': html(`<a href="#x">Last link of the page</a>${config}${tag(url)}`) });
  await page.goto(shop.url);
  const prompt = page.locator('natter-widget .prompt');
  await expect(prompt).toBeVisible();
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const back = async (wanted, most = 12) => {
    for (let n = 0; n < most; n++) {
      await press('Shift+Tab');
      if (await wanted.evaluate((node) => node.getRootNode().activeElement === node)) return;
    }
    throw new Error(`not reached backwards: ${wanted}`);
  };
  // 1. The page's link, the button, the prompt, its cross.
  await press('Tab', 'Tab');
  await expect(chat.launcher).toBeFocused();
  await press('Tab');
  await expect(prompt).toBeFocused();
  await press('Tab');
  await expect(page.getByRole('button', { name: /dismiss/i })).toBeFocused();
  await press('Shift+Tab', 'Shift+Tab');
  await expect(chat.launcher).toBeFocused();
  // 2.
  await press('Enter');
  await expect(chat.panel).toHaveAccessibleName('Ask Ada');
  await expect(chat.input).toBeFocused();
  // 3.
  await page.keyboard.type('Two');
  await press('Shift+Enter');
  await page.keyboard.type('lines');
  await press('Enter');
  await expect(chat.questions).toHaveText('Two\nlines');
  await expect(chat.input).toBeFocused();
  // 4.
  const call = await upstream.call();
  call.send('See [here](https://example.com/a):\n\n```js\n', `${'wide '.repeat(60)}\n`, '```\n\nThat is all.');
  await press('Tab');
  await expect(chat.stopButton).toBeFocused();
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.sendButton, 'the same button, now to send').toBeFocused();
  await press('Shift+Tab');
  await expect(chat.input).toBeFocused();
  // 5. From the newest part backwards.
  const bad = chat.answer.getByRole('button', { name: /bad|poor|down/i });
  await back(bad, 1);
  await back(chat.answer.locator('.acts [data-act="copy"]'));
  const code = chat.answer.locator('pre');
  await back(code);
  // 6. Wide code scrolls by itself.
  await press('ArrowRight');
  await expect.poll(() => code.evaluate((node) => node.scrollLeft)).toBeGreaterThan(0);
  await back(chat.answer.locator('[data-act="code"]'));
  await back(chat.answer.getByRole('link', { name: /here/ }));
  await back(chat.panel.locator('.scroll'));
  // 7.
  await back(chat.closeButton, 1);
  await back(chat.panel.getByRole('button', { name: /download|transcript/i }), 1);
  await back(chat.newButton, 1);
  // 8.
  await bad.focus();
  await press('Enter');
  const field = chat.answer.getByRole('textbox');
  await expect(field).toBeFocused();
  await press('Escape');
  await expect(bad).toBeFocused();
  await expect(chat.panel, 'only the comment was left').toBeVisible();
  // 9.
  await chat.input.focus();
  await page.keyboard.type('Again');
  await press('Enter');
  (await upstream.call()).refuse(400);
  await expect(chat.retryButton).toBeVisible();
  await back(chat.retryButton, 1);
  await press('Enter');
  await expect(chat.input).toBeFocused();
  const again = await upstream.call();
  again.send('Now.');
  again.finish();
  await expect(chat.answerText).toHaveText('Now.');
  await expect(chat.stopButton).toBeHidden();
  // 10.
  await press('Escape');
  await expect(chat.panel).toBeHidden();
  await expect(chat.launcher).toBeFocused();
  await press('Space');
  await expect(chat.input).toBeFocused();
});

test('in full screen Tab goes round in the chat, on a large screen it leaves', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(`${tag(url)}<a href="#x">A link</a>`) });
  await page.setViewportSize({ width: 375, height: 700 });
  await page.goto(shop.url);
  await chat.open();
  for (let n = 0; n < 12; n++) {
    await page.keyboard.press(n < 8 ? 'Tab' : 'Shift+Tab');
    expect(await page.evaluate(() => document.activeElement.localName)).toBe('natter-widget');
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await chat.input.focus();
  const left = async () => (await page.evaluate(() => document.activeElement.localName)) !== 'natter-widget';
  for (let n = 0; n < 8 && !(await left()); n++) await page.keyboard.press('Tab');
  expect(await left()).toBe(true);
});
