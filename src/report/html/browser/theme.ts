/// <reference lib="dom" />

/** In the head, so that the page is never shown in the wrong colours: applies the reader's choice, then offers it. */
export function theme(): void {
  const key = 'cache-crash-test-theme'
  const choices = ['automatic', 'light', 'dark']
  const root = document.documentElement
  let choice = 'automatic'
  // A browser may refuse storage to a file.
  try {
    choice = localStorage.getItem(key) ?? choice
  } catch {
    // Then the choice lasts as long as the page.
  }
  const apply = (): void => {
    if (choice === 'light' || choice === 'dark') root.dataset.theme = choice
    else delete root.dataset.theme
    const name = document.querySelector('#theme-button span')
    if (name !== null) name.textContent = choice
  }
  apply()
  document.addEventListener('DOMContentLoaded', () => {
    apply()
    const button = document.querySelector<HTMLButtonElement>('#theme-button')
    if (button === null) return
    button.hidden = false
    button.addEventListener('click', () => {
      choice = choices[(choices.indexOf(choice) + 1) % choices.length] ?? 'automatic'
      try {
        localStorage.setItem(key, choice)
      } catch {
        // As above.
      }
      apply()
    })
  })
}
