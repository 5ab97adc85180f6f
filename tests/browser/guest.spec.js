// A good guest: whatever the page is like, the widget works, and the page does not notice it.
import { Chat } from './lib/chat.js';
import { expect, origins, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';
import { WIDGET_KEY } from './lib/natter.js';

const strict = (api, wasm = " 'wasm-unsafe-eval'") =>
  `default-src 'none'; script-src 'self' 'nonce-n0nce'${wasm}; style-src 'self'; ` +
  `connect-src ${api}; img-src ${api} data:`;

/** Asks something and sees it answered: the widget works here. */
async function works(chat, upstream) {
  await chat.open();
  await chat.ask('Anybody there?');
  const call = await upstream.call();
  call.send('Yes, ', 'I am.');
  await expect(chat.answerText).toHaveText('Yes, I am.');
  call.finish();
  await expect(chat.stopButton).toBeHidden();
}

test('it runs under a strict content security policy on another site', async ({ natter, upstream, site, page, chat, seen, shot }) => {
  const { url } = await natter(upstream.env);
  const headers = { 'Content-Security-Policy': strict(url) };
  const shop = await site({ '/': { html: html(tag(url, {}, ' nonce="n0nce"')), headers } });
  await page.goto(shop.url);
  await works(chat, upstream);
  await shot('strict-policy');
  expect(seen.errors, 'not one violation').toEqual([]);
});

test('without wasm-unsafe-eval it says so once and draws nothing', async ({ natter, site, page, chat, seen }) => {
  const { url } = await natter();
  const headers = { 'Content-Security-Policy': strict(url, '') };
  const shop = await site({ '/': { html: html(tag(url, {}, ' nonce="n0nce"')), headers } });
  const said = page.waitForEvent('console', (m) => m.type() === 'error' && /natter/i.test(m.text()));
  await page.goto(shop.url);
  expect((await said).text()).toContain('wasm-unsafe-eval');
  await page.waitForLoadState('networkidle');
  await expect(chat.launcher).toHaveCount(0);
  expect(seen.errors.filter((text) => /natter/i.test(text))).toHaveLength(1);
});

test('a key that is refused draws nothing and says what to do, once', async ({ natter, site, page, chat, seen }) => {
  const { url } = await natter();
  const shop = await site({ '/': html(tag(url, { 'api-key': 'not-a-key-of-this-server-at-all' })) });
  const said = page.waitForEvent('console', (m) => m.type() === 'error' && /natter/i.test(m.text()));
  await page.goto(shop.url);
  expect((await said).text()).toMatch(/key/i);
  await page.waitForLoadState('networkidle');
  await expect(chat.launcher).toHaveCount(0);
  expect(seen.errors.filter((text) => /natter/i.test(text))).toHaveLength(1);
});

test('nothing is stored and nobody else is asked before the visitor acts', async ({ natter, upstream, site, page, context, chat, seen }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  // The wasm is fetched when the page is idle: from then on the widget waits for the visitor.
  const fetched = page.waitForResponse((r) => r.url().endsWith('.wasm'));
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await fetched;
  const stored = () =>
    page.evaluate(async () => ({
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      cookie: document.cookie,
      databases: (await indexedDB.databases()).length,
      // Only a secure context has them; `localhost` is one.
      caches: (await caches.keys()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }));
  const nothing = { local: [], session: [], cookie: '', databases: 0, caches: 0, workers: 0 };
  expect(await stored()).toEqual(nothing);
  await chat.launcher.hover();
  expect(await stored()).toEqual(nothing);
  expect(await context.cookies()).toEqual([]);
  expect(seen.requests.some((u) => u.endsWith('/v1/widget/session')), 'no session yet').toBe(false);
  await works(chat, upstream);
  const after = await stored();
  expect(after.local.length, 'the visitor acted').toBeGreaterThan(0);
  expect({ ...after, local: [] }).toEqual(nothing);
  expect(await context.cookies(), 'never a cookie').toEqual([]);
  expect(origins(seen.requests).sort()).toEqual([shop.url, url].sort());
  for (const address of seen.requests) {
    expect(address, 'no key or token in an address').not.toMatch(/key-of|token/);
  }
});

test('it works where storage is blocked, and forgets', async ({ natter, upstream, site, page, seen }) => {
  const { url } = await natter(upstream.env);
  // A sandboxed frame without an origin of its own: every storage throws there.
  const frame = html(tag(url));
  const shop = await site({
    '/': '<!doctype html><title>Frame</title><iframe sandbox="allow-scripts" src="/shop" width="900" height="700"></iframe>',
    '/shop': frame,
  });
  await page.goto(shop.url);
  const inside = page.frameLocator('iframe');
  await works(new Chat(inside), upstream);
  expect(seen.exceptions).toEqual([]);
});

test('a configuration object on the page is understood', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const config = { apiUrl: `${url}/v1/chat/stream`, licenseKey: WIDGET_KEY, position: 'bottom-left', title: 'Ask Ada', welcomeMessage: 'Good day!', inputPlaceholder: 'Your wish', primaryColor: '#7a1f5c', openerSize: 90 };
  const shop = await site({
    '/': html(`<script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify(config)}</script>
      <script src="${url}/widget/chat-widget.js"></script>`),
  });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  const box = await chat.launcher.boundingBox();
  expect(box.x + box.width / 2, 'on the left').toBeLessThan(640);
  expect(Math.round(box.width)).toBe(90);
  await works(chat, upstream);
  await expect(chat.panel).toContainText('Ask Ada');
  await expect(chat.input).toHaveAttribute('placeholder', 'Your wish');
});

test('attributes are understood, and the page’s object goes before them', async ({ natter, upstream, site, page, chat, shot }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({
    '/': html(`<script>window.CHAT_WIDGET_CONFIG = {title: 'From the page'}</script>` +
      tag(url, { title: 'From the tag', position: 'left', theme: 'dark', 'welcome-message': 'Welcome from the tag', 'accent-color': '#ffcc00' })),
  });
  await page.goto(shop.url);
  await chat.open();
  await expect(chat.panel).toContainText('From the page');
  await expect(chat.panel).not.toContainText('From the tag', { timeout: 1 });
  await expect(chat.panel).toContainText('Welcome from the tag');
  expect((await chat.launcher.boundingBox()).x).toBeLessThan(640);
  await shot('dark-yellow-left');
});

test('a bad option is named in one warning and does no harm', async ({ natter, upstream, site, page, chat, seen }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({
    '/': html(`<script>window.CHAT_WIDGET_CONFIG = {openerSize: 900, primaryColor: 'red;}body{display:none'}</script>` + tag(url)),
  });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  expect(Math.round((await chat.launcher.boundingBox()).width)).toBe(140);
  await works(chat, upstream);
  await expect(page.getByRole('heading', { name: 'A shop' })).toBeVisible();
  for (const name of ['openerSize', 'primaryColor']) {
    expect(seen.warnings.filter((text) => text.includes(name)), name).toHaveLength(1);
  }
});

test('loading the script twice gives one widget', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url) + tag(url)) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  // And once more, late, as a tag manager does.
  await page.evaluate(
    ([src, key]) =>
      new Promise((done) => {
        const script = document.createElement('script');
        script.src = src;
        script.dataset.apiKey = key;
        script.onload = done;
        document.head.append(script);
      }),
    [`${url}/widget/chat-widget.js`, WIDGET_KEY],
  );
  await works(chat, upstream);
  await expect(chat.launcher).toHaveCount(1);
  await expect(chat.questions).toHaveCount(1);
});

