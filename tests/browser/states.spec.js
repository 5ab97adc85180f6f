// The chat's states for everybody: axe, fit and size of what is pressed, in light and dark, on large
// screens and phones; then zoom, forced colours, less motion and brand colours. The bubble's are in
// prompts.spec.js, where its places are.
import { flaws } from './lib/axe.js';
import { WIDGET_KEY } from './lib/natter.js';
import { configured, expect, test } from './lib/shop.js';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const config = {
  licenseKey: WIDGET_KEY,
  welcomeMessage: 'Hello! Ask about tea.',
  suggestedQuestions: ['How long does green tea draw?', 'Which pot is the best for two?'],
  privacyPolicyUrl: 'https://example.com/privacy',
  termsOfServiceUrl: 'https://example.com/terms',
  engagementSound: true,
};

const rich = [
  '# Tea\n\nGreen **tea** is _light_; see [the guide](https://example.com).\n\n',
  '- two minutes\n- `80 °C`\n\n```sh\nbrew --green --gentle --with-a-rather-long-line-of-code\n```\n\n',
  '| tea | minutes | water |\n| --- | --- | --- |\n| green | 2 | soft, from a spring with a rather long name |\n\n- [x] pot\n- [ ] cup\n\n> Patience.',
];
const sources = [
  { title: 'Green tea › How long it draws, and what happens when somebody forgets it', url: 'https://example.com/green', snippet: 'Two minutes.' },
  { title: 'A leaflet', snippet: '' },
];
const fields = [{ name: 'name', required: true }, { name: 'email', type: 'email', required: true }, { name: 'topic', label: 'What is it about?', type: 'choice', options: ['Tea', 'Cups'] }];

/** Nothing sticks out sideways, and everything that is pressed is 24 pixels or more each way. */
async function fits(page, chat, what) {
  expect(await flaws(page), what).toEqual([]);
  const found = await chat.panel.evaluate((panel) => {
    const inside = (node) => node.closest('pre, .table, p, td') !== null && node.localName === 'a';
    const small = [...panel.querySelectorAll('button, a[href], textarea, input, select')]
      .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !inside(node))
      // Their own size: the panel may still be growing to its.
      .filter((node) => Math.min(node.offsetWidth, node.offsetHeight) < 24)
      .map((node) => node.getAttribute('aria-label') ?? node.textContent);
    const middle = panel.querySelector('.scroll');
    return { small, wide: middle.scrollWidth > middle.clientWidth || panel.scrollWidth > panel.clientWidth || document.documentElement.scrollWidth > innerWidth };
  });
  expect(found, what).toEqual({ small: [], wide: false });
}

