import { describe, expect, test } from '@jest/globals'
import { XmlDocument, XmlElement } from 'libxml2-wasm'
import { catalogue } from '../../../src/faults/catalogue.js'
import { renderComment } from '../../../src/report/comment.js'
import { renderHtml } from '../../../src/report/html/page.js'
import { renderJunit } from '../../../src/report/junit.js'
import { code, fence, htmlCode, markdownText, prose } from '../../../src/report/markdown.js'
import { makeReport, type Report } from '../../../src/report/report.js'
import { renderSummary } from '../../../src/report/summary.js'
import { renderTerminal } from '../../../src/report/terminal.js'
import { logLines, visible } from '../../../src/report/untrusted.js'
import { carrierOf, failedCarrierOf } from '../../fixtures/injection/carrier.js'
import { CORPUS, PAYLOADS } from '../../fixtures/injection/corpus.js'
import { harmless } from '../../fixtures/injection/harmless.js'
import { livePartsOf, shownHtml, shownMarkdown, type Shown } from '../../shown.js'
import { commandIn, matchedBy, runnerLines } from '../../workflow-commands.js'

const context = {
  faults: catalogue,
  repository: 'octo-org/octo-repo',
  sha: '4a1b7c3d9e0f4a1b7c3d9e0f4a1b7c3d9e0f4a1b',
  runUrl: 'https://github.com/octo-org/octo-repo/actions/runs/42'
}

function runOf(text: string): Report {
  return makeReport(carrierOf(text), context)
}

/** A run that ended with its control, as a leg of a matrix beside another. */
function matrixOf(text: string): Report {
  const [whole, failed] = [runOf(text), makeReport(failedCarrierOf(text), context)]
  return {
    ...whole,
    legs: [
      { name: text, ...whole },
      { name: `b ${text}`, ...failed }
    ]
  }
}

/** What is made of the harmless twin of a text. */
function twins<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>()
  return (text) => {
    const twin = harmless(text)
    const known = made.get(twin) ?? make(twin)
    made.set(twin, known)
    return known
  }
}

/**
 * @param problems what is wrong with one payload
 * @returns the payloads with which something is wrong
 */
function failing(payloads: readonly string[], problems: (text: string) => unknown[]): string[] {
  return payloads.flatMap((text) =>
    problems(text).map((problem) => `${JSON.stringify(text.slice(0, 80))}: ${JSON.stringify(problem)}`)
  )
}

/** Where two lists part. */
function difference(actual: readonly string[], expected: readonly string[]): unknown[] {
  const at = actual.findIndex((item, index) => item !== expected[index])
  if (at === -1 && actual.length === expected.length) return []
  const from = at === -1 ? expected.length : at
  return [{ at: from, instead: expected.slice(from, from + 3), found: actual.slice(from, from + 3) }]
}

function wrongWith(shown: Shown, plain: Shown): unknown[] {
  const strange = shown.addresses.filter(
    (address) =>
      !address.startsWith('#') &&
      !address.startsWith(`https://github.com/octo-org/octo-repo/blob/${context.sha}/src/`) &&
      !plain.addresses.includes(address)
  )
  return [
    ...difference(shown.structure, plain.structure),
    ...strange,
    ...shown.handlers,
    ...difference(shown.code, plain.code)
  ]
}

/** Text that acts on whoever reads it, line ends aside. */
const ACTING = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const groups = [...CORPUS]
/** What has the same places in other orders is shown a part of them. */
const some = PAYLOADS.filter((_, index) => index % 6 === 0)

test('each of the problem matchers would annotate one of the payloads, were it printed as it is', () => {
  const owners = CORPUS.get('problem-matchers')?.flatMap((text) => matchedBy(visible(text)))
  expect(new Set(owners)).toEqual(
    new Set(['python', 'tsc', 'eslint-compact', 'eslint-stylish', 'go', 'java', 'csc'])
  )
})

test('the corpus has at least 200 different payloads', () => {
  expect(new Set(PAYLOADS).size).toBeGreaterThanOrEqual(200)
  expect([...CORPUS.keys()]).toEqual(
    expect.arrayContaining(['commands-v2', 'commands-v1', 'terminal', 'markdown', 'html', 'xml', 'paths'])
  )
})

describe('in the log of a runner', () => {
  /** What the runner obeys of lines, and what would act on whoever reads them. */
  const obeyed = (lines: readonly string[]): unknown[] =>
    lines.flatMap((line) => [
      ...runnerLines(line).flatMap((part) => [commandIn(part) ?? [], matchedBy(part)].flat()),
      ...runnerLines(line).slice(1),
      ...(line.match(ACTING) ?? [])
    ])
  const told = (report: Report): string[] => logLines(renderTerminal(report, { colour: false, columns: 120 }))

  test.each(groups)('%s', (_, payloads) => {
    expect(failing(payloads, (text) => [...obeyed(logLines(text)), ...obeyed(told(runOf(text)))])).toEqual([])
  })

  test('of a matrix, and of a control that failed', () => {
    expect(failing(some, (text) => obeyed(told(matrixOf(text))))).toEqual([])
  })
})

