/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Buttons that copy a command; where the browser does not allow it, they select it. */
export function copying(): void {
  const announcement = document.querySelector('#announcement')
  const select = (element: Element): void => {
    const selection = window.getSelection()
    selection?.removeAllRanges()
    const range = document.createRange()
    range.selectNodeContents(element)
    selection?.addRange(range)
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('.copy')) {
    const command = button.parentElement?.querySelector('pre')
    if (!command) continue
    const say = (words: string): void => {
      button.textContent = words
      if (announcement !== null) announcement.textContent = words
    }
    button.hidden = false
    button.addEventListener('click', () => {
      select(command)
      // Absent where the page is not trusted; refused where the reader or a frame says so.
      const clipboard = 'clipboard' in navigator ? navigator.clipboard : undefined
      const copied = clipboard?.writeText(command.textContent) ?? Promise.reject(new Error('no clipboard'))
      copied.then(
        () => {
          say('Copied')
        },
        () => {
          say('Selected: press Ctrl+C')
        }
      )
    })
    button.addEventListener('blur', () => {
      button.textContent = 'Copy'
    })
  }
}
