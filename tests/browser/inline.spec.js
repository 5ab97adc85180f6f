// <natter-chat>: chats that stand in the page, several of them, beside or without the floating one.
import { flaws } from './lib/axe.js';
import { Chat } from './lib/chat.js';
import { WIDGET_KEY } from './lib/natter.js';
import { page as html } from './lib/site.js';
import { expect, test } from './lib/test.js';

const script = (url) => `<script async src="${url}/widget/chat-widget.js"></script>`;
const inside = (page, selector) => {
  const place = page.locator(selector);
  return new Chat(place, place.locator('.panel'));
};

async function answers(within, upstream, question) {
  await expect(within.input).toBeEnabled();
  await within.ask(question);
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe(question);
  call.send('Answer to ', question);
  await expect(within.answerText).toHaveText(`Answer to ${question}`);
  call.finish();
}

test('an element is a chat in the page, without button, script key or stolen focus', async ({ natter, upstream, site, page, chat, seen, shot }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(`<natter-chat license-key="${WIDGET_KEY}" data-title="Ask in here"></natter-chat>${script(url)}`) });
  await page.goto(shop.url);
  const within = inside(page, 'natter-chat');
  await expect(within.panel).toBeVisible();
  await expect(within.panel).toHaveAttribute('role', 'region');
  await expect(within.panel).toHaveAccessibleName('Ask in here');
  await expect(chat.launcher).toBeHidden();
  await expect(page.locator('natter-widget')).toHaveCount(0);
  expect(await page.evaluate(() => document.activeElement.tagName)).toBe('BODY');
  await answers(within, upstream, 'Where am I?');
  // There is nothing to close, by keyboard neither.
  await expect(within.panel.getByRole('button', { name: /close/i })).toBeHidden();
  await within.input.press('Escape');
  await expect(within.panel).toBeVisible();
  expect(await page.evaluate(() => Object.keys(localStorage).length)).toBe(1);
  expect(await page.evaluate(() => JSON.parse(Object.values(localStorage)[0]).open)).toBe(false);
  expect(seen.errors).toEqual([]);
  await shot('inline');
  expect(await flaws(page)).toEqual([]);
});

test('it is as large as the page says, and fills its container when it is to expand', async ({ natter, upstream, site, page, shot }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({
    '/': html(`<style>#sized { width: 420px; height: 500px; } #box { width: 700px; height: 620px; }</style>
      <natter-chat id="plain" license-key="${WIDGET_KEY}"></natter-chat>
      <natter-chat id="sized" license-key="${WIDGET_KEY}"></natter-chat>
      <div id="box"><natter-chat id="full" expand-in-container license-key="${WIDGET_KEY}"></natter-chat></div>${script(url)}`),
  });
  await page.goto(shop.url);
  const size = async (id) => {
    const panel = page.locator(`#${id} .panel`);
    await page.locator(`#${id}`).scrollIntoViewIfNeeded();
    await expect(panel).toBeVisible();
    const { width, height } = await panel.boundingBox();
    return [width, height].map(Math.round);
  };
  expect((await size('plain'))[1], 'its own height').toBe(640);
  expect(await size('sized')).toEqual([420, 500]);
  expect(await size('full')).toEqual([700, 620]);
  await page.locator('#box').evaluate((box) => (box.style.width = '360px'));
  expect((await size('full'))[0], 'it follows its container').toBe(360);
  await page.setViewportSize({ width: 375, height: 700 });
  await page.locator('#full').scrollIntoViewIfNeeded();
  expect(await size('full'), 'on a phone it stays in its place').toEqual([360, 620]);
  await shot('inline-phone');
});

test('several on one page are independent, and all run on one WebAssembly', async ({ natter, upstream, site, page }) => {
  const server = await natter(upstream.env);
  const other = await server.admin.licenseKey({ name: 'Other' });
  const shop = await site({
    '/': html(`<style>natter-chat { height: 300px; }</style>
      <natter-chat id="one" license-key="${WIDGET_KEY}" primary-color="#aa0000"></natter-chat>
      <natter-chat id="two" license-key="${other.key}" theme="dark"></natter-chat>
      <script>window.CHAT_WIDGET_CONFIG = {licenseKey: '${WIDGET_KEY}', title: 'Floating'}</script>${script(server.url)}`),
  });
  await page.addInitScript(() => {
    window.made = 0;
    const make = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = (...given) => (made++, make.call(WebAssembly, ...given));
  });
  await page.goto(shop.url);
  const [one, two] = [inside(page, '#one'), inside(page, '#two')];
  await expect(one.panel).toBeVisible();
  await expect(two.panel).toBeVisible();
  await answers(two, upstream, 'Second?');
  await expect(one.questions, 'another chatbot, another conversation').toHaveCount(0);
  await answers(one, upstream, 'First?');
  await expect(two.questions).toHaveCount(1);
  const floating = inside(page, 'natter-widget');
  await page.locator('natter-widget .b').click();
  await expect(floating.panel).toBeVisible();
  await expect(floating.panel).toHaveAccessibleName('Floating');
  // What happens to one does not happen to the others.
  await page.locator('#one').evaluate((element) => element.destroy());
  await expect(page.locator('#one')).toHaveCount(0);
  await answers(two, upstream, 'Still there?');
  expect(await page.evaluate(() => made), 'one WebAssembly').toBe(1);
  expect(await server.admin.conversations()).toHaveLength(2);
});

