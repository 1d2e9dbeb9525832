/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** One-letter keys, where nobody is typing. */
export function keys(): void {
  const help = document.querySelector<HTMLDialogElement>('#help')
  const helpButton = document.querySelector<HTMLButtonElement>('#help-button')
  if (help === null || helpButton === null) return
  const openHelp = (): void => {
    if (!help.open) help.showModal()
  }
  helpButton.hidden = false
  helpButton.addEventListener('click', openHelp)
  help.querySelector('button')?.addEventListener('click', () => {
    help.close()
  })

  /** The failure after or before the one that the reader is at. */
  const failure = (step: 1 | -1): void => {
    const shown = [
      ...document.querySelectorAll<HTMLElement>('.scenario.failed, .scenario.inconclusive')
    ].filter(({ hidden }) => !hidden)
    const here = document.activeElement?.closest<HTMLElement>('.scenario') ?? null
    const at = here === null ? -1 : shown.indexOf(here)
    const next =
      shown[at === -1 ? (step === 1 ? 0 : shown.length - 1) : (at + step + shown.length) % shown.length]
    if (next === undefined) return
    if (location.hash === `#${next.id}`) window.dispatchEvent(new HashChangeEvent('hashchange'))
    else location.hash = next.id
  }

  document.addEventListener('keydown', (event) => {
    const typing =
      event.target instanceof Element && event.target.matches('input[type="search"], select, textarea')
    if (typing || help.open || event.ctrlKey || event.metaKey || event.altKey) return
    switch (event.key) {
      case '/':
        event.preventDefault()
        document.querySelector<HTMLInputElement>('#search')?.focus()
        break
      case 'j':
      case 'n':
        failure(1)
        break
      case 'k':
      case 'p':
        failure(-1)
        break
      case '?':
        openHelp()
        break
      default:
    }
  })
}