for (const [name, use, theme] of [['large-light', {}, 'light'], ['large-dark', {}, 'dark'], ['phone-light', phone, 'light'], ['phone-dark', phone, 'dark']]) {
  test.describe(name, () => {
    test.use(use);
    test(`every state is accessible and fits: ${name}`, async ({ shop, page, context, chat, upstream, shot }) => {
      await shop({ ...config, theme });
      const check = async (what) => {
        await fits(page, chat, what);
        await shot(`state-${name}-${what}`);
      };
      await chat.open();
      await expect(chat.panel.getByRole('button', { name: /green tea/ })).toBeVisible();
      await check('suggestions');
      await chat.ask('How long?');
      const call = await upstream.call();
      await expect(chat.answer.locator('.waiting')).toBeVisible();
      await check('waiting');
      call.send('Two minutes, no more.');
      call.finish();
      await expect(chat.stopButton).toBeHidden();
      await chat.answer.locator('[data-act="down"]').click();
      await expect(chat.answer.getByRole('textbox')).toBeFocused();
      await check('comment');
      await context.setOffline(true);
      await expect(chat.panel.locator('.notice')).toBeVisible();
      await check('offline');
      await context.setOffline(false);
      await expect(chat.panel.locator('.notice')).toBeHidden();
      await chat.panel.locator('[data-act="mute"]').click();
      await check('muted');
      await chat.input.fill('x'.repeat(3900));
      await expect(chat.panel.locator('.left')).not.toBeEmpty();
      await check('long-draft');
    });

    test(`an answer is accessible and fits while it comes, whole and failed: ${name}`, async ({ shop, page, chat, upstream, shot }) => {
      const check = async (what) => {
        await fits(page, chat, what);
        await shot(`state-${name}-${what}`);
      };
      // Sources with a long title and without a page, whatever the guide has.
      await page.route('**/v1/widget/session', async (route) => {
        const response = await route.fetch();
        const json = await response.json();
        if (json.conversation) json.conversation.messages.at(-1).sources = sources;
        await route.fulfill({ response, json });
      });
      await shop({ ...config, theme });
      await chat.open();
      await chat.ask('Tell me about tea, please.');
      const call = await upstream.call();
      call.send(...rich);
      await expect(chat.answer.locator('blockquote')).toBeVisible();
      await check('answering');
      call.finish();
      await expect(chat.stopButton).toBeHidden();
      await page.reload();
      await expect(chat.answer.locator('.chip')).toHaveCount(2);
      // What leads nowhere does not look like a link.
      await expect(chat.answer.locator('span.chip')).toHaveCSS('border-top-color', 'rgba(0, 0, 0, 0)');
      await check('answer');
      await chat.ask('And this?');
      (await upstream.call()).refuse(400);
      await expect(chat.retryButton).toBeVisible();
      await check('failed');
    });

    test(`the form before a chat is accessible and fits: ${name}`, async ({ shop, page, chat, shot }) => {
      await shop({ ...config, theme, preChatForm: { enabled: true, fields } });
      await chat.launcher.click();
      await expect(chat.panel.getByRole('textbox', { name: 'Name' })).toBeFocused();
      await fits(page, chat, 'asked');
      await shot(`state-${name}-form`);
      await chat.panel.getByRole('textbox', { name: 'E-mail' }).fill('ada@example');
      await chat.panel.getByRole('button', { name: 'Start chat' }).click();
      await expect(chat.panel.locator('.wrong').first()).not.toBeEmpty();
      await fits(page, chat, 'wrong');
      await shot(`state-${name}-form-wrong`);
    });

    test(`the closed button with its badge is accessible: ${name}`, async ({ shop, page, chat, upstream, shot }) => {
      await shop({ ...config, theme });
      await chat.open();
      await chat.ask('One');
      const call = await upstream.call();
      call.send('Soon.');
      await expect(chat.answerText).toHaveText('Soon.');
      await page.keyboard.press('Escape');
      await expect(chat.panel).toBeHidden();
      call.finish();
      await expect(chat.launcher).toHaveAccessibleName('Open chat, 1 new answer');
      expect(await flaws(page)).toEqual([]);
      await shot(`state-${name}-badge`);
    });

    test(`a server that is not there is said accessibly: ${name}`, async ({ natter, cable, upstream, site, page, chat, shot }) => {
      const server = await natter(upstream.env);
      const line = await cable(server.port);
      const shop = await site({ '/': configured(server.url, { ...config, theme, apiUrl: line.url }) });
      await page.goto(shop.url);
      await chat.launcher.hover();
      await expect(chat.launcher).toHaveAttribute('aria-haspopup', 'dialog');
      line.cut();
      await chat.launcher.click();
      await expect(chat.panel.locator('.notice')).toContainText('cannot be reached');
      await fits(page, chat, 'unreachable');
      await shot(`state-${name}-unreachable`);
    });

    for (const [limit, settings] of [['month', { monthly_usage_limit: 1 }], ['conversation', { ui: { maxMessagesPerConversation: 1 } }]]) {
      test(`a limit that is reached is accessible and fits: ${limit}, ${name}`, async ({ natter, upstream, site, page, chat, shot }) => {
        const server = await natter(upstream.env);
        const { key } = await server.admin.licenseKey(settings);
        const shop = await site({ '/': configured(server.url, { licenseKey: key, theme }) });
        await page.goto(shop.url);
        await chat.open();
        await chat.exchange(upstream, 'First?', 'Yes.');
        // A full conversation says so at once; that the month is over only the server knows.
        if (limit === 'month') await chat.ask('Second?');
        await expect(chat.input).toBeDisabled();
        await expect(chat.panel.locator('.notice')).toBeVisible();
        await expect(chat.panel.locator('.notice button')).toBeVisible({ visible: limit === 'conversation' });
        await fits(page, chat, limit);
        await shot(`state-${name}-${limit}`);
      });
    }
  });
}

/** Open, ask, read, close: by what is seen, without scrolling the page. */
async function usable(page, chat, upstream) {
  await chat.open();
  await chat.exchange(upstream, 'Does it fit?', 'It does: `code`, and\n\n| a | b |\n|---|---|\n| 1 | 2 |');
  const view = page.viewportSize();
  for (const part of [chat.input, chat.sendButton, chat.closeButton.first()]) {
    const { x, y, width, height } = await part.boundingBox();
    expect(x >= 0 && y >= 0 && x + width <= view.width && y + height <= view.height, `${part} is in view`).toBe(true);
  }
  await fits(page, chat, 'usable');
}

