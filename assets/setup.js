// The set-up page: sends the form with the token of the link, and says what came of it.
(() => {
  const by = (id) => document.getElementById(id)
  const form = by('form')
  // Behind the #, so that it reaches no server log and no referrer.
  const token = location.hash.slice(1)

  const show = (body) => {
    const fields = body?.details?.fieldErrors ?? {}
    for (const name of ['email', 'password']) {
      const why = fields[name]?.join('; ') ?? ''
      by(name + '-error').textContent = why.charAt(0).toUpperCase() + why.slice(1)
      form[name].setAttribute('aria-invalid', String(name in fields))
    }
    by('error').textContent = Object.keys(fields).length ? '' : (body?.message ?? body?.error ?? '')
    form.querySelector('[aria-invalid=true]')?.focus()
  }

  const finish = (text) => {
    form.hidden = true
    by('who').textContent = text
    by('done').hidden = false
    by('done').focus()
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    button.disabled = true
    try {
      const reply = await fetch('/api/auth/setup', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token, email: form.email.value, password: form.password.value }),
      })
      const body = await reply.json()
      if (reply.ok) {
        history.replaceState(null, '', location.pathname)
        finish(`You are signed in as ${body.user.email}.`)
      } else if (reply.status == 404) finish('This server has an admin already.')
      else show(body)
    } catch {
      show({ error: 'The server cannot be reached. Try again.' })
    } finally {
      button.disabled = false
    }
  })

  fetch('/api/auth/setup')
    .then((reply) => reply.json())
    .then((state) => {
      if (!state.needed) finish('This server has an admin already.')
      else if (!token) show({ error: 'Open the whole link that the server printed when it started.' })
    })
    .catch(() => {})
})()
