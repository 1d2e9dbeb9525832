/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Shows the scenarios that match what is chosen and searched for, marks the matches, and goes from one to the next. */
export function filters(): void {
  const form = document.querySelector<HTMLFormElement>('#filters')
  const search = document.querySelector<HTMLInputElement>('#search')
  const found = document.querySelector<HTMLElement>('#found')
  const nothing = document.querySelector<HTMLElement>('#nothing-found')
  if (form === null || search === null || found === null || nothing === null) return
  const scenarios = [...document.querySelectorAll<HTMLElement>('.scenario')]
  const texts = new Map<HTMLElement, string>()
  const mostMatches = 1000
  let matches: Range[] = []
  let current = -1

  const textOf = (scenario: HTMLElement): string => {
    const known = texts.get(scenario)
    if (known !== undefined) return known
    const text = scenario.textContent.toLowerCase()
    texts.set(scenario, text)
    return text
  }

  const isChosen = (scenario: HTMLElement): boolean => {
    const chosen = new FormData(form)
    const verdicts = chosen.getAll('verdict')
    return (
      (verdicts.length === 0 || verdicts.includes(scenario.dataset.verdict ?? '')) &&
      ['leg', 'reason', 'family', 'path'].every((name) => {
        const value = chosen.get(name)
        return value === null || value === '' || value === scenario.dataset[name]
      })
    )
  }

  /** Where the words stand, in the order of the page; one that goes over the end of an element is not marked. */
  const rangesOf = (words: string): Range[] => {
    const ranges: Range[] = []
    for (const scenario of scenarios) {
      if (scenario.hidden) continue
      const walker = document.createTreeWalker(scenario, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const text = (node.nodeValue ?? '').toLowerCase()
        for (let at = text.indexOf(words); at !== -1; at = text.indexOf(words, at + words.length)) {
          if (ranges.length === mostMatches || at + words.length > (node.nodeValue ?? '').length)
            return ranges
          const range = document.createRange()
          range.setStart(node, at)
          range.setEnd(node, at + words.length)
          ranges.push(range)
        }
      }
    }
    return ranges
  }

  const mark = (name: string, ranges: readonly Range[]): void => {
    // Not every browser has the CSS Custom Highlight API; without it matches are found, only not coloured.
    if (!('highlights' in CSS)) return
    if (ranges.length === 0) CSS.highlights.delete(name)
    else CSS.highlights.set(name, new Highlight(...ranges))
  }

  const apply = (): void => {
    const words = search.value.trim().toLowerCase()
    let shown = 0
    for (const scenario of scenarios) {
      const matching = isChosen(scenario) && (words === '' || textOf(scenario).includes(words))
      scenario.hidden = !matching
      if (matching) shown += 1
    }
    matches = words.length < 2 ? [] : rangesOf(words)
    current = -1
    mark('found', matches)
    mark('current', [])
    nothing.hidden = shown > 0
    const count = matches.length === mostMatches ? `at least ${mostMatches}` : String(matches.length)
    const marked = matches.length === 0 ? '' : `; ${count} matches, Enter goes to the next`
    found.textContent = `${shown} of ${scenarios.length} scenarios${marked}`
  }

  const goTo = (step: 1 | -1): void => {
    if (matches.length === 0) return
    current = (current + step + matches.length) % matches.length
    const match = matches[current]
    const element = match?.startContainer.parentElement
    if (match === undefined || !element) return
    for (let fold = element.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null)
      fold.open = true
    mark('current', [match])
    element.scrollIntoView({ block: 'center' })
    found.textContent = `Match ${current + 1} of ${matches.length}`
  }

  const clear = (): void => {
    form.reset()
    apply()
  }

  form.hidden = false
  form.addEventListener('input', apply)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
  })
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') goTo(event.shiftKey ? -1 : 1)
    if (event.key === 'Escape') clear()
  })
  for (const button of document.querySelectorAll('.clear')) button.addEventListener('click', clear)
  document.addEventListener('clear-filters', clear)
  for (const [id, open] of [
    ['#open-all', true],
    ['#close-all', false]
  ] as const)
    document.querySelector(id)?.addEventListener('click', () => {
      for (const scenario of scenarios)
        for (const fold of scenario.hidden
          ? []
          : scenario.querySelectorAll<HTMLDetailsElement>(':scope > details'))
          fold.open = open
    })
  apply()
}
