// How the machine's Chromium is started, by the tests and by the scripts.

/** Playwright's options to launch it: `NATTER_CHROMIUM` names another than Playwright's own. */
export const launchOptions = {
  executablePath: process.env.NATTER_CHROMIUM || undefined,
  // The browser's sandbox does not run as root.
  chromiumSandbox: process.getuid?.() !== 0,
  args: ['--disable-background-networking', '--disable-component-update', '--disable-sync'],
};
