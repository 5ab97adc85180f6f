// Natter's loader: paints the chat button and brings the rest at the first sign of intent.
//
// In: window.CHAT_WIDGET_CONFIG, this script's data attributes, the look that the server keeps for
// the key. Out: one global, ChatWidget, and one element with a shadow root. The WebAssembly gets
// `handle` and returns one function that takes commands; it adopts the button made here. Plain
// JavaScript within 3 KiB of brotli: the build stamps the file names and drops comments.
//
// The build makes two files of it: this one, for the chat over the page, and, with NATTER_INLINE,
// the module that makes a chat of each <natter-chat>, which only pages with such an element load.
(() => {
  const W = window, D = document
  if (!NATTER_INLINE && W.ChatWidget?.natter) return
  const tag = D.currentScript || D.querySelector('script[src*="chat-widget.js"]')
  let src = tag?.src || location
  const say = (...text) => console.error('Natter:', ...text)
  const wait = (ms) => new Promise((then) => setTimeout(then, ms))
  const backoff = (n) => wait(Math.min(3e4, 1e3 * 2 ** n) * (0.5 + Math.random() / 2))
  const make = (name, set = {}, space = '1999/xhtml') => {
    const node = D.createElementNS('http://www.w3.org/' + space, name)
    Object.entries(set).map((pair) => node.setAttribute(...pair))
    return node
  }

  // The build's own name, and with it those of its files.
  let build = NATTER_BUILD
  const named = (kind) => 'widget-' + build + kind
  // The WebAssembly, on its way or there: one for all chats of the page.
  let one = {}
  const bring = (at) =>
    (one.program ||= Promise.all([import(at(named('.js'))), fetch(at(named('.wasm')))]).then(async ([module, file]) => {
      await module.default({ module_or_path: file })
      return module
    }))

  const flag = (value) => /^(true)?$/.test(value ?? 0)

  // One widget. `api` gets its methods; with NATTER_INLINE it is the element that it stands in, and
  // the loader gives its address and what it has of the WebAssembly.
  const create = (api, from, shared) => {
    if (NATTER_INLINE) {
      if (api.natter) return
      src = from
      one = shared
    }
    let options, key, base, body, asked, answer, known, root, picture, call, forget, starting, ended, spoken, runs = 0
    const queue = [], sheets = [], listeners = {}, later = {}, own = {}
    const host = NATTER_INLINE ? api : make('natter-widget')
    // An element's attributes: license-key is licenseKey, and data-title is title, which as an
    // attribute of its own browsers show under the pointer.
    if (NATTER_INLINE) {
      for (const { name, value } of api.attributes) {
        own[name.replace(/^data-/, '').replace(/-./g, (two) => two[1].toUpperCase())] = value == 'true' || (value != 'false' && value)
      }
    }
    const button = make('button', { type: 'button', class: 'b', 'aria-expanded': false })

    // `accentColor` is another name of `primaryColor`.
    // What is undefined or null was not said.
    const add = (to, some) =>
      Object.entries({ primaryColor: some?.accentColor, ...some }).map(([name, value]) => value == null || (to[name] = value))

    // Options: what was said last, then an element's own, page config, script attributes, the
    // server's look, defaults.
    const settle = () => {
      options = {}
      for (const some of [tag?.dataset, W.CHAT_WIDGET_CONFIG, own]) {
        const license = some?.licenseKey || some?.apiKey, chatbotId = some?.chatbotId
        if (chatbotId) key = { chatbotId }
        else if (license) key = { licenseKey: license }
        add(options, some)
      }
      handle.identity ??= options.identity
      base = new URL(options.apiUrl || new URL('/', src), location).href.replace(/(\/v1)?(\/chat(\/stream)?)?\/*$/, '')
      // Which server and which chatbot it is stays as it was in the beginning.
      Object.assign(options, later)
      // A page that has none speaks its visitor's language, or so we hope.
      body = JSON.stringify({ ...key, locale: options.locale, fallbackLocale: D.documentElement.lang || navigator.language })
      if (key && asked != (asked = base + body)) answer = fetchLook()
    }

    // The server's answer, or nothing when it cannot be reached now.
    const fetchLook = async () => {
      try {
        const reply = await handle.post('/v1/widget/config', body)
        if (reply.status < 500 && reply.status != 429) return await reply.json()
      } catch {}
    }

    // What earlier pages stored of the visitor, where it may be looked at.
    const kept = (place) => {
      try {
        if (handle.consented ?? options.consent != 'required') return W[place]['natter:' + handle.id]
      } catch {}
    }

    // Until the server has answered, the entry's name is not known: then it goes later, once.
    const wipe = () => {
      forget = !known && wipe
      try {
        delete localStorage['natter:' + handle.id]
      } catch {}
    }

    // Paints the look that holds, with what the button needs brought into its limits.
    const paint = (found) => {
      const ui = found?.ui, look = { ...ui, ...options }
      // Mirrored where the page reads from the right and has not said a side itself.
      const left = /left/.test(look.position) ^ (!options.position && getComputedStyle(D.documentElement).direction == 'rtl')
      const at = left ? 'left' : 'right'
      // The browser reads every way of writing a colour. One that lets something shine through, is of a wider
      // range, or none at all is left.
      const tint = (colour) => {
        button.style.backgroundColor = colour
        return getComputedStyle(button).backgroundColor.split(',')
      }
      handle.sheet.replaceSync(css(look, at))
      // What is no colour leaves the one before.
      tint('#0000')
      const good = tint(look.primaryColor).length == 3
      const rgb = tint(good ? look.primaryColor : '').map((part) => part.match(/\d+/))
      // Covers the sign once it is there.
      picture?.remove()
      picture = new Image()
      picture.alt = ''
      picture.src = look.launcherIconUrl || ''
      picture.onload = () => button.append(picture)
      // The sign is white where that has 3:1.
      button.style.color = rgb[0] ** 2 * 0.21 + rgb[1] ** 2 * 0.72 + rgb[2] ** 2 * 0.07 > 19600 ? '#0b1020' : '#fff'
      // What is out of its limits stays in the look: the WebAssembly names it in a warning.
      if (good) look.primaryColor = '#' + rgb.map((n) => (+n + 256).toString(16).slice(1)).join('')
      known = found || known
      // The chatbot's id and name.
      Object.assign(handle, found?.chatbot, { ui, look, key, base, at })
      if (!call) button.setAttribute('aria-label', word('open', 'Open chat'))
      forget && forget()
      ;(W.requestIdleCallback || setTimeout)(() => {
        // Done in this browser session: 1, prompts were dismissed; 2, the sound was heard.
        const done = kept('sessionStorage')
        if (!NATTER_INLINE && ((look.engagementPrompts?.[0] && !/1/.test(done)) || (look.engagementSound && !/2/.test(done)) || look.avoidSelector)) start()
        // Into the browser's cache; a failure shows when the file is needed.
        if (!one.program && !navigator.connection?.saveData) [named('.js'), named('.wasm'), text()].map((name) => fetch(new URL(name, src)).then((reply) => reply.blob(), () => 0))
      })
    }

    // What is said before the language's texts are there.
    const word = (name, english) => options.strings?.[name] ?? known?.words[name] ?? english

    const css = (look, at) => `
:host{display:block${NATTER_INLINE ? '' : '!important'};${
      NATTER_INLINE ? `height:${flag(look.expandInContainer) ? '100%' : 'min(640px,100vh)'};min-height:240px` : 'all:initial!important;position:fixed!important;z-index:2147483647!important'
    }}
.b,.nt{--s:clamp(40px,${+look.openerSize || 70}px,140px);--m:calc(max(10px,${+look.marginBottom || 0}px) + env(safe-area-inset-bottom));--x:calc(16px + env(safe-area-inset-${at}))}
:host([hidden]){display:none!important}
.b{position:fixed;${at}:var(--x);bottom:var(--m);width:var(--s);height:var(--s);padding:0;border:1px solid #0000;border-radius:50%;background:#5d87ff;cursor:pointer;box-shadow:0 6px 20px #0005}
svg{position:absolute;inset:0;width:46%;margin:auto;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round}
.b img{position:absolute;inset:-1px;width:var(--s);height:var(--s);border-radius:50%;object-fit:cover;background:inherit}
[aria-busy] svg{opacity:.4}`

    const draw = (found) => {
      handle.root = root = host.shadowRoot || host.attachShadow({ mode: 'open' })
      handle.sheet = handle.css('')
      // An element that comes back to the page still has its old one's.
      root.replaceChildren(button)
      button.hidden = NATTER_INLINE || flag(options.hideLauncher)
      if (NATTER_INLINE) {
        // Not empty: some pages hide what is.
        host.append(' ')
        new IntersectionObserver((seen) => seen.map((one) => one.isIntersecting && start())).observe(host)
      } else {
        // A page that replaces its body, or all of itself, keeps its widget.
        const stay = () => {
          if (ended || host.isConnected) return
          D.documentElement.append(host)
          watch.observe(D, { childList: true })
          watch.observe(D.documentElement, { childList: true })
        }
        const watch = new MutationObserver(stay)
        stay()
      }
      paint(found)
      handle.emit('ready')
      recall()
      if (flag(options.open)) command('open')
      if (queue[0]) start()
    }

    // Goes on where an earlier page has stopped.
    const recall = () => {
      try {
        const memory = JSON.parse(kept('localStorage'))
        if (memory.pending || memory.unread) start()
        if (memory.open && !host.hidden) command('open')
      } catch {}
    }

    // The file with the language's texts.
    const text = () => known?.text || named('.json')

    // What the WebAssembly gets; `draw` and `paint` add what they make and know.
    const handle = {
      api,
      button,
      inline: NATTER_INLINE,
      post: (path, body, signal) => fetch(base + path, { method: 'POST', credentials: 'omit', body, signal }),
      async emit(name, detail) {
        await 0
        // Async: one that fails keeps nothing from the others.
        listeners[name]?.forEach(async (then) => then(detail))
        ;if (NATTER_INLINE) host.dispatchEvent(new CustomEvent('natter:' + name, { detail, bubbles: true, composed: true }))
        else dispatchEvent(new CustomEvent('natter:' + name, { detail }))
      },
      css(text) {
        const sheet = new CSSStyleSheet()
        sheet.replaceSync(text)
        sheets.push(sheet)
        root.adoptedStyleSheets = sheets
        return sheet
      },
    }

    const start = async () => {
      if (starting) return
      starting = true
      for (let n = 0; !ended; n++) {
        try {
          // A failed import is remembered by its address, so a new attempt needs another.
          const at = (name) => new URL(name + (n ? '?' + n : ''), src).href
          const [module, texts] = await Promise.all([bring(at), fetch(at((spoken = text())))])
          if (!texts.ok) throw texts.status
          handle.texts = { ...(await texts.json()), ...options.strings }
          handle.locale = known?.locale
          if (ended) return
          handle.sound = at(named('.mp3'))
          call = module.mount(handle)
          queue.splice(0).forEach(call)
          // The page may have changed its language meanwhile.
          return restart()
        } catch (error) {
          one.program = 0
          if (n) {
            say(error)
            if (queue[0]) button.title = word('unreachable', 'Offline')
            await backoff(n)
          }
          // After an upgrade of the server this page's file names are gone; a fresh loader knows.
          try {
            const reply = await fetch(src, { cache: 'reload' })
            build = /\b[\da-f]{16}\b/.exec(await reply.text())[0]
            const again = await fetchLook()
            if (again?.chatbot) known = again
          } catch {}
        } finally {
          button.ariaBusy = null
        }
      }
    }

    // Another language: everything is drawn anew.
    const restart = () => {
      if (!call || spoken == text()) return
      const open = api.isOpen
      call(['destroy'])
      call = starting = null
      sheets.splice(1)
      open ? command('open') : start()
    }

    const command = (...step) => {
      // An array of one text equals it.
      if (step != 'close') host.hidden = false
      if (call) return call(step)
      // Nothing need be fetched to close nothing.
      if (step == 'close' && !queue[0]) return
      queue.push(step)
      button.ariaBusy = true
      if (root) start()
    }

    const run = async () => {
      settle()
      const mine = ++runs
      if (!key) return (NATTER_INLINE || !D.querySelector('natter-chat')) && say('No licenseKey.')
      try {
        new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
      } catch {
        return say("script-src needs 'wasm-unsafe-eval'")
      }
      for (let n = 0, found; !found; n++) {
        // A server that hangs is one that cannot be reached: the button does not wait for it.
        found = await Promise.race([n ? fetchLook() : answer, wait(6e3)])
        if (ended || mine != runs) return
        if (found && !found.chatbot) {
          say(found.message)
          // The page may go on calling us.
          api.destroy()
          return (W.ChatWidget ||= api)
        }
        if (!root) draw(found)
        else if (found) {
          paint(found)
          restart()
          call?.(['look'])
        }
        if (!found) await backoff(n)
      }
    }

    button.onclick = () => command('press')
    button.onpointerenter = button.onfocus = start
    const svg = make('svg', { viewBox: '0 0 24 24' }, '2000/svg')
    svg.append(make('path', { d: 'M4 20l1.3-4a8 7.6 0 1 1 3.3 2.9zM8.5 12h0m3.5 0h0m3.5 0h0' }, '2000/svg'))
    button.append(svg)

    Object.assign(api, {
      natter: true,
      // The WebAssembly keeps it in step.
      isOpen: false,
      open: () => command('open'),
      close: () => command('close'),
      toggle: () => command('toggle'),
      send: (text) => command('send', text),
      show: () => (NATTER_INLINE ? command('open') : (host.hidden = button.hidden = false)),
      hide() {
        host.hidden = true
        command('close')
      },
      // Kept in memory only, and starts nothing: every session reads it when it begins.
      identify(who) {
        handle.identity = who
        call?.(['identify'])
      },
      reset() {
        // Neither missing nor an identity: the page's option does not come back.
        handle.identity = 0
        wipe()
        call?.(['reset'])
      },
      consent(yes) {
        handle.consented = yes
        if (!yes) wipe()
        if (call) call(['look'])
        else if (root) recall()
      },
      setLocale: (locale) => api.update({ locale }),
      update(some) {
        add(later, some)
        if (runs) run()
      },
      ...(NATTER_INLINE && {
        // One that is only moved is back by then.
        leave: () => setTimeout(() => host.isConnected || api.destroy()),
      }),
      on: (name, then) => (listeners[name] ||= new Set()).add(then),
      off: (name, then) => listeners[name]?.delete(then),
      destroy() {
        ended = true
        api.natter = false
        call?.(['destroy'])
        host.remove()
        if (!NATTER_INLINE) delete W.ChatWidget
      },
    })

    // The look may be fetched early; everything else waits for the page.
    settle()
    if (D.readyState == 'complete') run()
    else W.addEventListener('load', run)
  }

  if (NATTER_INLINE) return create
  const Chat = (W.ChatWidget = (name, ...rest) => Chat[name](...rest))
  create(Chat)
  // Another copy of the script may have been here before.
  customElements.get('natter-chat') ||
    customElements.define('natter-chat', class extends HTMLElement {
      async connectedCallback() {
        const module = await import(new URL(named('.inline.js'), src))
        if (this.isConnected) module.default(this, src, one)
      }
      disconnectedCallback() {
        this.leave?.()
      }
    })
})()
