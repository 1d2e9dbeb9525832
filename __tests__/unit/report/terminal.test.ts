import { describe, expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { width } from '../../../src/report/paint.js'
import { makeReport } from '../../../src/report/report.js'
import { renderTerminal } from '../../../src/report/terminal.js'
import { inside } from '../../../src/report/words.js'
import { golden } from '../../fixtures/report/golden.js'
import { hostile } from '../../fixtures/report/hostile.js'
import { rich } from '../../fixtures/report/rich.js'

const report = makeReport(rich, { faults: catalogue })

describe('the report for a terminal', () => {
  test.each([80, 120])('reads as it did at %i columns', async (columns) => {
    const text = renderTerminal(report, { colour: false, columns })
    expect(text).toBe(await golden(`terminal-${columns}.txt`, text))
  })

  test.each([40, 60, 80, 120])(
    'keeps within %i columns, except for commands that are there to be copied',
    (columns) => {
      const commands = report.scenarios.flatMap((scenario) => [
        ...scenario.reproduce.split('\n'),
        ...(scenario.keptContainer === null ? [] : [inside(scenario, scenario.keptContainer)])
      ])
      const lines = renderTerminal(report, { colour: false, columns })
        .split('\n')
        .filter((line) => !commands.includes(line))
      expect(lines.filter((line) => width(line) > Math.max(60, columns))).toEqual([])
    }
  )

  test('goes into a container that was stopped for the trials after it by a copy of it', () => {
    const [scenario] = report.scenarios
    if (scenario === undefined) throw new Error('the report has no scenario')
    const boots = scenario.boots.map((boot) => ({ ...boot, exitCode: null }))
    const running = { ...scenario, boots, secondBoot: null }
    expect(inside(running, 'shop')).toBe('docker exec -it shop sh')
    expect(inside({ ...running, keptIsStopped: true }, 'shop')).toContain('--volumes-from shop')
  })

  test('says once why faults were left out, and names as many as a reader can take in', () => {
    const omit = (reason: string, ...faults: string[]) =>
      faults.map((fault) => ({ fault, path: '/data', reason }))
    const record = {
      ...rich,
      omissions: [
        ...omit(
          'Python in this image never reads bytecode from /data',
          'stale-bytecode',
          'truncated-bytecode'
        ),
        ...omit('start-up did not use /data', 'a', 'b', 'c', 'd', 'e')
      ]
    }
    expect(renderTerminal(makeReport(record), { colour: false, columns: 120 })).toContain(
      [
        'Left out:',
        '  stale-bytecode, truncated-bytecode: Python in this image never reads bytecode from /data.',
        '  5 faults: Start-up did not use /data.',
        ''
      ].join('\n')
    )
  })

  test('colours change nothing but the colour', () => {
    const [coloured, plain] = [true, false].map((colour) => renderTerminal(report, { colour, columns: 80 }))
    expect(coloured).toContain('\u001b[31m')
    // eslint-disable-next-line no-control-regex
    expect(coloured?.replace(/\u001b\[\d+m/g, '')).toBe(plain)
  })

  test('lets nothing through that acts on the terminal', () => {
    const text = renderTerminal(makeReport(hostile), { colour: false, columns: 80 })
    expect(text.match(/[^\n\P{Cc}]|\p{Cf}/gu)).toBeNull()
  })
})
