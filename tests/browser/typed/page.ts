// A page of a TypeScript project: what is right compiles, and what is wrong does not.
import type { NatterChatElement, NatterConfig } from '../../../assets/chat-widget';

const config: NatterConfig = {
  licenseKey: 'ABCD-EFGH-JKMN-PQRS',
  position: 'bottom-left',
  theme: 'host',
  consent: 'required',
  engagementRules: { urlPatterns: ['/shop/*'], delaySeconds: 5 },
  preChatForm: { enabled: true, fields: [{ name: 'plan', type: 'choice', options: ['A', 'B'] }] },
};
window.CHAT_WIDGET_CONFIG = config;

ChatWidget.on('message:received', ({ messageId, text }) => console.log(messageId.length, text.length));
ChatWidget.on('error', ({ code }) => {
  if (code === 'identity_invalid') ChatWidget.identify({ jwt: 'x.y.z' });
});
ChatWidget('on', 'ready', () => ChatWidget('open'));
ChatWidget('update', { primaryColor: '#0f766e' });
ChatWidget.setLocale('pt-BR');
const open: boolean = ChatWidget.isOpen;
console.log(open);

const element: NatterChatElement | null = document.querySelector('natter-chat');
element?.addEventListener('natter:ready', () => element.send('Hello'));
window.addEventListener('natter:feedback', (event) => console.log(event.detail.rating === 'up'));

// @ts-expect-error a theme that there is not
window.CHAT_WIDGET_CONFIG = { theme: 'pink' };
// @ts-expect-error the server's alone
window.CHAT_WIDGET_CONFIG = { hideBranding: true };
// @ts-expect-error which chatbot it is stays
ChatWidget.update({ licenseKey: 'other' });
// @ts-expect-error an event that there is not
ChatWidget.on('message:lost', () => {});
// @ts-expect-error without proof
ChatWidget.identify({ userId: 'ada' });
// @ts-expect-error a text is needed
ChatWidget('send');
// @ts-expect-error read only
ChatWidget.isOpen = true;
