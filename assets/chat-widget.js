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
  const src = tag?.src || location
  const say = (text) => console.error('Natter:', text)
  const wait = (ms) => new Promise((then) => setTimeout(then, ms))
  const backoff = (n) => wait(Math.min(3e4, 1e3 * 2 ** n) * (0.5 + Math.random() / 2))

  let assets = NATTER_ASSETS
  let options, key, base, body, asked, answer, known, host, root, button, picture, call, forget, starting, note, ended
  const queue = [], listeners = {}

  // Options: page config, then script attributes, then the server's look, then defaults.
  const settle = () => {
    const page = { ...W.CHAT_WIDGET_CONFIG }, own = { ...tag?.dataset }
    for (const given of [own, page]) {
      const license = given.licenseKey || given.apiKey, chatbotId = given.chatbotId
      if (chatbotId) key = { chatbotId }
      else if (license) key = { licenseKey: license }
      if (given.accentColor) given.primaryColor ??= given.accentColor
    }
    options = { ...own, ...page }
    // What the server alone decides cannot be set by the page.
    delete options.hideBranding
    delete options.maxMessagesPerConversation
    handle.identity ??= page.identity
    base = new URL(options.apiUrl || new URL('/', src), location).href.replace(/(\/v1)?(\/chat(\/stream)?)?\/*$/, '')
    // No tag is longer; a page that has none speaks its visitor's language, or so we hope.
    const cut = (tag) => (tag ? ('' + tag).slice(0, 35) : undefined)
    body = JSON.stringify({ ...key, locale: cut(options.locale), fallbackLocale: cut(D.documentElement.lang || navigator.language) })
    if (key && asked != (asked = base + body)) answer = fetchLook()
  }

  const post = (path, body, signal) =>
    fetch(base + path, { method: 'POST', credentials: 'omit', body, signal })

  // The server's answer, or nothing when it cannot be reached now.
  const fetchLook = async () => {
    try {
      const reply = await post('/v1/widget/config', body)
      if (reply.status < 500 && reply.status != 429) return await reply.json()
    } catch {}
  }

  const remedies = {
    key_deactivated: 'Use another key.',
    key_inactive: 'Switch the key on.',
    key_expired: 'Extend the key.',
    origin_not_allowed: `Add ${location.origin} to the key.`,
    ip_not_allowed: 'Add this address.',
    unauthorized: 'Check licenseKey or chatbotId.',
  }

  // Paints the look that holds, with what the button needs brought into its limits.
  const paint = (found) => {
    const bad = [], look = { ...found?.ui, ...options }
    const clamp = (name, low, high, usual) => {
      const given = look[name] ?? usual
      look[name] = Math.min(high, Math.max(low, +given || 0))
      if (look[name] != given) bad.push(name)
    }
    clamp('openerSize', 40, 140, 70)
    clamp('marginBottom', 10, 1e3, 10)
    let left = /left/.test(look.position)
    if (!options.position && getComputedStyle(D.documentElement).direction == 'rtl') left = !left
    const at = (look.position = left ? 'left' : 'right')
    if (!CSS.supports('color', look.primaryColor)) {
      if (look.primaryColor) bad.push('primaryColor')
      look.primaryColor = '#5d87ff'
    }
    if (bad.length) console.warn('Natter: corrected ' + bad)
    handle.sheet.replaceSync(css(look, at))
    // Covers the sign once it is there.
    picture?.remove()
    picture = make('img', { alt: '', src: look.launcherIconUrl || '' })
    picture.onload = () => button.append(picture)
    // The browser reads every way of writing a colour; the sign is white where that has 3:1.
    const rgb = getComputedStyle(button).backgroundColor.match(/\d+/g).slice(0, 3)
    button.classList.toggle('d', rgb[0] ** 2 * 0.21 + rgb[1] ** 2 * 0.72 + rgb[2] ** 2 * 0.07 > 19600)
    look.primaryColor = '#' + rgb.map((n) => (+n + 256).toString(16).slice(1)).join('')
    known = found || known
    // The chatbot's id and name.
    Object.assign(handle, found?.chatbot, { look, key, base })
    if (!call) button.setAttribute('aria-label', word('open', 'Open chat'))
    forget?.()
    ;(W.requestIdleCallback || setTimeout)(() => {
      // Done in this browser session: 1, prompts were dismissed; 2, the sound was heard.
      let done
      try {
        done = sessionStorage['natter:' + handle.id]
      } catch {}
      if ((look.engagementPrompts?.[0] && !/1/.test(done)) || (look.engagementSound && !/2/.test(done)) || look.avoidSelector) start()
      // Into the browser's cache; a failure shows when the file is needed.
      if (!starting && !navigator.connection?.saveData) [assets.js, assets.wasm, text()].map((name) => fetch(new URL(name, src)).then((reply) => reply.blob()).catch(() => {}))
    })
  }

  // What is said before the language's texts are there.
  const word = (name, english) => options.strings?.[name] || known?.words[name] || english

  const css = (look, at) => `
:host{all:initial!important;display:block!important;position:fixed!important;z-index:2147483647!important;--s:${look.openerSize}px;--m:calc(${look.marginBottom}px + env(safe-area-inset-bottom));--x:calc(16px + env(safe-area-inset-${at}));--p:${look.primaryColor}}
.b,.n{position:fixed;${at}:var(--x);bottom:var(--m)}
.b{width:var(--s);height:var(--s);padding:0;border:1px solid transparent;border-radius:50%;background:var(--p);color:#fff;cursor:pointer;box-shadow:0 6px 20px -4px #0007}
.d{color:#0b1020}
.b:focus-visible{outline:3px solid var(--p);outline-offset:3px}
svg{position:absolute;inset:0;width:46%;margin:auto;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round}
.b img{position:absolute;inset:-1px;width:var(--s);height:var(--s);border-radius:50%;object-fit:cover;background:var(--p)}
[aria-busy] svg{opacity:.4}
.n{margin:0 0 calc(var(--s) + 12px);width:240px;padding:12px 16px;border-radius:14px;background:#0b1020;color:#fff;font:14px/1.45 system-ui}`

  const make = (name, set = {}, space = '1999/xhtml') => {
    const node = D.createElementNS('http://www.w3.org/' + space, name)
    Object.keys(set).map((name) => node.setAttribute(name, set[name]))
    return node
  }

  const draw = (found) => {
    host = make('natter-widget')
    handle.root = root = host.attachShadow({ mode: 'open' })
    handle.sheet = handle.css('')
    button = handle.button = make('button', { type: 'button', class: 'b', 'aria-expanded': false })
    button.hidden = flag('hideLauncher')
    const svg = make('svg', { viewBox: '0 0 24 24' }, '2000/svg')
    svg.append(make('path', { d: 'M4 20l1.3-4a8 7.6 0 1 1 3.3 2.9zM8.5 12h0m3.5 0h0m3.5 0h0' }, '2000/svg'))
    button.append(svg)
    button.onclick = () => command('toggle', true)
    button.onpointerenter = button.onfocus = start
    root.append(button)
    D.documentElement.append(host)
    paint(found)
    handle.emit('ready')
    try {
      const kept = JSON.parse(localStorage['natter:' + handle.id])
      if (kept.pending || kept.unread) start()
      if (kept.open) command('open')
    } catch {}
    if (flag('open')) command('open')
    if (queue[0]) start()
  }

  // The file with the language's texts.
  const text = () => known?.text || assets.text

  const flag = (name) => /^(true)?$/.test(options[name] ?? 0)

  // What the WebAssembly gets; `draw` and `paint` add what they make and know.
  const handle = {
    post,
    async emit(name, detail) {
      await 0
      listeners[name]?.forEach((then) => then(detail))
      W.dispatchEvent(new CustomEvent('natter:' + name, { detail }))
    },
    css(text) {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(text)
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
      return sheet
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
        const [module, texts] = await Promise.all([import(at(assets.js)), fetch(at(text()))])
        if (!texts.ok) throw texts.status
        handle.texts = { ...(await texts.json()), ...options.strings }
        handle.locale = known?.locale || 'en'
        await module.default({ module_or_path: at(assets.wasm) })
        if (ended) return
        note?.remove()
        handle.sound = at(assets.sound)
        call = module.mount(handle)
        button.removeAttribute('aria-busy')
        queue.forEach(call)
        return
      } catch (error) {
        button.removeAttribute('aria-busy')
        if (n) {
          say(error)
          if (queue[0] && !note) {
            note = make('div', { class: 'n', role: 'status' })
            note.append(word('unreachable', 'Not reachable. Trying again.'))
            root.append(note)
          }
          await backoff(n)
        }
        // After an upgrade of the server this page's file names are gone; a fresh loader knows.
        try {
          const reply = await fetch(src, { cache: 'reload' })
          assets = JSON.parse(/{"js":"[^}]+}/.exec(await reply.text())[0])
          const again = await fetchLook()
          if (again?.chatbot) known = again
        } catch {}
      }
    }
  }

  const command = (...step) => {
    if (call) return call(step)
    queue.push(step)
    if (root) start()
  }

  const Chat = (W.ChatWidget = (name, ...rest) => Chat[name](...rest))
  Chat.natter = true
  Chat.open = () => command('open')
  Chat.close = () => command('close')
  Chat.toggle = () => command('toggle')
  Chat.send = (text) => command('send', text)
  // Kept in memory only, and starts nothing: every session reads it when it begins.
  Chat.identify = (who) => {
    handle.identity = who
    call?.(['identify'])
  }
  Chat.reset = () => {
    // Neither missing nor an identity: the page's option does not come back.
    handle.identity = 0
    // Until the server has answered, the entry's name is not known: then it is forgotten later.
    forget = () => {
      try {
        delete localStorage['natter:' + handle.id]
      } catch {}
    }
    forget()
    call?.(['reset'])
  }
  Chat.on = (name, then) => void (listeners[name] ||= new Set()).add(then)
  Chat.off = (name, then) => void listeners[name]?.delete(then)
  Chat.destroy = () => {
    ended = true
    call?.(['destroy'])
    host?.remove()
    delete W.ChatWidget
  }
  Object.defineProperty(Chat, 'isOpen', { get: () => button?.getAttribute('aria-expanded') == 'true' })

  const run = async () => {
    settle()
    if (!key) return say(remedies.unauthorized)
    try {
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
    } catch {
      return say("Content-Security-Policy: script-src needs 'wasm-unsafe-eval'.")
    }
    for (let n = 0, found; !found; n++) {
      // A server that hangs is one that cannot be reached: the button does not wait for it.
      found = await Promise.race([n ? fetchLook() : answer, wait(6e3)])
      if (ended) return
      if (found && !found.chatbot) {
        const { code, error, message } = found
        say([error, message, remedies[code]].filter(Boolean).join('. '))
        return Chat.destroy()
      }
      if (!root) draw(found)
      else if (found) {
        paint(found)
        call?.(['look'])
      }
      if (!found) await backoff(n)
    }
  }

  // The look may be fetched early; everything else waits for the page.
  settle()
  if (D.readyState == 'complete') run()
  else W.addEventListener('load', run)
})()