for (const [name, viewport] of [['200-percent', { width: 640, height: 400 }], ['320-pixels', { width: 320, height: 568 }], ['400-percent', { width: 320, height: 256 }]]) {
  test.describe(name, () => {
    test.use({ viewport, deviceScaleFactor: 2 });
    test(`it works at ${name}`, async ({ shop, page, chat, upstream, shot }) => {
      await shop(config);
      await usable(page, chat, upstream);
      await shot(`zoom-${name}`);
      await chat.closeButton.first().click();
      await expect(chat.panel).toBeHidden();
    });
  });
}

/** Whether a ring is drawn around it that forced colours leave there: shadows are not. */
const ringed = (part) =>
  part.evaluate((node) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(node);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  });

test('with forced colours everything keeps its edges and its focus ring', async ({ shop, page, chat, upstream, shot }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await shop(config);
  await usable(page, chat, upstream);
  for (const part of [chat.panel, chat.panel.locator('.composer'), chat.sendButton, chat.questions.first()]) {
    expect(await part.evaluate((node) => getComputedStyle(node).borderTopStyle)).toBe('solid');
  }
  await page.keyboard.press('Shift+Tab');
  expect(await ringed(chat.panel.locator(':focus'))).toBe(true);
  await shot('forced-colours');
  await chat.input.focus();
  expect(await ringed(chat.panel.locator('.composer')), 'the input').toBe(true);
  await chat.answer.locator('[data-act="down"]').click();
  await expect(chat.answer.getByRole('textbox')).toBeFocused();
  expect(await ringed(chat.answer.getByRole('textbox')), 'the comment').toBe(true);
});

test('with forced colours a field of the form shows that it has the focus', async ({ shop, page, chat, shot }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await shop({ ...config, preChatForm: { enabled: true, fields } });
  await chat.launcher.click();
  const name = chat.panel.getByRole('textbox', { name: 'Name' });
  await expect(name).toBeFocused();
  expect(await ringed(name)).toBe(true);
  expect(await ringed(chat.panel.getByRole('textbox', { name: 'E-mail' }))).toBe(false);
  const start = await chat.panel.getByRole('button', { name: 'Start chat' }).evaluate((node) => getComputedStyle(node).borderTopStyle);
  expect(start).toBe('solid');
  await shot('forced-colours-form');
});

test('who wants less motion gets none', async ({ shop, page, chat, upstream }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await shop(config);
  await chat.open();
  await chat.ask('Quietly?');
  (await upstream.call()).send('Yes');
  await expect(chat.answerText).toContainText('Yes');
  const moving = await page.evaluate(() => document.querySelector('natter-widget').shadowRoot.getAnimations().filter((one) => one.playState === 'running').length);
  expect(moving).toBe(0);
});

for (const theme of ['light', 'dark']) {
  test(`the edges of what is written in have a contrast of 3: ${theme}`, async ({ shop, page, chat }) => {
    await shop({ ...config, theme, preChatForm: { enabled: true, fields } });
    await chat.launcher.click();
    await expect(chat.panel.getByRole('textbox', { name: 'Name' })).toBeFocused();
    const contrasts = await chat.panel.evaluate((panel) => {
      const light = (colour) => {
        const parts = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
        const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
      };
      const ground = light(getComputedStyle(panel).backgroundColor);
      return ['.composer', 'input[type=email]', 'select'].map((part) => {
        const edge = light(getComputedStyle(panel.querySelector(part)).borderTopColor);
        return Math.max(edge, ground) / Math.min(edge, ground);
      });
    });
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(3);
  });
}

for (const colour of ['#ffdd00', '#fafafa', '#050505', '#808080', '#d00000']) {
  test(`text on and in the brand colour ${colour} can be read, light and dark`, async ({ shop, page, chat, upstream }) => {
    await shop({ ...config, primaryColor: colour });
    await chat.open();
    await chat.exchange(upstream, 'Legible?', '[Yes](https://example.com).');
    await chat.answer.locator('[data-act="up"]').click();
    for (const theme of ['light', 'dark']) {
      await page.evaluate((theme) => ChatWidget.update({ theme }), theme);
      await expect(page.locator('natter-widget .nt')).toHaveClass(theme === 'dark' ? /dark/ : /^(?!.*dark)/);
      expect(await flaws(page), theme).toEqual([]);
    }
  });
}
