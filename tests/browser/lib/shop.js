// A shop with the widget on each of its pages, configured as a test likes.
import { test as base } from './test.js';
import { page as html, tag } from './site.js';

export { expect } from './test.js';

/** A page with these options of the widget. */
export const configured = (url, config, body = '') =>
  html(`${body}<script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify(config)}</script>${tag(url)}`);

export const test = base.extend({
  /** Opens a shop whose pages `/` and `/other` have these options and this body. */
  shop: async ({ natter, upstream, site, page }, use) =>
    use(async (config, body = '', pages = {}) => {
      const server = await natter(upstream.env);
      const given = configured(server.url, config, body);
      const shop = await site({ '/': given, '/other': given, ...pages });
      await page.goto(shop.url);
      return { url: shop.url, server };
    }),
});
