import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { catalogue } from '../../src/faults/catalogue.js'
import { renderHtml } from '../../src/report/html/page.js'
import { makeReport, type Report, type ReportScenario } from '../../src/report/report.js'
import { sentence, title } from '../../src/report/words.js'
import { arrived } from '../fixtures/injection/arrived.js'
import { PAYLOADS } from '../fixtures/injection/corpus.js'
import { harmless } from '../fixtures/injection/harmless.js'
import { wholeMatrixOf, wholeRunOf } from '../fixtures/injection/whole.js'
import { hostile } from '../fixtures/report/hostile.js'
import { boot, log, observation, record, result } from '../fixtures/report/record.js'
import type { Page } from 'playwright-core'
import { Reports } from './chromium.js'

let reports: Reports
beforeAll(async () => {
  reports = await Reports.start()
})
afterAll(() => reports.stop())

/** Opens and clicks whatever there is. @returns the names of the page's globals */
async function explored(html: string): Promise<string[]> {
  const { page, complaints } = await reports.open(await reports.store('hostile', html))
  await page.click('#open-all')
  await page.evaluate(() => {
    for (const summary of document.querySelectorAll<HTMLElement>('details:not([open]) > summary'))
      summary.click()
  })
  await page.fill('#search', '<script>')
  await page.press('#search', 'Enter')
  expect(complaints).toEqual([])
  expect(page.context().pages()).toHaveLength(1)
  const live = 'img, iframe, object, embed, form form, base, meta[http-equiv=refresh], a:not([href^="#"])'
  expect(await page.locator(live).count()).toBe(0)
  expect(await page.locator('script').count()).toBe(2)
  return await page.evaluate(() => Object.getOwnPropertyNames(globalThis).sort())
}

describe('a hostile run', () => {
  test('runs nothing, asks for nothing and opens nothing, whatever is clicked', async () => {
    const few = {
      ...hostile,
      results: hostile.results.slice(0, 12),
      omissions: hostile.omissions.slice(0, 5)
    }
    const harmless = record({ results: [result({}, { kind: 'recovered', detail: 'fine' })] })
    const globals = await explored(renderHtml(makeReport(harmless)))
    expect(await explored(renderHtml(makeReport(few, { faults: catalogue })))).toEqual(globals)
  })
})

/** What is seen of a scenario. */
interface Seen {
  readonly name: string
  readonly facts: ReadonlyMap<string, string>
  readonly lines: readonly string[]
  readonly answers: readonly string[]
  readonly commands: readonly string[]
}

