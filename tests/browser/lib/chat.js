// The widget as a visitor meets it: by roles and names, and by class only where it has no other.
import { expect } from '@playwright/test';

export class Chat {
  /** `page` may be a frame or an element that holds the chat; one in the page is no dialog. */
  constructor(page, panel = page.getByRole('dialog')) {
    this.page = page;
    this.launcher = page.locator('button[aria-expanded]');
    this.panel = panel;
    this.log = this.panel.getByRole('log');
    this.input = this.panel.locator('.composer').getByRole('textbox');
    this.sendButton = this.panel.getByRole('button', { name: /^send/i });
    this.stopButton = this.panel.getByRole('button', { name: /stop/i });
    this.retryButton = this.panel.getByRole('button', { name: /try again|retry/i });
    this.closeButton = this.panel.getByRole('button', { name: /close/i });
    this.newButton = this.panel.getByRole('button', { name: /new conversation/i });
    this.questions = this.log.locator('.row.you .body');
    this.answers = this.log.locator('.row.bot');
    this.answer = this.answers.last();
    this.answerText = this.answer.locator('.body');
    /** What is read out. */
    this.spoken = this.panel.locator('.status[role="status"]');
  }

  async open() {
    await this.launcher.click();
    await expect(this.panel).toBeVisible();
    await expect(this.input).toBeEnabled();
  }

  async ask(text) {
    await this.input.fill(text);
    await this.input.press('Enter');
    await expect(this.questions.last()).toContainText(text);
  }

  /** Asks something and has it answered, to its end. */
  async exchange(upstream, question, ...tokens) {
    await this.ask(question);
    const call = await upstream.call();
    call.send(...tokens);
    call.finish();
    await expect(this.stopButton).toBeHidden();
    return call;
  }
}
