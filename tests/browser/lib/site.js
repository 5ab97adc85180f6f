// Somebody's website: pages on another origin than the server's.
import { createServer } from 'node:http';
import { closing, listen } from './net.js';
import { WIDGET_KEY } from './natter.js';

/**
 * Serves `pages` (path → HTML, or `{html, headers}`) on a free port.
 *
 * The address is `http://localhost:…`, while natter's is `http://127.0.0.1:…`: to the browser
 * these are two sites, so that cookies, storage and CORS behave as between two domains.
 */
export async function startSite(pages) {
  const hits = [];
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    // Asked for by the browser itself.
    if (path === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    hits.push(request.url);
    const page = pages[path];
    if (page === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { html, headers = {}, type = 'text/html; charset=utf-8' } =
      typeof page === 'string' ? { html: page } : page;
    response.writeHead(200, { 'Content-Type': type, ...headers });
    response.end(html);
  });
  const port = await listen(server);
  return { url: `http://localhost:${port}`, hits, stop: closing(server) };
}

/** A script tag as a site owner pastes it; `attributes` without their `data-`. */
export function tag(api, attributes = {}, more = '') {
  const data = Object.entries({ 'api-key': WIDGET_KEY, ...attributes })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ` data-${name}="${value}"`)
    .join('');
  return `<script async src="${api}/widget/chat-widget.js"${data}${more}></script>`;
}

/** A whole page around `body`. */
export function page(body, head = '') {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${head}</head>
<body><h1>A shop</h1><p>Teapots and cups.</p>${body}</body></html>`;
}
