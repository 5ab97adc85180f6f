// Verifies one webhook as its receiver would, with npm's `standardwebhooks`.
//
// stdin: {"secret": "whsec_…", "headers": {…}, "body": "…"}, and optionally "now" in Unix seconds
// for a sender whose clock stands still. Prints OK, or says why not and exits with 1.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, headers, body, now } = JSON.parse(readFileSync(0, "utf8"));
if (now !== undefined) {
  Date.now = () => now * 1000;
}
try {
  new Webhook(secret).verify(body, headers);
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
console.log("OK");
