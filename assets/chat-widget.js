// Natter's loader: paints the chat button and brings the rest at the first sign of intent.
//
// In: window.CHAT_WIDGET_CONFIG, this script's data attributes, the look that the server keeps for
// the key. Out: one global, ChatWidget, and one element with a shadow root. The WebAssembly gets
// `handle` and returns one function that takes commands; it adopts the button made here. Plain
// JavaScript within 3 KiB of brotli: the build only stamps the file names and drops comments.
(() => {
  const W = window, D = document
  if (W.ChatWidget?.natter) return
  const tag = D.currentScript || D.querySelector('script[src*="chat-widget.js"]')
  const src = tag?.src || location.href
  const say = (text) => console.error('Natter: ' + text)
  const wait = (ms) => new Promise((done) => setTimeout(done, ms))
  const backoff = (n) => wait(Math.min(3e4, 1e3 * 2 ** n) * (0.5 + Math.random() / 2))

  let assets = /*NATTER_ASSETS*/{}/*END*/
  let options, key, base, asked, answer, host, root, button, call, starting, note, ended
  const queue = [], listeners = {}

  // Options: page config, then script attributes, then the server's look, then defaults.
  const settle = () => {
    const page = { ...W.CHAT_WIDGET_CONFIG }, own = { ...tag?.dataset }
    for (const name in own) own[name] = { true: true, false: false }[own[name]] ?? own[name]
    for (const given of [own, page]) {
      const license = given.licenseKey || given.apiKey, chatbotId = given.chatbotId
      if (chatbotId) key = { chatbotId }
      else if (license) key = { licenseKey: license }
      given.primaryColor ??= given.accentColor
      if (!given.primaryColor) delete given.primaryColor
    }
    options = { ...own, ...page }
    // What the server alone decides cannot be set by the page.
    delete options.hideBranding
    delete options.maxMessagesPerConversation
    base = new URL(options.apiUrl || new URL(src).origin, location.href).href
    base = base.replace(/(\/v1\/chat\/stream|\/v1\/chat|\/chat)?\/*$/, '')
    const now = base + JSON.stringify(key)
    if (key && now != asked) answer = fetchLook((asked = now))
  }

  const post = (path, body, signal) =>
    fetch(base + path, { method: 'POST', credentials: 'omit', body, signal })

  // The server's answer, or nothing when it cannot be reached now.
  const fetchLook = async () => {
    try {
      const locale = options.locale || D.documentElement.lang || navigator.language
      const reply = await post('/v1/widget/config', JSON.stringify({ ...key, locale }))
      const body = await reply.json()
      if (reply.ok) return body
      if (reply.status < 500 && reply.status != 429) return { refused: body }
    } catch {}
  }

  const remedies = {
    key_deactivated: 'Use another key.',
    key_inactive: 'Switch it on in the dashboard.',
    key_expired: 'Extend it in the dashboard.',
    origin_not_allowed: `Add ${location.origin} to the key's websites.`,
    ip_not_allowed: "Add the visitor's address to the key's.",
    unauthorized: 'Check licenseKey or chatbotId.',
  }

  // Paints the look that holds, with what the button needs brought into its limits.
  const paint = (found) => {
    const bad = [], ui = found?.ui || {}, look = { ...ui, ...options }
    const clamp = (name, low, high, usual) => {
      const given = look[name] ?? usual
      look[name] = Math.min(high, Math.max(low, +given || 0))
      if (look[name] != given) bad.push(name)
    }
    clamp('openerSize', 40, 140, 70)
    clamp('marginBottom', 10, 1e3, 10)
    const side = (text) => /^(bottom-)?(left|right)$/.exec(text)?.[2]
    let at = side(options.position)
    if (!at) {
      if (options.position) bad.push('position')
      at = side(ui.position) || 'right'
      if (getComputedStyle(D.documentElement).direction == 'rtl') at = at == 'left' ? 'right' : 'left'
    }
    look.position = at
    if (!CSS.supports('color', look.primaryColor)) {
      if (look.primaryColor) bad.push('primaryColor')
      look.primaryColor = '#5D87FF'
    }
    if (bad.length) console.warn('Natter: corrected ' + bad)
    handle.sheet.replaceSync(css(look, at))
    // The browser reads every way of writing a colour; `--o` is white where that has 3:1.
    const rgb = getComputedStyle(button).backgroundColor.match(/\d+/g)
    const light = rgb[0] ** 2 * 0.21 + rgb[1] ** 2 * 0.72 + rgb[2] ** 2 * 0.07
    button.classList.toggle('d', light > 19600)
    look.primaryColor = '#' + rgb.slice(0, 3).map((n) => (+n + 256).toString(16).slice(1)).join('')
    Object.assign(handle, { look, key, id: found?.chatbot.id, name: found?.chatbot.name })
  }

  const css = (look, at) => `
:host{all:initial!important;display:block!important;position:fixed!important;z-index:2147483647!important;--s:${look.openerSize}px;--m:${look.marginBottom}px;--p:${look.primaryColor}}
@media print{:host{display:none!important}}
[hidden]{display:none!important}
.b{box-sizing:border-box;position:fixed;${at}:calc(16px + env(safe-area-inset-${at}));bottom:calc(var(--m) + env(safe-area-inset-bottom));width:var(--s);height:var(--s);padding:0;border:1px solid transparent;border-radius:50%;background:var(--p);color:#fff;cursor:pointer;box-shadow:0 1px 2px #0003,0 6px 20px -4px #0006;-webkit-tap-highlight-color:transparent;animation:i .3s backwards}
.b.d{color:#0b1020}
.b:focus-visible{outline:3px solid var(--p);outline-offset:3px;box-shadow:0 0 0 3px #fff}
.b,.b svg{transition:opacity .2s,transform .2s}
.b:hover{transform:translateY(-2px)}
.b:active{transform:scale(.95)}
svg{position:absolute;inset:0;width:46%;margin:auto;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}
.b svg+svg,.b[aria-expanded=true] svg{opacity:0;transform:rotate(-60deg) scale(.5)}
.b[aria-expanded=true] svg+svg{opacity:1;transform:none}
.b[aria-busy=true] svg{animation:p 1s infinite alternate}
.b.u::after{content:"";position:absolute;top:3%;right:3%;width:20%;height:20%;border-radius:50%;background:#e5484d;border:2px solid #fff}
.n{position:fixed;${at}:16px;bottom:calc(var(--m) + var(--s) + 12px);max-width:260px;padding:12px 16px;border-radius:14px;background:#16181d;color:#fff;font:14px/1.45 system-ui,sans-serif}
@keyframes i{from{opacity:0;transform:scale(.6)}}
@keyframes p{to{opacity:.3}}
@media(prefers-reduced-motion:reduce){.b,.b svg{animation:none!important;transition:none}}`

  const make = (name, attributes) => {
    const node = D.createElementNS(`http://www.w3.org/${/svg|path/.test(name) ? '2000/svg' : '1999/xhtml'}`, name)
    for (const name in attributes) node.setAttribute(name, attributes[name])
    return node
  }

  const draw = (found) => {
    host = make('natter-widget')
    root = handle.root = host.attachShadow({ mode: 'open' })
    handle.css('')
    handle.sheet = root.adoptedStyleSheets[0]
    button = handle.button = make('button', { type: 'button', class: 'b', 'aria-label': 'Open chat', 'aria-expanded': false })
    button.hidden = flag('hideLauncher')
    for (const d of ['M20.5 11.6c0 4.2-3.8 7.6-8.5 7.6-1.2 0-2.4-.2-3.4-.6L4 20l1.2-3.6c-1.1-1.3-1.7-3-1.7-4.8C3.5 7.400 7.300 4 12 4s8.500 3.400 8.500 7.600zM8.200 11.700h0M12 11.700h0M15.800 11.700h0', 'M6 9.500l6 6 6-6']) {
      const svg = make('svg', { viewBox: '0 0 24 24', 'aria-hidden': true })
      svg.append(make('path', { d }))
      button.append(svg)
    }
    button.onclick = () => command('toggle', true)
    for (const intent of ['pointerenter', 'focus', 'touchstart']) button.addEventListener(intent, start, { passive: true })
    root.append(button)
    D.documentElement.append(host)
    paint(found)
  }

  const flag = (name) => options[name] === '' || options[name] === true

  // What the WebAssembly gets; `draw` and `paint` add what they make and know.
  const handle = {
    post,
    emit(name, detail) {
      listeners[name]?.forEach((listener) => listener(detail))
      W.dispatchEvent(new CustomEvent('natter:' + name, { detail }))
    },
    css(text) {
      const more = new CSSStyleSheet()
      more.replaceSync(text)
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, more]
    },
  }

  const start = async () => {
    if (starting) return
    starting = true
    for (let n = 0; !ended; n++) {
      try {
        button.setAttribute('aria-busy', true)
        // A failed import is remembered by its address, so a new attempt needs another.
        const at = (name) => new URL(name + (n ? '?' + n : ''), src).href
        const module = await import(at(assets.js))
        await module.default({ module_or_path: at(assets.wasm) })
        if (ended) return
        note?.remove()
        call = module.mount(handle)
        button.removeAttribute('aria-busy')
        for (const [name, argument] of queue) call(name, argument)
        return
      } catch (error) {
        button.removeAttribute('aria-busy')
        if (n) {
          if (n == 1) say('cannot load the chat, trying again. ' + error)
          if (queue.length && !note) {
            root.append((note = make('div', { class: 'n', role: 'status' })))
            note.textContent = 'The chat cannot be reached right now. Trying again…'
          }
          await backoff(n)
        }
        // After an upgrade of the server this page's file names are gone; a fresh loader knows.
        try {
          const text = await (await fetch(src, { cache: 'reload' })).text()
          assets = JSON.parse(/{"js":"[^"]+","wasm":"[^"]+"}/.exec(text)[0])
        } catch {}
      }
    }
  }

  const command = (name, argument) => {
    if (call) return call(name, argument)
    queue.push([name, argument])
    if (root) start()
  }

  const Chat = (W.ChatWidget = (name, ...rest) => Chat[name](...rest))
  Chat.natter = true
  for (const name of ['open', 'close', 'toggle']) Chat[name] = () => command(name)
  Chat.send = (text) => command('send', '' + text)
  Chat.on = (event, listener) => void (listeners[event] ||= new Set()).add(listener)
  Chat.off = (event, listener) => listeners[event]?.delete(listener)
  Chat.destroy = () => {
    ended = true
    call?.('destroy')
    host?.remove()
    delete W.ChatWidget
  }
  Object.defineProperty(Chat, 'isOpen', { get: () => !!call?.('isOpen') })

  const refuse = ({ code, error, message }) => {
    say([error, message, remedies[code]].filter((part) => part).join('. '))
    Chat.destroy()
  }

  const run = async () => {
    settle()
    if (!key) return say('set licenseKey or chatbotId.')
    try {
      new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
    } catch {
      return say("the page's Content-Security-Policy needs 'wasm-unsafe-eval' in script-src.")
    }
    // A server that hangs is one that cannot be reached: the button does not wait for it.
    let found = await Promise.race([answer, wait(6e3)])
    if (ended) return
    if (found?.refused) return refuse(found.refused)
    draw(found)
    handle.emit('ready')
    try {
      const known = JSON.parse(localStorage.getItem('natter:' + handle.id))
      if (known?.open) command('open')
      else if (known?.pending) start()
    } catch {}
    if (flag('open')) command('open')
    if (queue.length) start()
    ;(W.requestIdleCallback || setTimeout)(() => {
      // Into the browser's cache; a failure shows when the file is needed.
      if (!starting && !navigator.connection?.saveData) for (const name in assets) fetch(new URL(assets[name], src)).then((file) => file.blob()).catch(() => {})
    })
    for (let n = 1; !found && !ended; n++) {
      await backoff(n)
      found = await fetchLook()
      if (ended || !found) continue
      if (found.refused) return refuse(found.refused)
      paint(found)
      call?.('look')
    }
  }

  // The look may be fetched early; everything else waits for the page.
  settle()
  if (D.readyState == 'complete') run()
  else W.addEventListener('load', run)
})()
