/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Opens what a link leads to, and on paper what should be read. */
export function links(): void {
  const reveal = (): void => {
    let id = ''
    try {
      id = decodeURIComponent(location.hash.slice(1))
    } catch {
      // Not an anchor of ours.
    }
    const target = id === '' ? null : document.getElementById(id)
    if (target === null) return
    if (target.closest('[hidden]') !== null) document.dispatchEvent(new Event('clear-filters'))
    for (let fold = target.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null)
      fold.open = true
    const own = target.querySelector<HTMLDetailsElement>(':scope > details')
    if (own !== null && target.matches('.scenario')) own.open = true
    target.scrollIntoView()
    target.focus({ preventScroll: true })
  }
  window.addEventListener('hashchange', reveal)
  // The same link once more does not change the hash.
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null
    if (link?.getAttribute('href') === location.hash) reveal()
  })
  reveal()

  let opened: HTMLDetailsElement[] = []
  window.addEventListener('beforeprint', () => {
    const folds = document.querySelectorAll<HTMLDetailsElement>(
      'section > details, :is(.failed, .inconclusive) > details, :is(.failed, .inconclusive) .body > .log:first-of-type'
    )
    opened = [...folds].filter((fold) => !fold.open)
    for (const fold of opened) fold.open = true
  })
  window.addEventListener('afterprint', () => {
    for (const fold of opened) fold.open = false
  })
}