test('an element has the methods and events of the floating chat', async ({ natter, upstream, site, page }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(`<natter-chat license-key="${WIDGET_KEY}"></natter-chat>${script(url)}`) });
  await page.addInitScript(() => {
    window.heard = [];
    for (const name of ['ready', 'message:sent']) addEventListener(`natter:${name}`, (event) => heard.push([name, event.target.localName, event.detail?.text]));
  });
  await page.goto(shop.url);
  const within = inside(page, 'natter-chat');
  await expect(within.panel).toBeVisible();
  const call = (name, ...args) => page.locator('natter-chat').evaluate((element, [name, args]) => element[name](...args), [name, args]);
  const isOpen = () => page.locator('natter-chat').evaluate((element) => element.isOpen);
  expect(await isOpen()).toBe(true);
  await call('close');
  await expect(within.panel).toBeHidden();
  expect(await isOpen()).toBe(false);
  await call('toggle');
  await expect(within.panel).toBeVisible();
  await call('hide');
  await expect(page.locator('natter-chat')).toBeHidden();
  await call('show');
  await expect(within.panel).toBeVisible();
  await call('update', { title: 'Renamed', primaryColor: '#00aa00' });
  await expect(within.panel).toHaveAccessibleName('Renamed');
  await call('send', 'By script');
  await expect(within.questions).toHaveText('By script');
  (await upstream.call()).finish();
  expect(await page.evaluate(() => heard)).toEqual([['ready', 'natter-chat', undefined], ['message:sent', 'natter-chat', 'By script']]);
});

test('an element that comes late is a chat, one that is moved goes on, one that goes is forgotten', async ({ natter, upstream, site, page, seen }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(`<div id="a"></div><div id="b"></div>${script(url)}`) });
  await page.goto(shop.url);
  await page.evaluate((key) => {
    document.querySelector('#a').innerHTML = `<natter-chat license-key="${key}"></natter-chat>`;
  }, WIDGET_KEY);
  const within = inside(page, 'natter-chat');
  await expect(within.panel).toBeVisible();
  await within.ask('Do you stay?');
  const call = await upstream.call();
  call.send('I ');
  await expect(within.answerText).toHaveText('I');
  await page.evaluate(() => document.querySelector('#b').append(document.querySelector('natter-chat')));
  call.send('stay.');
  await expect(within.answerText, 'the same stream').toHaveText('I stay.');
  await page.evaluate(() => {
    window.gone = document.querySelector('natter-chat');
    gone.remove();
  });
  call.send(' Even now.');
  call.finish();
  // Back in the page it is a chat anew, and has what was said meanwhile.
  await expect.poll(() => page.evaluate(() => gone.natter)).toBe(false);
  await page.evaluate(() => document.querySelector('#a').append(gone));
  await expect(within.answerText).toHaveText('I stay. Even now.');
  await expect(within.questions).toHaveCount(1);
  expect(seen.errors.filter((text) => !text.includes('No licenseKey'))).toEqual([]);
});

test('the page’s styles stay outside of an element, its place stays the page’s', async ({ natter, upstream, site, page }) => {
  const { url } = await natter(upstream.env);
  const hostile = `* { letter-spacing: 9px !important; text-transform: uppercase !important; } div:empty { display: none !important; }
    body { color: lime; font: italic 30px/3 fantasy; text-align: right; } button, textarea { all: unset !important; } natter-chat { margin: 12px; }`;
  const chats = `<natter-chat license-key="${WIDGET_KEY}"></natter-chat>`;
  const shop = await site({ '/plain': html(chats + script(url)), '/hostile': html(chats + script(url), `<style>${hostile}</style>`) });
  const measured = [];
  for (const path of ['/plain', '/hostile']) {
    await page.goto(shop.url + path);
    const within = inside(page, 'natter-chat');
    await expect(within.input).toBeVisible();
    measured.push(await within.panel.evaluate((panel) =>
      [panel, panel.querySelector('h2'), panel.querySelector('textarea'), panel.querySelector('.welcome')].map((node) => {
        const style = getComputedStyle(node);
        return ['color', 'fontFamily', 'fontSize', 'fontStyle', 'letterSpacing', 'lineHeight', 'textAlign', 'textTransform', 'backgroundColor'].map((name) => style[name]);
      })));
  }
  expect(measured[1]).toEqual(measured[0]);
  const element = page.locator('natter-chat');
  expect(await element.evaluate((node) => getComputedStyle(node).marginTop)).toBe('12px');
  await page.addStyleTag({ content: 'natter-chat { display: none }' });
  await expect(element, 'a page may hide its own element').toBeHidden();
});