describe('on a terminal', () => {
  // Colours of ours, and nothing beside them.
  const ours = new RegExp(String.raw`\x1b\[(?:1|2|22|3[1-6]|39|9[0-7])m`, 'g')
  test.each(groups)('%s', (_, payloads) => {
    expect(
      failing(payloads, (text) => {
        const report = runOf(text)
        const [coloured, plain] = [true, false].map((colour) =>
          renderTerminal(report, { colour, columns: 100 })
        )
        expect(coloured?.replace(ours, '')).toBe(plain)
        return plain?.match(ACTING) ?? []
      })
    ).toEqual([])
  })
})

describe('in Markdown', () => {
  const pieces: [string, (text: string) => string][] = [
    ['a paragraph', (text) => `before ${markdownText(text)} after`],
    ['the start of a paragraph', markdownText],
    ['the end of a word', (text) => `before ${markdownText(text)}: after`],
    ['prose', (text) => `before ${prose(text)}`],
    ['inline code', (text) => `before ${code(text)} after`],
    ['code in HTML', (text) => `<b>${htmlCode(text)}</b>`],
    ['a heading', (text) => `## ${markdownText(text)}`],
    ['an item', (text) => `- ${markdownText(text)}`],
    [
      'a summary',
      (text) => `<details>\n<summary>${htmlCode(text)} ${markdownText(text)}</summary>\n</details>`
    ],
    ['a cell', (text) => `| a | b |\n| :-- | :-- |\n| ${markdownText(text)} | ${code(text)} |`],
    ['a fence', (text) => `before\n\n${fence(text)}\n\nafter`]
  ]

  test.each(pieces)('of %s', (_, piece) => {
    const twin = twins((text) => shownMarkdown(piece(text)))
    expect(
      failing(PAYLOADS, (text) => {
        const shown = shownMarkdown(piece(text))
        return [...wrongWith(shown, twin(text)), ...livePartsOf(shown)]
      })
    ).toEqual([])
  })

  const renderers: [string, (report: Report) => string][] = [
    ['summary', (report) => renderSummary(report)],
    ['comment', (report) => renderComment(report)]
  ]
  describe.each(renderers)('of the %s', (_, render) => {
    const wrong = (reportOf: (text: string) => Report): ((text: string) => unknown[]) => {
      const show = (text: string): Shown => shownMarkdown(render(reportOf(text)))
      const twin = twins(show)
      return (text) => {
        const shown = show(text)
        return [...wrongWith(shown, twin(text)), ...livePartsOf(shown)]
      }
    }
    const [run, matrix] = [wrong(runOf), wrong(matrixOf)]

    test.each(groups)('%s', (_group, payloads) => {
      expect(failing(payloads, run)).toEqual([])
    })

    test('of a matrix, and of a control that failed', () => {
      expect(failing(some, matrix)).toEqual([])
    })
  })
})

describe('in the HTML report', () => {
  const wrong = (reportOf: (text: string) => Report): ((text: string) => unknown[]) => {
    const show = (text: string): Shown => shownHtml(renderHtml(reportOf(text)))
    const twin = twins(show)
    return (text) => wrongWith(show(text), twin(text))
  }
  const [run, matrix] = [wrong(runOf), wrong(matrixOf)]

  test.each(groups)('%s', (_, payloads) => {
    expect(failing(payloads, run)).toEqual([])
  })

  test('of a matrix, and of a control that failed', () => {
    expect(failing(some, matrix)).toEqual([])
  })
})

describe('in the JUnit report', () => {
  /** Elements in order, with the names of their attributes. */
  const elements =
    (reportOf: (text: string) => Report) =>
    (text: string): string[] => {
      const document = XmlDocument.fromString(renderJunit(reportOf(text)))
      try {
        return document
          .find('//*')
          .flatMap((node) =>
            node instanceof XmlElement ? [[node.name, ...node.attrs.map(({ name }) => name)].join(' ')] : []
          )
      } finally {
        document.dispose()
      }
    }
  const wrong = (show: (text: string) => string[]): ((text: string) => unknown[]) => {
    const twin = twins(show)
    return (text) => difference(show(text), twin(text))
  }
  const [run, matrix] = [wrong(elements(runOf)), wrong(elements(matrixOf))]

  test.each(groups)('%s', (_, payloads) => {
    expect(failing(payloads, run)).toEqual([])
  })

  test('of a matrix, and of a control that failed', () => {
    expect(failing(some, matrix)).toEqual([])
  })
})