test('it works when a script injects it late', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html('') });
  await page.goto(shop.url);
  await page.evaluate(
    ([src, key]) => {
      window.CHAT_WIDGET_CONFIG = { licenseKey: key };
      const script = document.createElement('script');
      script.src = src;
      document.body.append(script);
    },
    [`${url}/widget/chat-widget.js`, WIDGET_KEY],
  );
  await works(chat, upstream);
});

const hostileCss = `
* { letter-spacing: 9px !important; text-transform: uppercase !important; box-sizing: content-box !important; }
html { font-size: 40px; } body { color: lime; font: italic 30px/3 fantasy; visibility: visible; direction: ltr; text-align: right; word-spacing: 2em; cursor: wait; }
button, textarea, input, a { all: unset !important; display: none !important; color: red !important; width: 300px !important; }
div, section, header, form, p, ul, li, span { position: static !important; float: left !important; opacity: .1 !important; transform: rotate(9deg) !important; margin: 40px !important; }
div:empty, :not(html):not(head):not(body):not(h1):not(p):not(:defined) { display: none !important; }
svg { display: none !important; fill: red !important; }`;

/** What a visitor would see different: geometry and the looks that pages tend to leak. */
const looks = (locator) =>
  locator.evaluate(async (element) => {
    // What moves is measured where it comes to rest.
    const moving = element.getRootNode().getAnimations();
    const ending = moving.filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
    const style = getComputedStyle(element);
    const names = ['fontSize', 'fontStyle', 'fontFamily', 'lineHeight', 'letterSpacing', 'wordSpacing', 'textTransform', 'textAlign', 'color', 'backgroundColor', 'opacity', 'transform', 'boxSizing', 'cursor', 'marginTop', 'paddingTop'];
    const { x, y, width, height } = element.getBoundingClientRect();
    return { ...Object.fromEntries(names.map((name) => [name, style[name]])), box: [x, y, width, height].map(Math.round) };
  });

