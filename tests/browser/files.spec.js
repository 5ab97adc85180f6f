// The widget's files as the binary serves them: compressed beforehand, cached as their names allow,
// usable from any site.
import http from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from './lib/test.js';

/** One request as sent, with the body as it came over the wire. */
const get = (url, headers = {}) =>
  new Promise((done, failed) => {
    http.get(url, { headers }, (reply) => {
      const parts = [];
      reply.on('data', (part) => parts.push(part));
      reply.on('end', () =>
        done({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(parts) }),
      );
    }).on('error', failed);
  });

const loader = (url) => `${url}/widget/chat-widget.js`;

/** The addresses of the files that are named after the loader's build. */
const hashed = async (url) => {
  const build = /\b[\da-f]{16}\b/.exec((await get(loader(url))).body)[0];
  return ['.js', '.wasm', '.json', '.inline.js'].map((kind) => `${url}/widget/widget-${build}${kind}`);
};

test('every file comes as brotli, as gzip or plain, as the browser likes, and is the same', async ({ natter }) => {
  const { url } = await natter();
  for (const file of [loader(url), ...(await hashed(url))]) {
    const plain = await get(file);
    expect(plain.headers['content-encoding']).toBeUndefined();
    for (const [encoding, decode] of [['br', brotliDecompressSync], ['gzip', gunzipSync]]) {
      const packed = await get(file, { 'Accept-Encoding': encoding });
      expect(packed.headers['content-encoding']).toBe(encoding);
      expect(packed.headers.vary).toContain('Accept-Encoding');
      expect(packed.body.length).toBeLessThan(plain.body.length);
      expect(decode(packed.body).equals(plain.body)).toBe(true);
    }
    const best = await get(file, { 'Accept-Encoding': 'gzip, deflate, br' });
    expect(best.headers['content-encoding'], 'brotli is preferred').toBe('br');
  }
});

test('the loader is cached for a short time and its hashed files for ever', async ({ natter }) => {
  const { url } = await natter();
  const short = await get(loader(url));
  expect(Number(/max-age=(\d+)/.exec(short.headers['cache-control'])[1])).toBeLessThanOrEqual(3600);
  expect(short.headers['cache-control']).not.toContain('immutable');
  for (const file of await hashed(url)) {
    expect((await get(file)).headers['cache-control']).toContain('immutable');
  }
});

test('a file that the browser has already is not sent again', async ({ natter }) => {
  const { url } = await natter();
  const first = await get(loader(url), { 'Accept-Encoding': 'br' });
  const again = await get(loader(url), { 'Accept-Encoding': 'br', 'If-None-Match': first.headers.etag });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  const other = await get(loader(url), { 'Accept-Encoding': 'gzip', 'If-None-Match': first.headers.etag });
  expect(other.status, 'another encoding is another representation').toBe(200);
});

test('any site may use the files, and an unknown hash is told at once', async ({ natter }) => {
  const { url } = await natter();
  for (const file of [loader(url), ...(await hashed(url)), `${url}/widget/widget-0000000000000000.js`]) {
    const { headers } = await get(file, { Origin: 'https://shop.example' });
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
  const missing = await get(`${url}/widget/widget-0000000000000000.js`);
  expect([missing.status, missing.headers['cache-control']]).toEqual([404, 'no-store']);
  expect(JSON.parse(missing.body).code).toBe('not_found');
});

test('the wasm has the type that lets browsers compile it while it loads', async ({ natter }) => {
  const { url } = await natter();
  const [js, wasm] = await hashed(url);
  expect((await get(js)).headers['content-type']).toContain('text/javascript');
  expect((await get(wasm)).headers['content-type']).toBe('application/wasm');
});
