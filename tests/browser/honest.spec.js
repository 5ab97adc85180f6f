// What a page, a key or a visitor does at an awkward moment, or in an awkward way.
import { WIDGET_KEY } from './lib/natter.js';
import { page as html, tag } from './lib/site.js';
import { configured, expect, test } from './lib/shop.js';

/** Lets what matches `url` through only when the returned function is called. */
async function hold(page, url) {
  let release;
  const held = new Promise((then) => (release = then));
  await page.route(url, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  return release;
}

test('options that are changed while the server is still silent hold when it answers', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  const release = await hold(page, '**/v1/widget/config');
  await page.goto(shop.url);
  await page.waitForFunction(() => document.readyState === 'complete' && window.ChatWidget);
  await page.evaluate(() => {
    ChatWidget.update({ title: 'Changed', position: 'left', openerSize: 100 });
    ChatWidget.setLocale('de');
  });
  release();
  await expect(chat.launcher).toHaveAccessibleName('Chat öffnen');
  const box = await chat.launcher.boundingBox();
  expect([box.width, box.x < 100]).toEqual([100, true]);
  await chat.open();
  await expect(chat.panel.getByRole('heading', { name: 'Changed' })).toBeVisible();
});

test('a second click while the chat loads is as the first, and one that is hidden meanwhile stays closed', async ({ shop, page, chat }) => {
  const release = await hold(page, '**/*.wasm');
  await shop({});
  await chat.launcher.click();
  await chat.launcher.click();
  release();
  // Nor does a double click close what it opens.
  await expect(chat.panel).toBeVisible();
  expect(await page.evaluate(() => ChatWidget.isOpen)).toBe(true);
  await page.evaluate(() => ChatWidget.destroy());
  await page.reload();
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => (ChatWidget.open(), ChatWidget.hide()));
  await page.waitForFunction(() => document.querySelector('natter-widget').shadowRoot.querySelector('.panel'));
  await expect.poll(() => page.evaluate(() => ChatWidget.isOpen)).toBe(false);
});

test('what the page leaves undefined is as the key has it', async ({ natter, upstream, site, page, chat }) => {
  const server = await natter(upstream.env);
  const { key } = await server.admin.licenseKey({ ui: { title: 'Of the key', position: 'left', openerSize: 50, primaryColor: '#cc0000' } });
  const shop = await site({
    '/': html(`<script>window.CHAT_WIDGET_CONFIG = { licenseKey: '${key}', title: undefined, position: null, openerSize: undefined, primaryColor: undefined }</script>${tag(server.url)}`),
  });
  await page.goto(shop.url);
  await expect(chat.launcher).toHaveCSS('background-color', 'rgb(204, 0, 0)');
  const box = await chat.launcher.boundingBox();
  expect([box.width, box.x < 100]).toEqual([50, true]);
  await chat.open();
  await expect(chat.panel.getByRole('heading', { name: 'Of the key' })).toBeVisible();
});

for (const colour of ['oklch(0.6 0.2 250)', 'color(srgb 1 0 0)', 'transparent', '#0f766e80', 'blurple']) {
  test(`a colour that no text could stand on is left, in button and panel alike: ${colour}`, async ({ shop, page, chat }) => {
    const warned = page.waitForEvent('console', (m) => m.type() === 'warning' && m.text().includes('primaryColor'));
    await shop({ primaryColor: colour });
    await expect(chat.launcher).toHaveCSS('background-color', 'rgb(93, 135, 255)');
    await chat.open();
    await warned;
    expect(await chat.panel.evaluate((panel) => getComputedStyle(panel).getPropertyValue('--primary').replace(/\D+/g, ' ').trim())).toBe('93 135 255');
  });
}

test("the page's own custom properties reach nothing of the chat", async ({ shop, page, chat }) => {
  await shop({}, '<style>*{--s:5px!important;--m:400px!important;--x:90px!important;--p:lime!important}</style>');
  await expect(chat.launcher).toHaveCSS('background-color', 'rgb(93, 135, 255)');
  const box = await chat.launcher.boundingBox();
  expect(box.width).toBe(70);
  expect(page.viewportSize().height - box.y - box.height).toBe(10);
});

test('a listener of the page that fails keeps nothing from the others', async ({ shop, page, chat, seen }) => {
  await shop({});
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => {
    window.heard = [];
    ChatWidget.on('widget:open', () => {
      throw new Error('mine');
    });
    ChatWidget.on('widget:open', () => heard.push('second'));
    addEventListener('natter:widget:open', () => heard.push('window'));
  });
  await chat.open();
  expect(await page.evaluate(() => heard)).toEqual(['second', 'window']);
  // And the page hears of its failure.
  expect(seen.exceptions.splice(0)).toEqual(['Error: mine']);
});