describe('a run whose image says the whole corpus in every field', () => {
  const context = { faults: catalogue }
  /** How many elements there are of each kind: a name with the names of its attributes. */
  const elements = (page: Page): Promise<Record<string, number>> =>
    page.evaluate(() => {
      const found: Record<string, number> = {}
      for (const { localName, attributes } of document.querySelectorAll('*')) {
        // Of paths in prose, and of their places to break, there are as many as there are slashes.
        if (localName === 'code' || localName === 'wbr') continue
        const kind = [localName, ...Array.from(attributes, ({ name }) => name).sort()].join(' ')
        found[kind] = (found[kind] ?? 0) + 1
      }
      return found
    })

  /** Opens, moves over, focuses and searches whatever there is, then waits for what takes its time. */
  async function provoke(page: Page): Promise<void> {
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true
      for (const element of document.body.querySelectorAll<HTMLElement>('*')) {
        for (const type of ['mouseover', 'focus', 'toggle', 'animationstart', 'load', 'error'])
          element.dispatchEvent(new Event(type))
      }
    })
    for (const text of ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>']) {
      await page.fill('#search', text)
      await page.press('#search', 'Enter')
      await page.press('#search', 'Escape')
    }
    await page.waitForLoadState('networkidle')
  }

  /** Opens a report of which nothing may act. */
  async function openInert(
    name: string,
    report: Report
  ): Promise<{ page: Page; elements: Record<string, number> }> {
    const { page, complaints } = await reports.open(await reports.store(name, renderHtml(report)))
    await provoke(page)
    expect(complaints).toEqual([])
    expect([page.context().pages().length, page.frames().length]).toEqual([1, 1])
    return { page, elements: await elements(page) }
  }

  /** What a reader sees of each scenario, by its id. */
  async function seenScenarios(page: Page): Promise<Map<string, Seen>> {
    const seen = await page.evaluate(() => {
      const texts = (within: Element, selector: string): string[] =>
        [...within.querySelectorAll(selector)].map((element) =>
          element.checkVisibility() ? element.textContent : 'not to be seen'
        )
      return [...document.querySelectorAll('.scenario')].map((scenario) => ({
        id: scenario.getAttribute('aria-label') ?? '',
        name: texts(scenario, '.name').join(),
        facts: [...scenario.querySelectorAll('.facts > div')].map(
          (fact) => [texts(fact, 'dt').join(), texts(fact, 'dd').join()] as const
        ),
        lines: texts(scenario, 'details.log .line'),
        answers: texts(scenario, 'details.log > pre:not(:has(.line))'),
        commands: texts(scenario, '.command pre')
      }))
    })
    return new Map(seen.map(({ id, facts, ...rest }) => [id, { ...rest, facts: new Map(facts) }]))
  }

  /** Whether a place shows words, which a sentence begins with a capital; blank words need no place. */
  const shows = (place: string | undefined, words: string | null | undefined): boolean =>
    words?.trim() === '' || place?.toLowerCase().includes(words?.trim().toLowerCase() ?? 'no words') === true

  test('shows every text as text in every field of a scenario, and nothing else happens', async () => {
    const report = wholeRunOf(PAYLOADS, context)
    const { page, elements } = await openInert('whole', report)
    expect(elements).toEqual((await openInert('twin', wholeRunOf(PAYLOADS.map(harmless), context))).elements)

    const { scenarios } = report
    const all = PAYLOADS.length
    expect([scenarios.length, new Set(scenarios.map(({ id }) => id)).size]).toEqual([all, all])
    const seen = await seenScenarios(page)
    const fields: Record<string, (scenario: ReportScenario, seen: Seen) => boolean> = {
      id: ({ fault, path, mode }, { name }) => name === `${fault}@${path}/${mode}`,
      planted: ({ planted }, { facts }) => shows(facts.get('Planted'), planted),
      detail: ({ detail }, { facts }) => shows(facts.get('Seen'), detail),
      path: ({ path }, { facts }) => shows(facts.get('Path'), path),
      source: ({ source }, { facts }) => shows(facts.get('Path'), source),
      volume: ({ volume }, { facts }) => shows(facts.get('Path'), volume),
      cause: ({ diagnosis }, { facts }) => shows(facts.get('Cause'), diagnosis?.cause),
      'lines of the cause': ({ diagnosis }, { facts }) =>
        shows(facts.get('By these lines'), diagnosis?.lines.join('\n')),
      file: ({ location }, { facts }) => shows(facts.get('Where'), location?.file),
      line: ({ location }, { facts }) => shows(facts.get('Where'), location?.source),
      log: ({ log, otherLogs }, { lines }) =>
        lines.join('\n') ===
        [log, ...otherLogs].flatMap((one) => [...(one?.head ?? []), ...(one?.tail ?? [])]).join('\n'),
      'smoke test': ({ smokeTest }, { answers }) => answers.join().trim() === smokeTest?.output.trim(),
      command: ({ reproduce }, { commands }) => commands.join() === reproduce
    }
    const not = (name: string): string[] =>
      scenarios.flatMap((scenario) => {
        const shown = seen.get(scenario.id)
        return shown !== undefined && fields[name]?.(scenario, shown) === true ? [] : [scenario.id]
      })
    for (const name of Object.keys(fields)) expect({ name, not: not(name) }).toEqual({ name, not: [] })
    const failed = scenarios.filter(({ verdict }) => verdict === 'failed')
    expect(failed.length).toBeGreaterThan(0.7 * all)
    expect(failed.filter(({ id, remedy }) => !shows(seen.get(id)?.facts.get('What to do'), remedy))).toEqual(
      []
    )

    // Not only the report says so: the texts themselves are there, line by line.
    expect(arrived([...seen.values()].flatMap((one) => one.lines)).length).toBeGreaterThan(400)
  })

  test('shows every text as text in every field that there is once, and nothing else happens', async () => {
    const report = wholeRunOf(PAYLOADS, context)
    const { page } = await openInert('whole', report)
    const seen = (selector: string): Promise<string[]> =>
      page
        .locator(selector)
        .evaluateAll((all) =>
          all.map((element) => (element.checkVisibility() ? element.textContent.trim() : 'not to be seen'))
        )
    const sentences = (texts: readonly string[]): string[] => texts.map((text) => sentence(text).trim())
    const { image, notes, omissions, skipped, probes, control, engine } = report
    const lists = { volumes: image.volumes, notes, omissions, skipped, probes, controls: control.otherLogs }
    for (const [name, { length }] of Object.entries(lists))
      expect({ name, length }).toEqual({ name, length: PAYLOADS.length })

    expect(await seen('#environment .notes li')).toEqual(sentences(notes))
    expect(await seen('#omissions tr td:nth-child(2)')).toEqual(omissions.map(({ path }) => path.trim()))
    expect(await seen('#omissions tr td:nth-child(3)')).toEqual(
      sentences(omissions.map(({ reason }) => reason))
    )
    expect(await seen('#omissions ul li')).toEqual(
      skipped.map(({ id, reason }) => `${id}: ${sentence(reason)}`.trim())
    )
    const facts = await seen('#environment dd')
    expect(facts).toEqual(
      expect.arrayContaining([
        `${image.reference}${image.id}`,
        `${image.user} (uid 1000), at home in ${image.home}, in ${image.workdir}`.trim(),
        image.volumes.join(', '),
        probes.join(''),
        `Docker ${engine.version}`
      ])
    )
    expect(await page.locator('title').textContent()).toBe(`✕ ${title(report)} · ${image.reference}`)
    expect(await seen('#control .log summary')).toEqual(
      control.otherLogs.map(({ boot }) => expect.stringContaining(`Log of the ${boot}`))
    )
    expect(arrived(await seen('#control .log .line')).length).toBeGreaterThan(400)
  })

  test('shows every text as text in every leg of a matrix, and nothing else happens', async () => {
    const report = wholeMatrixOf(PAYLOADS, context)
    const { page, elements } = await openInert('matrix', report)
    const twin = await openInert('matrix-twin', wholeMatrixOf(PAYLOADS.map(harmless), context))
    expect(elements).toEqual(twin.elements)
    const seen = (selector: string): Promise<string[]> =>
      page
        .locator(selector)
        .evaluateAll((all) =>
          all.map((element) => (element.checkVisibility() ? element.textContent.trim() : 'not to be seen'))
        )
    expect(report.legs).toHaveLength(PAYLOADS.length)
    const names = report.legs.map(({ name }) => name.trim())
    expect(await seen('#control h3')).toEqual(names)
    expect((await seen('.scenario .leg')).sort()).toEqual([...names].sort())
    expect(await seen('#environment h3')).toEqual([...names, 'All together'])
    expect(await seen('#environment code:not(.muted)')).toEqual(
      expect.arrayContaining(report.legs.map(({ image }) => image.reference.trim()))
    )
    expect(arrived(await seen('#control .log .line')).length).toBeGreaterThan(400)
  })

  test('would do what it says if a text were not escaped', async () => {
    const page = renderHtml(wholeRunOf(['LIVE'], context)).replace(/<meta http-equiv[^>]*>/, '')
    const live = '<img src="http://report.test/x" onerror="alert(1)">'
    const { complaints } = await reports.open(
      await reports.store('live', page.replace('</main>', `${live}</main>`))
    )
    expect(complaints).toEqual(expect.arrayContaining(['request: http://report.test/x', 'dialog: 1']))
  })
})

