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

// A filter takes effect when it is chosen; empty fields stay out of the address.
for (const form of document.querySelectorAll('[data-auto]')) {
  form.addEventListener('change', () => form.requestSubmit())
  form.addEventListener('formdata', event => { for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name) })
}
if (matchMedia('(width < 40rem)').matches) document.querySelector('.filters')?.removeAttribute('open')

// A menu closes by Escape and by a click elsewhere.
addEventListener('keydown', event => { if (event.key === 'Escape') for (const menu of document.querySelectorAll('.menu[open]')) { menu.open = false; menu.firstElementChild.focus() } })
addEventListener('click', event => { for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(event.target) || event.target === menu) menu.open = false })
addEventListener('keydown', event => { if (event.key === '/' && !event.target.closest('input, select, textarea')) { const q = document.getElementById('q'); if (q) { event.preventDefault(); q.focus() } } })
