// What can be done with a conversation beside holding it.
import { readFile } from 'node:fs/promises';
import { configured, expect, test } from './lib/shop.js';
import { flaws } from './lib/axe.js';
import { answered } from './lib/sessions.js';

/** The bodies of the ratings that were sent. */
const ratings = (page) => {
  const bodies = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/messages/feedback')) bodies.push(JSON.parse(request.postData()));
  });
  return bodies;
};

/** The details of an event of the page's, as they come. */
const events = (page, name) =>
  page.evaluate((name) => {
    window.told = [];
    ChatWidget.on(name, (detail) => window.told.push(detail));
  }, name);

test('a bad answer can be commented on, once it was rated', async ({ page, chat, upstream, shop }) => {
  await shop({});
  const sent = ratings(page);
  await events(page, 'feedback');
  await chat.open();
  await answered(chat, upstream, 'Hi', 'Hello.');
  const [bad, why] = [chat.answer.getByRole('button', { name: 'Bad answer' }), chat.answer.getByRole('textbox')];
  await bad.click();
  await expect(why).toBeFocused();
  await expect(why).toHaveAccessibleName('What could be better?');
  await expect(why).toHaveAttribute('maxlength', '2000');
  await why.fill('Too short.');
  await answered(chat, upstream, 'More, please', 'Gladly.');
  const first = chat.answers.first();
  await expect(first.getByRole('textbox'), 'it stays while the talk goes on').toHaveValue('Too short.');
  await first.getByRole('button', { name: 'Send feedback' }).click();
  await expect(first).toContainText('Thank you for your feedback.');
  await expect(chat.spoken).toContainText('Thank you for your feedback.');
  await expect(first.getByRole('textbox')).toHaveCount(0);
  await expect(first.getByRole('button', { name: 'Bad answer' })).toBeFocused();
  await expect.poll(() => sent.map(({ rating, comment }) => [rating, comment])).toEqual([['down', undefined], ['down', 'Too short.']]);
  const told = await page.evaluate(() => window.told);
  expect(told.map(({ rating, comment }) => [rating, comment])).toEqual([['down', undefined], ['down', 'Too short.']]);
  expect(told[1].messageId).toBe(sent[1].messageId);
});

test('whoever has no comment leaves it by Escape, by its cross, or by another thumb', async ({ page, chat, upstream, shop }) => {
  await shop({});
  const sent = ratings(page);
  await chat.open();
  await answered(chat, upstream, 'Hi', 'Hello.');
  const [bad, why] = [chat.answer.getByRole('button', { name: 'Bad answer' }), chat.answer.getByRole('textbox')];
  await bad.click();
  await why.press('Escape');
  await expect(why).toHaveCount(0);
  await expect(bad).toBeFocused();
  await expect(chat.panel).toBeVisible();
  await bad.click();
  await bad.click();
  await chat.answer.getByRole('button', { name: 'Dismiss' }).click();
  await expect(why).toHaveCount(0);
  await bad.click();
  await bad.click();
  await chat.answer.getByRole('button', { name: 'Good answer' }).click();
  await expect(why).toHaveCount(0);
  await bad.click();
  await why.press('Enter');
  await expect(why, 'an empty one is none').toHaveCount(0);
  await expect.poll(() => sent.filter(({ comment }) => comment !== undefined)).toEqual([]);
});

test('the time of day stands under the newest message, and where one points', async ({ page, chat, upstream, shop }) => {
  await page.clock.setFixedTime('2026-05-01T10:32:00');
  await shop({ locale: 'de' });
  await chat.open();
  await answered(chat, upstream, 'Hi', 'Hallo.');
  const times = chat.log.locator('time');
  await expect(times).toHaveText(['10:32', '10:32']);
  await page.mouse.move(5, 5);
  const seen = (n) => times.nth(n).evaluate((node) => getComputedStyle(node).opacity);
  await expect.poll(() => seen(1)).toBe('1');
  await expect.poll(() => seen(0)).toBe('0');
  await chat.questions.first().hover();
  await expect.poll(() => seen(0)).toBe('1');
});