describe('300 scenarios with 50 MB of logs', () => {
  test('make a file that is bounded, says what it left out, and answers at once', async () => {
    const head = Array.from({ length: 200 }, (_, line) => `${line} head ${'x'.repeat(420)}`)
    const tail = Array.from({ length: 200 }, (_, line) => `${line} tail ${'y'.repeat(420)}`)
    expect(300 * [...head, ...tail].join('\n').length).toBeGreaterThan(50_000_000)
    const flooded = boot(
      { kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false },
      { log: log(head, { tail, omittedLines: 100_000 }) }
    )
    const results = Array.from({ length: 300 }, (_, index) =>
      result(
        { target: { path: `/data/cache-${index}` } },
        { kind: 'failed', reason: 'crashed', detail: `exited 1, number ${index}`, also: [] },
        { observation: observation({ boots: [flooded], secondBoot: undefined }) }
      )
    )
    const html = renderHtml(makeReport(record({ results }), { faults: catalogue }))
    expect(Buffer.byteLength(html)).toBeLessThan(8_000_000)

    const { page, complaints } = await reports.open(await reports.store('large', html))
    /** Milliseconds that the page works until what was asked for is laid out. */
    const took = (action: 'search' | 'open all'): Promise<number> =>
      page.evaluate((what) => {
        const began = performance.now()
        const search = document.querySelector<HTMLInputElement>('#search')
        if (what === 'search' && search !== null) {
          search.value = 'number 299'
          search.dispatchEvent(new Event('input', { bubbles: true }))
        } else document.querySelector<HTMLButtonElement>('#open-all')?.click()
        document.body.getBoundingClientRect()
        return performance.now() - began
      }, action)
    // Some 100 ms on an idle machine: the bound catches what would freeze the page, on a busy one too.
    expect(await took('search')).toBeLessThan(10_000)
    expect(await page.locator('#found').innerText()).toMatch(/^1 of 300 scenarios/)
    await page.locator('.clear').first().click()
    expect(await took('open all')).toBeLessThan(10_000)
    expect(await page.locator('.gap').first().innerText()).toMatch(/… 100,?\d{3} lines left out …/)
    expect(complaints).toEqual([])
  })
})
