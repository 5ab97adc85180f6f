// The page in the dashboard's preview: runs the real widget with the options that the dashboard sends,
// and takes orders from the dashboard alone.
(() => {
  let wanted

  // What is shown follows the last order.
  const show = () => {
    const { look, open } = wanted
    window.ChatWidget?.update(look)
    window.ChatWidget?.[open ? 'open' : 'close']()
  }

  const start = ({ chatbotId, look }) => {
    // Consent is never given here: so nothing of the preview stays in the admin's browser.
    window.CHAT_WIDGET_CONFIG = { ...look, chatbotId, consent: 'required' }
    const script = document.createElement('script')
    script.src = '/widget/chat-widget.js'
    script.onload = show
    document.head.append(script)
  }

  addEventListener('message', ({ origin, source, data }) => {
    if (origin != location.origin || source != parent || source == window || data?.type != 'natter-preview') return
    const first = !wanted
    wanted = data
    document.documentElement.dataset.theme = data.dark ? 'dark' : 'light'
    if (first) start(data)
    else show()
  })

  if (parent != window) parent.postMessage({ type: 'natter-preview-ready' }, location.origin)
})()
