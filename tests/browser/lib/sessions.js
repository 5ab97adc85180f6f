// What tests of the visitor's session share.
import { expect } from '@playwright/test';

/** The bodies of the requests that began or renewed a session, as they come. */
export function sessions(page) {
  const bodies = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/widget/session')) bodies.push(JSON.parse(request.postData()));
  });
  return bodies;
}

/** Asks, and waits until this answer stands there whole. */
export async function answered(chat, upstream, question, answer) {
  await chat.ask(question);
  const call = await upstream.call();
  call.send(answer);
  call.finish();
  await expect(chat.answerText).toHaveText(answer);
  await expect(chat.stopButton).toBeHidden();
}
