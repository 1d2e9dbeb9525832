import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { catalogue } from '../../../src/faults/catalogue.js'
import { html } from '../../../src/report/html/markup.js'
import { renderHtml } from '../../../src/report/html/page.js'
import { mergeReports } from '../../../src/report/merge.js'
import { makeReport, type Report } from '../../../src/report/report.js'
import { reportSchema } from '../../../src/report/schema.js'
import { golden } from '../../fixtures/report/golden.js'
import { hostile } from '../../fixtures/report/hostile.js'
import { boot, inputs, knowledge, log, record } from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'
import { anyText } from './any-text.js'
import type { ControlResult } from '../../../src/model.js'

const report = makeReport(rich, {
  faults: catalogue,
  repository: 'octo/shop',
  sha: '3f1c9d0b6a55e1c0ffee5d5b3c2ad9b1e0a4f7c8',
  runUrl: 'https://github.com/octo/shop/actions/runs/42'
})

/** The page without its own style and scripts, and without the hashes of them. */
function content(page: string): string {
  return page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '<$1></$1>')
    .replace(/ content="default-src[^"]*"/, ' content="…"')
}

/** The tags of a page with the names of their attributes, in order; throws where a bracket is in no tag. */
function structure(page: string): string[] {
  const tags: string[] = []
  const rest = content(page).replace(
    /<(!doctype html|\/?[a-z][a-z0-9]*)((?:\s+[A-Za-z-]+(?:="[^"<>]*")?)*)\s*\/?>/g,
    (_, name: string, attributes: string) => {
      // Paths in prose and the places where they may break come and go with the text.
      if (!/^\/?(?:code|wbr)$/.test(name))
        tags.push(
          `${name} ${attributes
            .replace(/="[^"]*"/g, '')
            .split(/\s+/)
            .join(' ')}`.trim()
        )
      return ''
    }
  )
  if (/[<>]/.test(rest)) throw new Error(`a bracket in no tag: ${/.{0,80}[<>].{0,80}/.exec(rest)?.[0] ?? ''}`)
  return tags
}

type FailedControl = Extract<ControlResult, { readonly kind: 'failed' }>

/** The page of a run whose control failed at its first boot. */
const withFailedControl = (failed: Pick<FailedControl, 'blame' | 'message' | 'boot'>): string =>
  renderHtml(makeReport(record({ control: { kind: 'failed', stage: 'first-boot', ...failed } })))

describe('the HTML report', () => {
  test('shows every verdict as it did', async () => {
    const page = content(renderHtml(report))
    expect(page).toBe(await golden('report.html', page))
  })

  test('shows whom a failed control blames, with its log', () => {
    const page = withFailedControl({
      blame: 'probe',
      message: 'it never answered',
      boot: boot(
        { kind: 'timed-out', seconds: 30, deadlineSeconds: 30, waitingFor: ['GET /'] },
        { log: log(['waiting for a database']) }
      )
    })
    expect(page).toContain('The probe never passed, though the container started on clean state')
    expect(page).toContain('the evidence points at <strong>the probe</strong>')
    expect(page).toContain('waiting for a database')
  })

  test('says of a check that failed on clean state that it may be wrong, and looks for no cause in the log', () => {
    const page = withFailedControl({
      blame: 'check',
      message: 'The image was ready on clean state, but the smoke test exited 22: not found',
      boot: boot({ kind: 'ready', seconds: 1 }, { log: log(['serving']) })
    })
    expect(page).toContain('The image starts on clean state, but fails its check there')
    expect(page).toContain('the evidence points at <strong>the image or its check</strong>')
    expect(page).not.toContain('matches a known cause')
  })

  test('says what came out before anything else, and then what to do', () => {
    const text = renderHtml(report).slice(renderHtml(report).indexOf('<main'))
    const order = [
      'Start-up failed 8 of 14',
      'What to do next',
      'Faults and paths',
      '>Scenarios<',
      '>Control<'
    ]
    const places = order.map((words) => text.indexOf(words))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  test('of legs says of everything which leg it is of', () => {
    const leg = (name: string, seconds: number) =>
      makeReport(
        {
          ...rich,
          inputs: inputs({ leg: { name, jobs: 2 } }),
          control: { kind: 'passed', knowledge: knowledge({ readySeconds: seconds }) }
        },
        { faults: catalogue }
      )
    const found = [
      { directory: 'a', report: leg('python:3.9 <b>', 1.11) },
      { directory: 'b', report: leg('python:3.13', 2.22) }
    ]
    const page = renderHtml(mergeReports(found, { version: '0.1.0', strict: false }))
    const section = (id: string): string =>
      page.slice(page.indexOf(`aria-labelledby="${id}-title"`)).split('<section')[0] ?? ''
    for (const name of ['python:3.9 &lt;b&gt;', 'python:3.13']) {
      expect(section('legs')).toContain(`<th scope="row">${name}</th>`)
      expect(section('matrix')).toContain(`<h3>${name}</h3>`)
      expect(section('scenarios')).toContain(`<option value="${name}">${name} (14)</option>`)
      expect(section('scenarios').split(`<span class="leg">${name}</span>`)).toHaveLength(15)
      expect(section('timelines')).toContain(`>Control of ${name}</a>`)
      expect(section('control')).toContain(`<h3>${name}</h3>`)
      expect(section('omissions').split(`<td>${name}</td>`)).toHaveLength(4)
      expect(section('environment')).toContain(`<h3>${name}</h3>`)
    }
    // Each is measured against its own control.
    expect(section('control')).toMatch(/1\.11 s[\s\S]*2\.22 s/)
  })

  test('lets run what its policy has the hash of, and nothing else', () => {
    const page = renderHtml(report)
    const policy = /content="(default-src[^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? ''
    const blocks = [...page.matchAll(/<(style|script)>([\s\S]*?)<\/\1>/g)].map(([, , text = '']) => text)
    const hashes = blocks.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    expect(blocks).toHaveLength(3)
    expect(policy).toBe(
      `default-src 'none'; style-src ${hashes[0] ?? ''}; script-src ${hashes[1] ?? ''} ${hashes[2] ?? ''}; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`
    )
    expect(content(page)).not.toMatch(/ (?:on\w+|style)=|javascript:/)
  })

  test('has an anchor of its own for every scenario, also where ids differ in odd characters only', () => {
    const [first] = report.scenarios
    if (first === undefined) throw new Error('no scenario')
    const ids = ['a@/x y/restart', 'a@/x\u00a0y/restart', 'a@/x-y/restart', 'main', 'a@/x-y/restart~2']
    const page = renderHtml({ ...report, scenarios: ids.map((id) => ({ ...first, id })) })
    const anchors = [...page.matchAll(/<article\s[^>]*?id="([^"]*)"/g)].map(([, id]) => id)
    expect(anchors).toHaveLength(ids.length)
    expect(new Set(anchors).size).toBe(ids.length)
    const all = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('text of others', () => {
  test.each([
    [
      'src/a b.py',
      'https://github.com/octo/shop/blob/3f1c9d0b6a55e1c0ffee5d5b3c2ad9b1e0a4f7c8/src/a%20b.py#L7'
    ],
    [
      'src/"><b>.py',
      'https://github.com/octo/shop/blob/3f1c9d0b6a55e1c0ffee5d5b3c2ad9b1e0a4f7c8/src/%22%3E%3Cb%3E.py#L7'
    ],
    ['../../../../evil/phish/blob/main/login.md', undefined],
    ['src//a.py', undefined],
    ['src/\ud800.py', undefined],
    ['src/\u202e.py', undefined]
  ])('is part of an address only where it can be: %j', (file, address) => {
    const location = { file, line: 7, function: null, language: 'python' as const, source: 'x' }
    const page = renderHtml({ ...report, scenarios: report.scenarios.map((one) => ({ ...one, location })) })
    const links = [...page.matchAll(/href="(https:[^"]*\/blob\/[^"]*)"/g)].map(([, link]) => link)
    expect(new Set(links)).toEqual(new Set(address === undefined ? [] : [address]))
  })

  test('stays text in every place of a template', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, two) => {
        const { length } = html`<a title="${one}">${[two, html`<b>${one}</b>`, 7, null]}</a>`
          .toString()
          .match(/[<>]/g) ?? { length: 0 }
        expect(length).toBe(8)
      })
    )
  })

  test('leaves the page’s structure as it is, whatever it is', () => {
    const nasty = fc.oneof(
      anyText,
      fc.constantFrom(
        '</script><script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "' onload='x",
        '<!--',
        ']]>',
        '&lt;'
      )
    )
    // Long enough for every coloured range, and different where the original was.
    const plain = (index: number): string => `text-${index}-`.padEnd(80, 'x')
    const expected = structure(renderHtml(replaced(report, plain)))
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 5, maxLength: 5 }), (texts) => {
        // Several lines are shown differently on purpose.
        const more = (index: number): string => texts[index % texts.length]?.replace(/[\r\n]/g, '') ?? ''
        const page = renderHtml(replaced(report, (index) => plain(index) + more(index)))
        expect(structure(page)).toEqual(expected)
      }),
      { numRuns: 30 }
    )
  })

  test('of a hostile run is in no tag, and its 300 floods are cut to a file that opens', () => {
    const page = renderHtml(makeReport(hostile, { faults: catalogue }))
    expect(() => structure(page)).not.toThrow()
    expect(page).not.toContain('sup3r-s3cret-value')
    expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    expect(Buffer.byteLength(page)).toBeLessThan(15_000_000)
  })
})

/**
 * The report with every free text replaced: what is in an enumeration, a date or an address stays.
 * @param text gives a text for the number of an original, which is the same wherever it comes
 */
function replaced(from: Report, text: (original: number) => string): Report {
  const kept =
    /^(?:file|verdict|reason|also|role|mode|expectation|name|outcome|styles|language|startedAt|runUrl|sha|blame|stage|result)$/
  const originals = new Map<string, number>()
  const numberOf = (original: string): number => {
    originals.set(original, originals.get(original) ?? originals.size)
    return originals.get(original) ?? 0
  }
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string')
      return kept.test(key) && !isProse(from, value) ? value : text(numberOf(value))
    if (Array.isArray(value)) return value.map((item) => walk(item, key))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, name)]))
  }
  return reportSchema.parse(walk(from, ''))
}

/** Reasons of omissions are prose, those of failures an enumeration. */
function isProse({ omissions, skipped }: Report, value: string): boolean {
  return [...omissions, ...skipped].some(({ reason }) => reason === value)
}
