// Types of Natter's chat widget: window.CHAT_WIDGET_CONFIG, window.ChatWidget and <natter-chat>.
// In a TypeScript project: copy this file beside your sources, or fetch it at build time from
// https://<your Natter server>/widget/chat-widget.d.ts.

/** Who has signed in to your site, with proof: a hash by your backend, or a JSON Web Token. */
export type NatterIdentity =
  | { userId: string; userHash: string; name?: string; email?: string }
  | { jwt: string };

/** A question of the form before a chat. */
export interface NatterFormField {
  /** `name`, `email`, or a name of your own: 1 to 40 of `a-z`, `0-9`, `_`. */
  name: string;
  label?: string;
  type?: 'text' | 'email' | 'choice';
  required?: boolean;
  /** Of a choice. */
  options?: string[];
}

/** Where and when engagement prompts appear; all that are set must have come true. */
export interface NatterEngagementRules {
  /** Page addresses; `*` stands for any characters. */
  urlPatterns?: string[];
  /** 0 to 3600. */
  delaySeconds?: number;
  /** 0 to 100. */
  scrollPercent?: number;
  exitIntent?: boolean;
}

/** Options that can change while the page is open, by `update`. */
export interface NatterOptions {
  showCloseButton?: boolean;
  showNewConversationButton?: boolean;
  /** A chat in the page takes the height of its container. */
  expandInContainer?: boolean;
  /** http or https. */
  privacyPolicyUrl?: string;
  /** http or https. */
  termsOfServiceUrl?: string;
  /** What the visitor reads when the conversation has as many messages as it may have. */
  maxMessagesError?: string;
  /** Pixels, 40 to 140. */
  openerSize?: number;
  position?: 'left' | 'right' | 'bottom-left' | 'bottom-right';
  /** Pixels, at least 10. */
  marginBottom?: number;
  /** Up to 20, each of 1 to 200 characters. */
  engagementPrompts?: string[];
  engagementPromptMode?: 'rotate' | 'random';
  /** 1 to 3600. */
  engagementPromptRotateSeconds?: number;
  engagementRules?: NatterEngagementRules;
  engagementSound?: boolean;
  title?: string;
  welcomeMessage?: string;
  inputPlaceholder?: string;
  suggestedQuestions?: string[];
  theme?: 'light' | 'dark' | 'auto' | 'host';
  /** An opaque colour: #rrggbb, a CSS name, rgb(), hsl(), hwb(). */
  primaryColor?: string;
  /** The same as `primaryColor`. */
  accentColor?: string;
  avatarUrl?: string;
  launcherIconUrl?: string;
  logoUrl?: string;
  /** A language tag such as `de` or `pt-BR`. */
  locale?: string;
  preChatForm?: { enabled?: boolean; fields?: NatterFormField[] };
  showSources?: boolean;
  showFeedback?: boolean;
  showCopy?: boolean;
  allowTranscript?: boolean;
  /** Hosts whose pictures are shown in answers, by https. */
  showImages?: string[];
  /** A CSS selector of your own bars that the button stays clear of. */
  avoidSelector?: string;
  /** Texts of your own, by their keys. */
  strings?: Record<string, string>;
}

/** window.CHAT_WIDGET_CONFIG */
export interface NatterConfig extends NatterOptions {
  /** Your Natter server; without it, where the script came from. */
  apiUrl?: string;
  /** The widget key or a license key. */
  licenseKey?: string;
  /** The same as `licenseKey`. */
  apiKey?: string;
  /** The public id of a license key, instead of the key. */
  chatbotId?: string;
  /** Opens the chat when the page has loaded. */
  open?: boolean;
  /** Draws no button. */
  hideLauncher?: boolean;
  /** Nothing is stored until `consent(true)`. */
  consent?: 'required';
  identity?: NatterIdentity;
}

/** What each event says. On window, `natter:<name>` comes with the same as `detail`. */
export interface NatterEvents {
  /** The button stands, or the chat in the page has its place. */
  ready: undefined;
  'widget:open': Record<string, never>;
  'widget:close': Record<string, never>;
  /** The first message of a conversation is on its way. */
  'conversation:start': Record<string, never>;
  'message:sent': { text: string };
  /** An answer is whole. */
  'message:received': { messageId: string; text: string };
  /** `rating` is empty when it was taken back. */
  feedback: { messageId: string; rating: 'up' | 'down' | ''; comment?: string };
  /** What the visitor reads. */
  'limit:reached': { message: string; code: string };
  /** What the visitor has written in the form, by field. */
  'lead:captured': Record<string, unknown>;
  /** An answer failed, or the server refused the visitor. `code` is empty when the connection was lost. */
  error: { message: string; code: string };
}

export interface NatterChat {
  readonly isOpen: boolean;
  open(): void;
  close(): void;
  toggle(): void;
  /** Shows what `hide` has hidden, and a button that `hideLauncher` hides. */
  show(): void;
  /** Takes the whole chat off the page, until `show` or `open`. */
  hide(): void;
  /** Asks a question for the visitor. */
  send(text: string): void;
  /** Forgets the visitor: for your sign-out. */
  reset(): void;
  identify(who: NatterIdentity | null): void;
  /** Whether something may be stored; false removes what was. */
  consent(given: boolean): void;
  setLocale(locale: string): void;
  /** Other options from now on. Which server and which chatbot it is cannot be changed. */
  update(options: NatterOptions): void;
  on<Name extends keyof NatterEvents>(event: Name, listener: (detail: NatterEvents[Name]) => void): void;
  off<Name extends keyof NatterEvents>(event: Name, listener: (detail: NatterEvents[Name]) => void): void;
  /** Takes the widget off the page for good. */
  destroy(): void;
}

/** Also callable by name: `ChatWidget('open')`, `ChatWidget('on', event, listener)`. */
export interface NatterWidget extends NatterChat {
  <Name extends Exclude<keyof NatterChat, 'isOpen'>>(name: Name, ...rest: Parameters<NatterChat[Name]>): void;
}

/** A chat in the page; its methods are there when it has said `natter:ready`. */
export interface NatterChatElement extends HTMLElement, NatterChat {}

declare global {
  interface Window {
    CHAT_WIDGET_CONFIG?: NatterConfig;
    ChatWidget: NatterWidget;
  }
  const ChatWidget: NatterWidget;
  interface HTMLElementTagNameMap {
    'natter-chat': NatterChatElement;
  }
  interface WindowEventMap extends NatterDomEvents {}
  interface HTMLElementEventMap extends NatterDomEvents {}
}

/** The events as the DOM has them. */
type NatterDomEvents = { [Name in keyof NatterEvents as `natter:${Name}`]: CustomEvent<NatterEvents[Name]> };
