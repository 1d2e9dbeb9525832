import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from '@jest/globals'
import { XmlDocument, XmlElement, XsdValidator } from 'libxml2-wasm'
import { catalogue } from '../../../src/faults/catalogue.js'
import { renderJunit } from '../../../src/report/junit.js'
import { makeReport, type Report } from '../../../src/report/report.js'
import { xmlDocument } from '../../../src/report/xml.js'
import { golden } from '../../fixtures/report/golden.js'
import { hostile } from '../../fixtures/report/hostile.js'
import { boot, inputs, log, record, result } from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'
import { anyText } from './any-text.js'
import type { RunRecord } from '../../../src/model.js'

const report = makeReport(rich, { faults: catalogue })

const failedControl: RunRecord = record({
  control: {
    kind: 'failed',
    stage: 'first-boot',
    blame: 'image',
    message: 'the container exited 1 on clean state',
    boot: boot(
      { kind: 'exited', seconds: 0.2, exitCode: 1, oomKilled: false },
      { log: log(["ModuleNotFoundError: No module named 'flask'"]) }
    ),
    location: {
      file: 'src/app.py',
      line: 3,
      function: '<module>',
      language: 'python',
      source: 'import flask'
    }
  }
})

/** Two legs, of which the second did not get past its control. */
const joined: Report = {
  ...report,
  legs: [
    { name: 'a', ...report },
    { name: 'b', ...makeReport(failedControl) }
  ],
  scenarios: report.scenarios.map((one) => ({ ...one, leg: 'a' }))
}

/** What a parser of XML makes of an element found by XPath. */
function found<T>(xml: string, read: (document: XmlDocument) => T): T {
  const document = XmlDocument.fromString(xml)
  try {
    return read(document)
  } finally {
    document.dispose()
  }
}

function attributes(xml: string, path: string): Record<string, string>[] {
  return found(xml, (document) =>
    document
      .find(path)
      .flatMap((node) =>
        node instanceof XmlElement
          ? [Object.fromEntries(node.attrs.map((attribute) => [attribute.name, attribute.value]))]
          : []
      )
  )
}

function numbers(xml: string): Record<string, number> {
  return found(xml, (document) =>
    Object.fromEntries(
      ['testcase', 'testcase[failure]', 'testcase[error]', 'testcase[skipped]'].map((path) => [
        path,
        document.find(`//${path}`).length
      ])
    )
  )
}

describe('the JUnit report', () => {
  test('shows every verdict as it did', async () => {
    const xml = renderJunit(report)
    expect(xml).toBe(await golden('report-junit.xml', xml))
  })

  test('has the line where it is proven, and nowhere else', () => {
    const cases = attributes(renderJunit(report), '//testcase')
    expect(cases.filter(({ file, line }) => file !== undefined || line !== undefined)).toEqual([
      expect.objectContaining({ name: 'dangling-symlink', file: 'gpu-worker/handler.py', line: '22' })
    ])
  })

  test('is red where the run is: strict makes errors of what is inconclusive, and a failure of a surprise', () => {
    expect(numbers(renderJunit(report))).toEqual({
      testcase: 16,
      'testcase[failure]': 8,
      'testcase[error]': 0,
      // One failed as expected, one is inconclusive, one was not run.
      'testcase[skipped]': 3
    })
    const strict = makeReport({ ...rich, inputs: inputs({ strict: true }) })
    expect(numbers(renderJunit(strict))).toEqual({
      testcase: 16,
      'testcase[failure]': 9,
      'testcase[error]': 2,
      'testcase[skipped]': 1
    })
  })

  test('counts in its suites what is in them', () => {
    const xml = renderJunit(report)
    const [all] = attributes(xml, '/testsuites')
    const suites = attributes(xml, '//testsuite')
    const sum = (name: string) => String(suites.reduce((total, suite) => total + Number(suite[name]), 0))
    expect(all).toMatchObject({ tests: sum('tests'), failures: sum('failures'), errors: sum('errors') })
    expect(suites.map(({ name }) => name)).toEqual([
      'control',
      ...new Set(report.scenarios.map(({ path }) => path)),
      'not run'
    ])
  })

  test('has suites of its own for every leg of a matrix, and is red for a control of any of them', () => {
    const xml = renderJunit(joined)
    expect(numbers(xml)).toMatchObject({ testcase: 17, 'testcase[failure]': 9 })
    expect(attributes(xml, '//testsuite').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['a: control', 'a: /root/.cache', 'b: control', 'not run'])
    )
  })

  test('fails for a control that failed, at its line', () => {
    const xml = renderJunit(makeReport(failedControl))
    expect(numbers(xml)).toMatchObject({ testcase: 1, 'testcase[failure]': 1 })
    expect(attributes(xml, '//testcase')).toEqual([
      expect.objectContaining({ file: 'src/app.py', line: '3' })
    ])
  })
})

describe('Jenkins’ schema', () => {
  const runs: [string, RunRecord][] = [
    ['rich', rich],
    ['strict', { ...rich, inputs: inputs({ strict: true }) }],
    ['hostile', hostile],
    ['failed control', failedControl],
    ['empty', record()],
    ['passed', record({ results: [result({}, { kind: 'recovered', detail: 'fine' })] })]
  ]
  async function invalid(xml: string): Promise<string | undefined> {
    const schema = XmlDocument.fromBuffer(
      await readFile(new URL('../../fixtures/report/junit.xsd', import.meta.url))
    )
    const validator = XsdValidator.fromDoc(schema)
    try {
      found(xml, (document) => {
        validator.validate(document)
      })
      return undefined
    } catch (error) {
      return String(error)
    } finally {
      validator.dispose()
      schema.dispose()
    }
  }

  test.each(runs)('accepts the %s report', async (_, run) => {
    expect(await invalid(renderJunit(makeReport(run)))).toBeUndefined()
  })

  test('accepts a joined report', async () => {
    expect(await invalid(renderJunit(joined))).toBeUndefined()
  })

  test('does not accept anything', async () => {
    const xml = renderJunit(report)
    expect(await invalid(xml.replace('tests="', 'test="'))).toMatch(/test/)
    expect(await invalid(xml.replaceAll('failure', 'failed'))).toMatch(/failed/)
  })
})

/** C1 controls and DEL are characters of XML 1.0; C0 controls are none. */
function keptOrReplaced(character: string): string {
  return character < ' ' || character > '\uff00' ? '\ufffd' : character
}

test('any text is written so that a parser reads it back, but for characters that XML cannot hold', () => {
  const strange = fc.oneof(
    anyText,
    fc.constantFrom(']]>', '<!--', '&amp;', '\uffff', '\ufffe', '\u0000', '"', "'", '<![CDATA[')
  )
  fc.assert(
    fc.property(fc.array(strange, { maxLength: 5 }), (parts) => {
      const value = parts.join('')
      const xml = xmlDocument({ name: 'a', attributes: { b: value }, children: [value] })
      const read = found(xml, ({ root }) => [root.attr('b')?.value, root.content])
      // Lone surrogates do not survive the way to UTF-8 and back.
      const kept = Buffer.from(value)
        .toString()
        .replace(/(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu, keptOrReplaced)
      expect(read).toEqual([kept, kept])
    }),
    { numRuns: 300 }
  )
})

test('no report is without a case, whatever its type says', () => {
  const empty: Report = makeReport(record())
  expect(numbers(renderJunit(empty))).toMatchObject({ testcase: 1, 'testcase[failure]': 0 })
})
