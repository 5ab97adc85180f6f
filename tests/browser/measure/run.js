// Measures what the widget costs a visitor: `npm run measure` in tests/browser, after
// `cargo xtask dist`; `npm run measure slow` takes one part (opening, fast, slow). Prints one table;
// asserts nothing, as times depend on the machine.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from '../lib/browser.js';

process.env.NATTER_BIN ??= ['release', 'debug'].map((profile) => resolve(`../../target/${profile}/natter`)).find(existsSync);
const { startNatter } = await import('../lib/natter.js');
const { startUpstream } = await import('../lib/upstream.js');
const { startSite, page: html, tag } = await import('../lib/site.js');

const RUNS = 7;
/** What the targets are set for: 1.6 Mbit/s, 150 ms, a processor four times slower. */
const PROFILE = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 };

const upstream = await startUpstream();
const natter = await startNatter({ ...upstream.env, RATE_LIMIT_MAX_REQUESTS: '100000' });
const site = await startSite({ '/': html(tag(natter.url)) });
const browser = await chromium.launch(launchOptions);

const at = (list, part) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];
const rows = [];
const row = (what, figures, unit, reach) => {
  const [middle, worst] = [at(figures, 0.5), Math.max(...figures)].map((n) => (n < 100 ? n.toFixed(1) : Math.round(n)));
  rows.push(`| ${what} | ${middle} ${unit} | ${worst} ${unit} | ${reach} |`);
};

/** A fresh profile with nothing in its cache, slowed down; `then` gets the page before it goes anywhere. */
async function visit({ slow, prefetch = true, processor = 4 }, then) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  if (slow) await devtools.send('Network.emulateNetworkConditions', PROFILE);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: processor });
  let bytes = 0;
  devtools.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
  await page.addInitScript((prefetch) => {
    const seen = (window.measured = { tasks: [], shift: 0 });
    new PerformanceObserver((list) => list.getEntries().forEach((one) => seen.tasks.push(one.duration))).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((one) => (seen.shift += one.value))).observe({ type: 'layout-shift', buffered: true });
    if (!prefetch) Object.defineProperty(navigator, 'connection', { value: { saveData: true } });
    const root = () => document.querySelector('natter-widget')?.shadowRoot;
    const until = (name, there) => {
      const look = () => (there() ? requestAnimationFrame(() => (seen[name] = performance.now())) : requestAnimationFrame(look));
      look();
    };
    until('button', () => root()?.querySelector('.b')?.getBoundingClientRect().width);
    window.press = () => {
      seen.pressed = performance.now();
      root().querySelector('.b').click();
      until('input', () => root().activeElement?.localName === 'textarea');
    };
  }, prefetch);
  try {
    return await then(page, devtools, () => bytes);
  } finally {
    await context.close();
  }
}

const measured = (page, name) => page.waitForFunction((name) => measured[name], name, { polling: 20 }).then((handle) => handle.jsonValue());

async function opening() {
  const figures = { button: [], cold: [], warm: [], longest: [], shift: [], early: [] };
  for (let run = 0; run < RUNS; run++) {
    await visit({ slow: true, prefetch: false }, async (page) => {
      await page.goto(site.url);
      figures.button.push(await measured(page, 'button'));
      await page.evaluate(() => press());
      figures.cold.push((await measured(page, 'input')) - (await measured(page, 'pressed')));
    });
    await visit({ slow: true }, async (page) => {
      await page.goto(site.url);
      await measured(page, 'button');
      await page.waitForLoadState('networkidle');
      figures.longest.push(await page.evaluate(() => Math.max(0, ...measured.tasks)));
      figures.shift.push(await page.evaluate(() => measured.shift));
      await page.evaluate(() => press());
      figures.warm.push((await measured(page, 'input')) - (await measured(page, 'pressed')));
    });
  }
  row('button visible', figures.button, 'ms', '≤ 900 ms, stretch 750');
  row('click to input, nothing prefetched', figures.cold, 'ms', '≤ 1200 ms');
  row('click to input, prefetched', figures.warm, 'ms', '≤ 250 ms');
  row('longest task before the visitor acts', figures.longest, 'ms', '≤ 50 ms');
  row('layout shift', figures.shift, '', '0');
}

