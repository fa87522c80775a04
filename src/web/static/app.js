// What the pages do beyond links and forms. Everything works without it.
document.documentElement.classList.add('js')

const tip = document.getElementById('tip')
const make = (name, text, ...of) => { const e = document.createElement(name); e.textContent = text ?? ''; e.append(...of); return e }

/** Shows a column's row of the chart's own table: one source for eye, ear and tooltip. */
function show(link, at) {
  const figure = link.closest('figure')
  const heads = [...figure.querySelectorAll('thead th')], cells = [...figure.querySelectorAll('tbody tr')[at].cells]
  const list = make('dl')
  heads.slice(1).forEach((head, i) => {
    const term = make('dt', head.textContent)
    term.className = head.className
    list.append(term, make('dd', cells[i + 1].textContent))
  })
  tip.replaceChildren(make('b', cells[0].textContent), list)
  tip.hidden = false
  const box = link.getBoundingClientRect(), own = tip.getBoundingClientRect()
  const right = box.right + 10, left = box.left - own.width - 10
  // CSSOM, not a style attribute: style-src 'self' lets it pass.
  tip.style.left = `${Math.max(8, right + own.width < innerWidth - 8 ? right : left)}px`
  tip.style.top = `${Math.max(8, Math.min(box.top + 12, innerHeight - own.height - 8))}px`
}
const hide = () => { tip.hidden = true }

for (const plot of document.querySelectorAll('.plot')) {
  // Listeners sit on the div: Chromium lets Tab stop at an <svg> that listens for focus.
  const links = [...plot.querySelectorAll('a')]
  // One tab stop a chart; arrows go from column to column.
  links.forEach((link, i) => link.setAttribute('tabindex', i === links.length - 1 ? 0 : -1))
  plot.addEventListener('pointerover', event => { const a = event.target.closest('a'); if (a) show(a, links.indexOf(a)) })
  plot.addEventListener('pointerleave', hide)
  plot.addEventListener('focusin', event => { if (links.includes(event.target)) show(event.target, links.indexOf(event.target)) })
  plot.addEventListener('focusout', hide)
  plot.addEventListener('keydown', event => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const at = links.indexOf(event.target.closest('a'))
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: links.length - 1 }[event.key]
    if (event.key === 'Escape') hide()
    if (to === undefined || !links[to]) return
    event.preventDefault()
    links[at].setAttribute('tabindex', -1)
    links[to].setAttribute('tabindex', 0)
    links[to].focus()
  })
}

// A filter takes effect when it is chosen. What is typed changes at every key: it takes effect with
// Enter, or when the form is left. Empty fields stay out of the address.
for (const form of document.querySelectorAll('[data-auto]')) {
  let isTyped = false, isChanged = false
  form.addEventListener('pointerdown', () => { isTyped = false })
  form.addEventListener('keydown', event => { isTyped = event.key !== 'Enter' })
  form.addEventListener('change', () => { isChanged = true; form.classList.add('changed'); if (!isTyped) form.requestSubmit() })
  form.addEventListener('focusout', event => { if (isChanged && !form.contains(event.relatedTarget)) form.requestSubmit() })
  form.addEventListener('formdata', event => { for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name) })
}
const isNarrow = matchMedia('(width < 40rem)'), filters = document.querySelector('.filters')
const fold = () => { if (filters) filters.open = !isNarrow.matches }
isNarrow.addEventListener('change', fold)
fold()

// How long ago, beside the exact time: of the data in words, of others where one points.
const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'auto' })
for (const time of document.querySelectorAll('time[datetime]')) {
  const minutes = Math.round((Date.parse(time.dateTime) - Date.now()) / 60000), away = Math.abs(minutes)
  if (Number.isNaN(minutes)) continue
  time.title = away < 60 ? ago.format(minutes, 'minute') : away < 2880 ? ago.format(Math.round(minutes / 60), 'hour') : ago.format(Math.round(minutes / 1440), 'day')
  if (time.closest('.fresh')) time.after(` (${time.title})`)
}

// Paper shows what a fold hides.
addEventListener('beforeprint', () => { for (const data of document.querySelectorAll('.data')) data.open = true })

document.querySelector('.nav [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' })

// A menu closes by Escape and by a click elsewhere.
addEventListener('keydown', event => { if (event.key === 'Escape') for (const menu of document.querySelectorAll('.menu[open]')) { menu.open = false; menu.firstElementChild.focus() } })
addEventListener('click', event => { for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(event.target) || event.target === menu) menu.open = false })
addEventListener('keydown', event => { if (event.key === '/' && !event.target.closest('input, select, textarea')) { const q = document.getElementById('q'); if (q) { event.preventDefault(); q.focus() } } })

// An import goes on before one's eyes: by events; where they do not come, by asking.
for (const live of document.querySelectorAll('[data-run]')) {
  const words = live.dataset, bar = live.querySelector('progress'), text = live.querySelector('[data-text]')
  const number = new Intl.NumberFormat(document.documentElement.lang)
  const show = progress => {
    const parts = [words[progress.phase]]
    if (progress.file) parts.push(progress.file)
    if (progress.files_total) parts.push(`${words.files}: ${number.format(progress.files_done)} / ${number.format(progress.files_total)}`)
    if (progress.phase === 'loading') parts.push(`${words.rows}: ${number.format(progress.rows)}${progress.rows_total ? ` / ${number.format(progress.rows_total)}` : ''}`)
    text.textContent = parts.join(' · ')
    const rows = progress.rows_total ? Math.min(1, progress.rows / progress.rows_total) : 0
    if (progress.files_total) bar.value = Math.min(1000, 1000 * (progress.files_done + rows) / progress.files_total)
  }
  // Files that were chosen but not sent would be lost.
  const ended = () => {
    if ([...document.querySelectorAll('[type=file]')].some(field => field.files.length)) text.textContent = words.ended
    else location.reload()
  }
  const ask = async () => {
    try {
      const run = await (await fetch(words.run)).json()
      if (run.state && run.state !== 'running') return ended()
      if (run.progress) show(run.progress)
    } catch { /* asked again below */ }
    setTimeout(ask, 2000)
  }
  const events = new EventSource(`${words.run}/events`)
  events.addEventListener('progress', event => show(JSON.parse(event.data)))
  events.addEventListener('ended', () => { events.close(); ended() })
  events.addEventListener('error', () => { events.close(); ask() }, { once: true })
}

// Files may be dropped instead of chosen.
for (const zone of document.querySelectorAll('[data-drop]')) {
  const field = zone.querySelector('[type=file]')
  zone.addEventListener('dragover', event => { event.preventDefault(); zone.classList.add('over') })
  zone.addEventListener('dragleave', () => zone.classList.remove('over'))
  zone.addEventListener('drop', event => {
    event.preventDefault()
    zone.classList.remove('over')
    if (!event.dataTransfer.files.length) return
    field.files = event.dataTransfer.files
    field.form.requestSubmit()
  })
}
