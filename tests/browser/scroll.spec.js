// Following an answer, and letting go of it.
import { expect, test } from './lib/shop.js';

const lines = (from, to) => Array.from({ length: to - from }, (_, n) => `Paragraph ${from + n} of a long answer.\n\n`);
/** How far the end is from what is seen, in pixels. */
const distance = (chat) => chat.panel.locator('.scroll').evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight);

test('the reader who follows an answer sees its end in every frame', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await chat.open();
  await chat.ask('Tell me.');
  const call = await upstream.call();
  await page.evaluate(() => {
    const node = document.querySelector('natter-widget').shadowRoot.querySelector('.scroll');
    window.farthest = 0;
    // After the frame's own work: what is measured now is what is painted.
    new ResizeObserver(() => (window.farthest = Math.max(farthest, node.scrollHeight - node.scrollTop - node.clientHeight))).observe(node.firstElementChild);
  });
  for (let n = 0; n < 40; n += 1) {
    call.send(...lines(n, n + 1), '| a | b |\n|---|---|\n| 1 | 2 |\n\n');
    await expect(chat.answerText).toContainText(`Paragraph ${n} of`);
  }
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  expect(await page.evaluate(() => farthest)).toBeLessThan(2);
  expect(await distance(chat)).toBeLessThan(2);
});

test('an answer lets go of the reader at the first pixel upwards, and takes up who returns', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await chat.open();
  await chat.ask('Tell me.');
  const call = await upstream.call();
  call.send(...lines(0, 40));
  await expect(chat.answerText).toContainText('Paragraph 39');
  expect(await distance(chat)).toBeLessThan(2);
  const jump = chat.panel.getByRole('button', { name: 'Jump to latest' });
  await expect(jump).toBeHidden();
  await chat.panel.locator('.scroll').evaluate((node) => (node.scrollTop -= 10));
  await expect(jump).toBeVisible();
  call.send(...lines(40, 60));
  await expect(chat.answerText).toContainText('Paragraph 59');
  expect(await distance(chat), 'it stays where the reader is').toBeGreaterThan(200);
  await chat.panel.locator('.scroll').hover();
  await page.mouse.wheel(0, 20_000);
  await expect(jump).toBeHidden();
  call.send(...lines(60, 80));
  await expect(chat.answerText).toContainText('Paragraph 79');
  expect(await distance(chat)).toBeLessThan(2);
  call.finish();
});

test('what gets its height late does not end the following', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await chat.open();
  await chat.ask('Tell me.');
  const call = await upstream.call();
  call.send(...lines(0, 30));
  await expect(chat.answerText).toContainText('Paragraph 29');
  // As a font, a picture or a style of the browser's would: between our drawing and its event.
  await page.evaluate(() => {
    const node = document.querySelector('natter-widget').shadowRoot.querySelector('.row.bot .body');
    node.parentNode.style.paddingBottom = '300px';
    node.closest('.scroll').dispatchEvent(new Event('scroll'));
  });
  await expect(chat.panel.getByRole('button', { name: 'Jump to latest' })).toBeHidden();
  call.send(...lines(30, 31));
  await expect(chat.answerText).toContainText('Paragraph 30');
  await expect.poll(() => distance(chat)).toBeLessThan(2);
  call.finish();
});

test('what is far above costs nothing, keeps its height, and is there for who scrolls up', async ({ shop, page, chat, upstream }) => {
  await shop({});
  await chat.open();
  for (let turn = 0; turn < 18; turn += 1) await chat.exchange(upstream, `Question ${turn}`, `Answer ${turn}:\n\n| a | b |\n|---|---|\n| 1 | 2 |`);
  await chat.ask('Tell me.');
  const call = await upstream.call();
  for (let n = 0; n < 200; n += 20) {
    call.send(...lines(n, n + 20));
    await expect(chat.answerText).toContainText(`Paragraph ${n + 19} of`);
  }
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  const found = await chat.panel.evaluate((panel) => {
    const old = [...panel.querySelectorAll('.old')];
    const scroll = panel.querySelector('.scroll');
    const skipped = old.filter((node) => !node.firstElementChild.checkVisibility({ contentVisibilityAuto: true }));
    const before = scroll.scrollHeight;
    for (const node of old) node.style.contentVisibility = 'visible';
    const after = scroll.scrollHeight;
    for (const node of old) node.style.contentVisibility = '';
    return { of: skipped.map((node) => node.parentNode.className), moved: Math.abs(after - before) };
  });
  expect(new Set(found.of), 'messages and blocks').toEqual(new Set(['log', 'body']));
  expect(found.moved).toBeLessThan(2);
  await expect(chat.questions.first()).not.toBeInViewport();
  await chat.panel.locator('.scroll').evaluate((node) => (node.scrollTop = 0));
  await expect(chat.questions.first()).toBeInViewport();
  await expect(chat.answers.first().locator('.acts')).toBeInViewport();
});