/** Markdown of about `count` tokens, as models write it. */
function markdown(count) {
  const block = (n) =>
    `## Step ${n}\n\nUse the **first** option and [read on](https://example.com/${n}), then \`run(${n})\`:\n\n- one item of a list\n- another *one*\n\n` +
    '```js\nconst value = compute(' + n + ')\nconsole.log(value)\n```\n\n| name | value |\n|---|---|\n| a | ' + n + ' |\n| b | 2 |\n\n';
  const tokens = [];
  for (let n = 1; tokens.length < count; n++) tokens.push(...block(n).match(/\s*\S+|\s+/g));
  return tokens.slice(0, count);
}

/**
 * Streams `tokens` at about 250 a second; the frames' times, how often the messages changed in one, and
 * the main thread's work for a frame.
 */
async function stream(page, devtools, tokens) {
  await page.evaluate(() => {
    const root = document.querySelector('natter-widget').shadowRoot;
    const seen = (window.frames_ = { times: [], most: 0, now: 0 });
    const observer = new MutationObserver(() => seen.now++);
    observer.observe(root.querySelector('.log'), { childList: true, characterData: true, subtree: true });
    let last = performance.now();
    const frame = (time) => {
      seen.times.push(time - last);
      seen.most = Math.max(seen.most, seen.now);
      seen.now = 0;
      last = time;
      if (!seen.done) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const before = await metric(devtools, 'TaskDuration');
  const input = page.locator('natter-widget .composer textarea');
  await input.fill('Go on');
  await input.press('Enter');
  const call = await upstream.call();
  for (let n = 0; n < tokens.length; n += 5) {
    call.send(tokens.slice(n, n + 5).join(''));
    await new Promise((then) => setTimeout(then, 20));
  }
  call.finish();
  await page.locator('natter-widget .send:not(.stop)').waitFor();
  const work = ((await metric(devtools, 'TaskDuration')) - before) * 1000;
  return page.evaluate((work) => {
    frames_.done = true;
    return { times: frames_.times.slice(2), most: frames_.most, work: work / frames_.times.length };
  }, work);
}

const metric = async (devtools, name) => (await devtools.send('Performance.getMetrics')).metrics.find((one) => one.name === name).value;

const heap = async (devtools) => {
  await devtools.send('HeapProfiler.collectGarbage');
  return (await metric(devtools, 'JSHeapUsedSize')) / 2 ** 20;
};

/** 5,000 tokens, and 300 at the end of 200 messages, each in a conversation of its own. */
async function streaming(processor) {
  const slow = processor === 1 ? '' : `, processor ${processor}× slower`;
  const report = (what, { times, most, work }) => {
    row(`${what}: frame p95${slow}`, [at(times, 0.95)], 'ms', '≤ 16.7 ms');
    row(`${what}: longest frame${slow}`, times, 'ms', '');
    row(`${what}: main thread for a frame, mean${slow}`, [work], 'ms', '');
    row(`${what}: updates in a frame${slow}`, [most], '', '≤ 1');
  };
  await visit({ slow: false, processor: 1 }, async (page, devtools) => {
    await devtools.send('Performance.enable');
    await page.goto(site.url);
    await page.locator('natter-widget .b').click();
    await page.locator('natter-widget .composer textarea').waitFor();
    const throttle = (rate) => devtools.send('Emulation.setCPUThrottlingRate', { rate });
    await throttle(processor);
    report('5,000 tokens', await stream(page, devtools, markdown(5000)));
    await throttle(1);
    await page.getByRole('button', { name: 'New conversation' }).click();
    const before = await heap(devtools);
    for (let n = 0; n < 100; n++) await stream(page, devtools, markdown(20));
    await throttle(processor);
    report('300 tokens after 200 messages', await stream(page, devtools, markdown(300)));
    row(`JavaScript heap before and after the 200 messages${slow}`, [before, await heap(devtools)], 'MiB', 'flat');
  });
}

try {
  const part = process.argv[2] ?? '';
  if (!part || part === 'opening') await opening();
  if (!part || part === 'fast') await streaming(1);
  if (!part || part === 'slow') await streaming(4);
  console.log(`${process.env.NATTER_BIN}, ${browser.version()}, 1.6 Mbit/s, 150 ms, processor 4× slower where nothing else is said, ${RUNS} runs\n`);
  console.log('| what | median | worst | reach |\n|---|---|---|---|\n' + rows.join('\n'));
} finally {
  await browser.close();
  await site.stop();
  await natter.stop();
  await upstream.stop();
}