test('hostile styles of the page do not reach it', async ({ natter, upstream, site, page, chat, shot }) => {
  const { url } = await natter(upstream.env);
  const styled = (css) => ({
    html: `<!doctype html><html lang="en"><head><title>x</title><style>${css}</style></head><body>${tag(url)}</body></html>`,
  });
  const shop = await site({ '/plain': styled(''), '/hostile': styled(hostileCss) });
  const measured = {};
  for (const path of ['/plain', '/hostile']) {
    await page.goto(shop.url + path);
    // Each page is a first visit.
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await expect(chat.launcher).toBeVisible();
    const launcher = await looks(chat.launcher);
    await works(chat, upstream);
    await page.mouse.move(5, 5);
    measured[path] = {
      launcher,
      panel: await looks(chat.panel),
      input: await looks(chat.input),
      question: await looks(chat.questions.last()),
      answer: await looks(chat.answerText),
    };
    await shot(`styles-${path.slice(1)}`);
  }
  expect(measured['/hostile']).toEqual(measured['/plain']);
});

test('hostile scripts of the page do not break it', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const head = `<base href="https://example.invalid/"><script>
    Object.prototype.extra = 'polluted'; Array.prototype.extra = () => 'polluted';
    Array.prototype.toJSON = function () { return 'old library'; };
    Element.prototype.remove = function () {};
    String.prototype.trim = function () { return 'trimmed'; };
    window.ChatWidget = undefined; window.$ = window._ = window.config = 1;
    addEventListener('DOMContentLoaded', () => {
      const search = document.querySelector('#search');
      // A page's shortcut: "/" goes to the search, unless one is typing in a field.
      document.addEventListener('keydown', (event) => {
        if (event.key === '/' && !/INPUT|TEXTAREA/.test(event.target.tagName)) {
          event.preventDefault(); search.focus();
        }
      });
      document.addEventListener('click', (event) => {
        // A page's menu that closes when one clicks beside it, and trusts its own markup.
        window.clicked = event.target.tagName;
      });
    });
  </script>`;
  const shop = await site({ '/': html(`<input id="search" aria-label="Search">${tag(url)}`, head) });
  await page.goto(shop.url);
  await works(chat, upstream);
  await chat.input.fill('');
  await chat.input.pressSequentially('and/or?');
  await expect(chat.input).toHaveValue('and/or?');
  await chat.input.press('Enter');
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('and/or?');
  call.send('Both.');
  call.finish();
  await expect(chat.answerText).toHaveText('Both.');
});

test('it leaves one name and one element on the page', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)), '/without': html('') });
  const names = () => page.evaluate(() => Object.keys(window));
  await page.goto(`${shop.url}/without`);
  const before = await names();
  const layout = () =>
    page.evaluate(() => {
      const { x, y, width, height } = document.querySelector('h1').getBoundingClientRect();
      return [x, y, width, height, document.documentElement.scrollWidth, document.documentElement.scrollHeight];
    });
  const plain = await layout();
  const styles = () => page.evaluate(() => document.styleSheets.length + document.adoptedStyleSheets.length);
  await page.goto(shop.url);
  await works(chat, upstream);
  expect((await names()).filter((name) => !before.includes(name))).toEqual(['ChatWidget']);
  expect(await layout(), 'nothing on the page moved').toEqual(plain);
  expect(await styles()).toBe(0);
  const added = await page.evaluate(() => [...document.body.children].filter((e) => !/^(H1|P|SCRIPT)$/.test(e.tagName)).length
    + [...document.documentElement.children].filter((e) => !/^(HEAD|BODY)$/.test(e.tagName)).length);
  expect(added).toBe(1);
});