test('where the key is refused the page can go on calling the chat', async ({ shop, page }) => {
  const said = page.waitForEvent('console', (m) => m.type() === 'error' && m.text().startsWith('Natter:'));
  await shop({ licenseKey: 'AAAA-AAAA-AAAA-AAAA' });
  expect((await said).text()).toBe('Natter: Unauthorized. Check licenseKey or chatbotId.');
  await expect(page.locator('natter-widget')).toHaveCount(0);
  expect(await page.evaluate(() => (ChatWidget.open(), ChatWidget.on('ready', () => {}), ChatWidget('close'), typeof ChatWidget))).toBe('function');
});

test('a website that the server leaves out draws nothing and says so once', async ({ natter, upstream, site, page }) => {
  const { url } = await natter({ ...upstream.env, CORS_ORIGIN: 'https://shop.example' });
  const shop = await site({ '/': html(tag(url)) });
  const said = [];
  page.on('console', (m) => m.text().startsWith('Natter:') && said.push(m.text()));
  await page.goto(shop.url);
  await expect.poll(() => said).toEqual(['Natter: This website may not use this server. Add it to CORS_ORIGIN.']);
  await expect(page.locator('natter-widget')).toHaveCount(0);
});

test('a conversation that is full says so at once, so that nothing is typed in vain', async ({ natter, upstream, site, page, chat }) => {
  const server = await natter(upstream.env);
  const { key } = await server.admin.licenseKey({ ui: { maxMessagesPerConversation: 2, maxMessagesError: 'That was all.' } });
  const shop = await site({ '/': configured(server.url, { licenseKey: key }) });
  await page.goto(shop.url);
  await chat.open();
  await page.evaluate(() => ChatWidget.on('limit:reached', (detail) => (window.limit = detail)));
  await chat.exchange(upstream, 'One?', '1.');
  await expect(chat.input).toBeEnabled();
  await chat.exchange(upstream, 'Two?', '2.');
  await expect(chat.input).toBeDisabled();
  await expect(chat.panel.locator('.notice')).toContainText('That was all.');
  expect(await page.evaluate(() => limit)).toEqual({ message: 'That was all.', code: 'conversation_message_limit' });
  await page.reload();
  await expect(chat.input).toBeDisabled();
  await chat.panel.locator('.notice button').click();
  await expect(chat.input).toBeEnabled();
  await expect(chat.questions).toHaveCount(0);
});

test('a script that sends stores nothing before the visitor acts, and hears of what cannot be sent', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => {
    window.codes = [];
    ChatWidget.on('error', ({ code }) => codes.push(code));
    ChatWidget.send('One?');
  });
  const call = await upstream.call();
  await page.evaluate(() => (ChatWidget.send('Two?'), ChatWidget.send(' ')));
  await expect.poll(() => page.evaluate(() => codes)).toEqual(['turn_in_progress', 'invalid_request']);
  call.send('Yes.');
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  await chat.ask('Three?');
  expect(await page.evaluate(() => localStorage.length)).toBe(1);
});

test('long numbers of a list are seen whole', async ({ shop, chat, upstream }) => {
  await shop({});
  await chat.open();
  await chat.exchange(upstream, 'When?', '2024. was a good year\n2025. too\n');
  const room = await chat.answer.locator('ol').evaluate((list) => {
    const pen = document.createElement('canvas').getContext('2d');
    pen.font = getComputedStyle(list).font;
    return parseFloat(getComputedStyle(list).paddingInlineStart) - pen.measureText('2025. ').width;
  });
  expect(room).toBeGreaterThanOrEqual(0);
});

test.describe('a phone on its side', () => {
  test.use({ viewport: { width: 844, height: 390 }, hasTouch: true, isMobile: true });
  test('the chat fills the screen, and its composer stays above the keyboard', async ({ shop, page, chat, shot }) => {
    await shop({});
    await chat.open();
    await shot('landscape');
    expect(await chat.panel.evaluate((node) => [node.offsetWidth, node.offsetHeight])).toEqual([844, 390]);
    await page.evaluate(() => {
      Object.defineProperty(visualViewport, 'height', { value: 180 });
      visualViewport.dispatchEvent(new Event('resize'));
    });
    await expect.poll(() => chat.input.evaluate((node) => node.getBoundingClientRect().bottom)).toBeLessThanOrEqual(180);
  });
});