test('days are told apart once a conversation has more than one', async ({ page, chat, upstream, shop, shot }) => {
  await shop({});
  await chat.open();
  await answered(chat, upstream, 'First', 'One.');
  await expect(chat.log.locator('.day')).toHaveCount(0);
  const now = Date.now();
  // As the conversation looks to somebody who comes back: the server's times are of today.
  for (const [days, heading] of [[1, /^yesterday$/], [2, /^\p{L}+ \d+, \d{4}$/u]]) {
    await page.clock.setFixedTime(now + days * 86_400_000);
    await page.reload();
    await expect(chat.log.locator('.day')).toHaveText([heading]);
  }
  await answered(chat, upstream, 'Second', 'Two.');
  await expect(chat.log.locator('.day')).toHaveText([/\d{4}$/, 'today']);
  await shot('days');
});

test('the visitor can keep the conversation as a text', async ({ page, chat, upstream, shop, shot }) => {
  await page.clock.setFixedTime('2026-05-01T10:32:00');
  await shop({ title: 'Tea/Shop', locale: 'de' });
  await chat.open();
  const keep = chat.panel.getByRole('button', { name: 'Unterhaltung herunterladen' });
  await expect(keep).toBeHidden();
  await answered(chat, upstream, 'Hallo?', 'Zwei Minuten.');
  await shot('transcript');
  const [download] = await Promise.all([page.waitForEvent('download'), keep.click()]);
  expect(download.suggestedFilename()).toBe('Tea-Shop 2026-05-01.txt');
  const text = await readFile(await download.path(), 'utf8');
  expect(text).toBe('Tea/Shop\n1. Mai 2026\n\nSie (10:32)\nHallo?\n\nAssistent (10:32)\nZwei Minuten.\n');
});

test('a key may forbid to keep it', async ({ chat, upstream, shop }) => {
  await shop({ allowTranscript: false });
  await chat.open();
  await answered(chat, upstream, 'Hi', 'Hello.');
  await expect(chat.panel.getByRole('button', { name: 'Download conversation' })).toBeHidden();
});

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

test('pictures in answers are shown from the hosts that the key names, and only whole ones', async ({ page, chat, upstream, shop, shot, seen }) => {
  await page.route('https://img.example.com/**', (route) => route.fulfill({ body: png, contentType: 'image/png' }));
  await shop({ showImages: ['img.example.com'] });
  await chat.open();
  await chat.ask('Show me');
  const call = await upstream.call();
  const [picture, link] = [chat.answer.locator('.body img'), chat.answerText.getByRole('link')];
  call.send('![A teapot](https://img.example.com/tea.png)');
  await expect(link).toHaveText('A teapot');
  await expect(picture, 'not while it may still grow').toHaveCount(0);
  call.send('\n\nAnd another: ![Cup](https://evil.example/cup.png)');
  await expect(picture).toHaveAttribute('alt', 'A teapot');
  await expect(picture).toHaveAttribute('referrerpolicy', 'no-referrer');
  await expect(picture).toHaveAttribute('loading', 'lazy');
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await expect(link).toHaveText('Cup');
  await expect(link).toHaveAttribute('rel', 'noopener nofollow ugc');
  await shot('pictures');
  await page.reload();
  await expect(picture, 'and in a conversation that is found again').toHaveCount(1);
  expect(seen.requests.filter((url) => url.includes('evil.example'))).toEqual([]);
});

test('a logo stands in the header instead of the title, and says its name', async ({ natter, site, page, chat, shot }) => {
  const { url } = await natter();
  const pages = { '/logo.svg': { html: '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="64"><rect width="320" height="64" rx="12" fill="teal"/></svg>', type: 'image/svg+xml' } };
  const shop = await site(pages);
  pages['/'] = configured(url, { title: 'Tea House', logoUrl: `${shop.url}/logo.svg` });
  await page.goto(shop.url);
  await chat.open();
  const logo = chat.panel.getByRole('heading', { level: 2 }).getByRole('img', { name: 'Tea House' });
  await expect(logo).toBeVisible();
  await expect.poll(() => logo.evaluate((node) => node.naturalWidth)).toBe(320);
  await expect(chat.panel).toHaveAccessibleName('Tea House');
  expect(await flaws(page)).toEqual([]);
  await shot('logo');
});