test('where the page opens the chat by a button of its own, the focus returns to that', async ({ shop, page, chat }) => {
  await shop({ hideLauncher: true }, '<button onclick="ChatWidget.open()">Chat with us</button>');
  const own = page.getByRole('button', { name: 'Chat with us' });
  await own.click();
  await expect(chat.panel).toBeVisible();
  await chat.input.click();
  await page.keyboard.press('Escape');
  await expect(chat.panel).toBeHidden();
  await expect(own).toBeFocused();
});

test('another language leaves the visitor writing, and is no opening', async ({ shop, page, chat }) => {
  await shop({ licenseKey: WIDGET_KEY });
  await chat.open();
  await page.evaluate(() => {
    window.opened = 0;
    ChatWidget.on('widget:open', () => opened++);
  });
  await chat.input.pressSequentially('Half a ques');
  await page.evaluate(() => ChatWidget.setLocale('de'));
  await expect(chat.panel.getByRole('button', { name: 'Schließen' }).or(chat.panel.getByRole('button', { name: /schließen/i })).first()).toBeVisible();
  await expect(chat.input).toBeFocused();
  await expect(chat.input).toHaveValue('Half a ques');
  expect(await page.evaluate(() => opened)).toBe(0);
});

test('changed options reach the answers that stand there', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await chat.open();
  await chat.exchange(upstream, 'Hello?', 'Hi.');
  await expect(chat.answer.locator('[data-act="up"]')).toBeVisible();
  await page.evaluate(() => ChatWidget.update({ showFeedback: false, showCopy: false }));
  await expect(chat.answer.locator('[data-act]')).toHaveCount(0);
});

test('a thumb that did not arrive does not stay pressed', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await chat.open();
  await chat.exchange(upstream, 'Hello?', 'Hi.');
  await page.route('**/v1/messages/feedback', (route) => route.abort());
  const up = chat.answer.locator('[data-act="up"]');
  await up.click();
  await expect(up).toHaveAttribute('aria-pressed', 'false');
});

test('the form is asked once, though another tab stood open', async ({ shop, page, context, chat, upstream }) => {
  const { url } = await shop({ preChatForm: { enabled: true, fields: [{ name: 'name', required: true }] } });
  await chat.launcher.click();
  const name = chat.panel.getByRole('textbox', { name: 'Name' });
  await expect(name).toBeVisible();
  const other = await context.newPage();
  await other.goto(url);
  await expect(other.getByRole('textbox', { name: 'Name' })).toBeVisible();
  await name.fill('Ada');
  await name.press('Enter');
  await chat.exchange(upstream, 'Hello?', 'Hi.');
  await expect(other.getByRole('textbox', { name: 'Name' })).toBeHidden();
  await other.getByRole('dialog').getByRole('button', { name: /close/i }).click();
  await page.reload();
  await chat.open();
  await expect(chat.questions).toHaveText(['Hello?']);
  await expect(name).toBeHidden();
});

test('a bad value of the page is named, and what the key says holds', async ({ natter, upstream, site, page, chat, seen }) => {
  const server = await natter(upstream.env);
  const { key } = await server.admin.licenseKey({ ui: { theme: 'dark', title: 'Of the key' } });
  const shop = await site({ '/': configured(server.url, { licenseKey: key, theme: 'blue', title: 5, position: 'middle', engagementRules: { urlPatterns: '/shoes/*' } }) });
  await page.goto(shop.url);
  await chat.open();
  await expect(chat.panel.getByRole('heading', { name: 'Of the key' })).toBeVisible();
  await expect(page.locator('natter-widget .nt')).toHaveClass(/dark/);
  await page.evaluate(() => ChatWidget.update({ welcomeMessage: 'Hi' }));
  await expect(chat.panel.locator('.welcome')).toHaveText('Hi');
  const named = seen.warnings.filter((text) => text.startsWith('Natter:'));
  expect(named).toHaveLength(1);
  for (const name of ['theme', 'title', 'position', 'engagementRules']) expect(named[0]).toContain(name);
});

test('a conversation that goes on does not begin', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await chat.open();
  await chat.exchange(upstream, 'One?', '1.');
  await chat.closeButton.click();
  const release = await hold(page, '**/v1/widget/session');
  await page.reload();
  await expect(chat.launcher).toBeVisible();
  await page.evaluate(() => {
    window.heard = [];
    for (const name of ['conversation:start', 'message:sent']) ChatWidget.on(name, () => heard.push(name));
    ChatWidget.send('Two?');
  });
  await expect.poll(() => page.evaluate(() => heard)).toEqual(['message:sent']);
  release();
  const call = await upstream.call();
  call.send('2.');
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.questions).toHaveText(['One?', 'Two?']);
  expect(await page.evaluate(() => heard)).toEqual(['message:sent']);
});
