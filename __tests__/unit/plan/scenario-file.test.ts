import { readFileSync, writeFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parse } from 'yaml'
import { catalogue } from '../../../src/faults/catalogue.js'
import { InputError, ProblemList } from '../../../src/inputs/problems.js'
import { LARGEST_SCENARIO_FILE, parseScenarioFile } from '../../../src/plan/scenario-file.js'
import { scenarioFileJsonSchema } from '../../../src/plan/scenario-file-schema.js'
import type { ScenarioFile } from '../../../src/model.js'

const FILE = '.github/cache-crash-test.yml'

function read(content: string): ScenarioFile {
  const problems = new ProblemList()
  const file = parseScenarioFile(FILE, content, catalogue, problems)
  problems.throwIfAny()
  if (file === undefined) throw new Error('nothing was read, and no problem found')
  return file
}

/** Every problem's line, without the name of the file. */
function problemsOf(content: string): string[] {
  try {
    read(content)
  } catch (error) {
    if (error instanceof InputError)
      return error.message.split('\n').map((line) => line.replace(`${FILE}:`, ''))
    throw error
  }
  return []
}

const HEAD = 'version: 1\n'
const fault = (plant: string, more = ''): string =>
  `${HEAD}faults:\n  mine:\n    title: Mine\n${more}    plant:\n      - ${plant}\n`

describe('a right file', () => {
  const documented = /```yaml\n(# yaml-language-server[\s\S]*?)```/.exec(
    readFileSync('docs/scenario-file.md', 'utf8')
  )?.[1]

  test('that the documentation shows whole is one', () => {
    const file = read(documented ?? '')
    expect(file.faults.map(({ id }) => id)).toEqual(['half-written-index', 'stale-lock', 'cold-volume'])
    expect(file.scenarios).toHaveLength(2)
    expect(file.rules).toHaveLength(2)
  })

  test('plants what it says, with absolute paths made relative', () => {
    const file = read(`${HEAD}faults:
  mine:
    title: Everything
    paths: [/data/db]
    modes: [recreate]
    default: false
    expect: leave-alone
    plant:
      - { type: directory, path: ., owner: 0 }
      - { type: file, path: a, content: text, mode: "0600", owner: "1:2", modified: 2024-01-31T12:00:00Z }
      - { type: file, path: /data/db/b, base64: AAEC }
      - { type: file, path: c, size: 3, owner: app }
      - { type: link, path: d/e, to: /nonexistent }
      - { type: fifo, path: f, mode: "777" }
      - { type: missing, path: g }
`)
    const none = { mode: undefined, owner: undefined, mtime: undefined }
    expect(file.faults).toEqual([
      {
        id: 'mine',
        title: 'Everything',
        paths: ['/data/db'],
        default: false,
        modes: ['recreate'],
        expect: 'leave-alone',
        remedy: undefined,
        readOnly: false,
        plant: [
          { type: 'directory', path: '.', ...none, owner: { uid: 0, gid: 0 } },
          {
            type: 'file',
            path: 'a',
            content: Buffer.from('text'),
            mode: 0o600,
            owner: { uid: 1, gid: 2 },
            mtime: 1_706_702_400
          },
          { type: 'file', path: 'b', ...none, content: Buffer.from([0, 1, 2]) },
          { type: 'file', path: 'c', ...none, content: Buffer.alloc(3) },
          { type: 'link', path: 'd/e', ...none, to: '/nonexistent' },
          { type: 'fifo', path: 'f', ...none, mode: 0o777 },
          { type: 'missing', path: 'g' }
        ]
      }
    ])
  })

  test('says of scenarios what holds for them, rules last', () => {
    const file = read(`${HEAD}scenarios:
  - { fault: killed, path: container, modes: [restart], timeout: 90s }
  - { fault: truncated, path: /data/x, known-to-fail: "see #1" }
  - { fault: read-only, path: /data/x }
rules:
  - { match: "*@/data/*", leave-out: not ours }
`)
    expect(file.scenarios).toEqual([
      { fault: 'killed', path: 'container', modes: ['restart'], timeoutMs: 90_000 },
      { fault: 'truncated', path: '/data/x', modes: undefined, knownToFail: 'see #1' },
      { fault: 'read-only', path: '/data/x', modes: undefined }
    ])
    expect(file.rules).toEqual([{ match: '*@/data/*', leaveOut: 'not ours' }])
  })

  test('is one for the published schema, too', () => {
    const validate = new Ajv2020({ strict: false }).compile(scenarioFileJsonSchema())
    expect(validate(parse(documented ?? ''))).toBe(true)
    expect(validate(parse(`${HEAD}fault: {}`))).toBe(false)
    expect(validate(parse(fault('{ type: file, path: x, mode: 999 }')))).toBe(false)
  })
})

describe('a wrong file is refused with line, column and what would be right', () => {
  const ENTRY = 'a path below the one that the fault is planted at, e.g. index/documents.json, or "."'
  // prettier-ignore
  test.each<[string, string, string]>([
    ['empty', '', '1:1: is empty'],
    ['not YAML', `${HEAD}faults: [`, '2:10: is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['a key twice', `${HEAD}version: 1`, '2:1: is not YAML: Map keys must be unique'],
    ['no version', 'faults: {}', '1:1: version: is missing; accepted: 1'],
    ['another version', 'version: 2', '1:10: version: "2" is not right; accepted: 1'],
    ['an unknown key', `${HEAD}rule: []`, '2:1: rule: there is no such key (did you mean "rules"?)'],
    ['an unknown key deep inside', fault('{ type: file, path: x, contents: y }'), '6:32: faults.mine.plant[0].contents: there is no such key (did you mean "content"?)'],
    ['an unknown type', fault('{ type: socket, path: x }'), '6:17: faults.mine.plant[0].type: "socket" is not right; accepted: file, directory, link, fifo or missing'],
    ['a link to nowhere', fault('{ type: link, path: x }'), '6:9: faults.mine.plant[0].to: is missing; accepted: where the link leads, one line of 1 to 500 characters'],
    ['an unquoted mode', fault('{ type: file, path: x, mode: 0644 }'), '6:38: faults.mine.plant[0].mode: "644" is not right; accepted: permission bits, octal and in quotes, e.g. "0644"'],
    ['an owner by name', fault('{ type: file, path: x, owner: root }'), '6:39: faults.mine.plant[0].owner: "root" is not right; accepted: app (the user that the image runs as), a uid, or "UID:GID"'],
    ['two contents', fault('{ type: file, path: x, content: a, size: 1 }'), '6:9: faults.mine.plant[0]: has content and size; accepted: one of content, base64, size'],
    ['a way up', fault('{ type: file, path: a/../../b }'), `6:29: faults.mine.plant[0].path: "a/../../b" contains ".."; accepted: ${ENTRY}`],
    ['an absolute path without paths', fault('{ type: file, path: /etc/passwd }'), `6:29: faults.mine.plant[0].path: "/etc/passwd" is absolute, and the fault has not exactly one path in paths; accepted: ${ENTRY}`],
    ['an absolute path elsewhere', fault('{ type: file, path: /etc/passwd }', '    paths: [/data]\n'), '7:29: faults.mine.plant[0].path: "/etc/passwd" is not at or below /data; accepted: a path at or below /data'],
    ['a path that is not normal', fault('{ type: missing, path: a//b }'), `6:32: faults.mine.plant[0].path: "a//b" is not in its shortest form; accepted: ${ENTRY}`],
    ['a path twice', fault('{ type: fifo, path: a }\n      - { type: file, path: a }'), '7:29: faults.mine.plant[1].path: "a" is planted twice'],
    ['something below a link', fault('{ type: link, path: a, to: /etc }\n      - { type: file, path: a/passwd }'), '7:29: faults.mine.plant[1].path: "a/passwd" is below "a", which is no directory then'],
    ['a missing file after a restart', fault('{ type: missing, path: a }', '    modes: [restart]\n'), '5:12: faults.mine.modes: a stopped container keeps its files, so none can be missing; accepted: recreate, concurrent'],
    ['a mount after a restart', `${HEAD}faults:\n  mine:\n    title: M\n    mount: read-only\n    modes: [restart]`, '6:12: faults.mine.modes: a mount belongs to a new container; accepted: recreate'],
    ['no plant', `${HEAD}faults:\n  mine: { title: M }`, '3:3: faults.mine: plants nothing; accepted: plant, mount'],
    ['an id that is taken', `${HEAD}faults:\n  killed: { title: M, mount: read-only }`, '3:3: faults.killed: is a name that the catalogue has already; accepted: another one'],
    ['an id that is a family', `${HEAD}faults:\n  shape: { title: M, mount: read-only }`, '3:3: faults.shape: is a name that the catalogue has already; accepted: another one'],
    ['an id that is none', `${HEAD}faults:\n  Mine!: { title: M, mount: read-only }`, '3:3: faults.Mine!: is not an id; accepted: lower-case words with hyphens, up to 60 characters'],
    ['a fault that there is not', `${HEAD}scenarios:\n  - { fault: kiled, path: /data }`, '3:14: scenarios[0].fault: "kiled" is not a fault (did you mean "killed"?); accepted: the id of a fault'],
    ['a path for a fault without', `${HEAD}scenarios:\n  - { fault: killed, path: /data }`, '3:28: scenarios[0].path: "/data" is a path, and killed has none; accepted: container'],
    ['a relative path', `${HEAD}scenarios:\n  - { fault: read-only, path: data }`, '3:31: scenarios[0].path: "data" is not an absolute path; accepted: an absolute path in the container, e.g. /data/index'],
    ['a scenario twice', `${HEAD}scenarios:\n  - &a { fault: read-only, path: /data }\n  - *a`, '4:5: scenarios[1]: "read-only@/data/*" is given twice'],
    ['a timeout without a unit', `${HEAD}rules:\n  - { match: "a@b", timeout: 90 }`, '3:30: rules[0].timeout: "90" is not right; accepted: a duration from 1s to 1h, e.g. 90s, 2m'],
    ['a timeout of days', `${HEAD}rules:\n  - { match: "a@b", timeout: 48h }`, '3:30: rules[0].timeout: "48h" is out of range; accepted: a duration from 1s to 1h, e.g. 90s, 2m'],
    ['a rule that says nothing', `${HEAD}rules:\n  - match: "a@b"`, '3:5: rules[0]: says nothing of what matches; accepted: leave-out, expect, timeout, known-to-fail'],
    ['a rule that contradicts itself', `${HEAD}rules:\n  - { match: "a@b", leave-out: x, expect: recover }`, '3:5: rules[0]: leaves out, so expect mean nothing; accepted: leave-out alone'],
    ['an unknown expectation', `${HEAD}rules:\n  - { match: "a@b", expect: survive }`, '3:29: rules[0].expect: "survive" is not right; accepted: recover, recover-or-refuse, leave-alone']
  ])('%s', (_, content, problem) => {
    expect(problemsOf(content)).toEqual([problem])
  })

  test('all of its problems at once', () => {
    const content = `${HEAD}faults:
  killed: { title: "", mount: rw }
scenarios: []
rule: {}
`
    expect(problemsOf(content).map((line) => line.split(' ', 2).join(' '))).toEqual([
      '3:20: faults.killed.title:',
      '3:31: faults.killed.mount:',
      '4:12: scenarios:',
      '5:1: rule:'
    ])
  })

  test('anchors that multiply, depth without end and size are bounded', () => {
    const bomb = `${HEAD}a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map(
        (name, index) =>
          `${name}: &${name} [${Array(9)
            .fill(`*${'abcdefg'[index] ?? ''}`)
            .join(',')}]`
      )
      .join('\n')}`
    expect(problemsOf(bomb)).toEqual(['1:1: repeats anchors more than 200 times'])
    expect(problemsOf('['.repeat(LARGEST_SCENARIO_FILE)).length).toBeLessThanOrEqual(5)
  })
})

test('whatever a file says, it is read or refused, and never anything else', () => {
  const words = fc.constantFrom(
    'version: 1\n',
    'faults:\n',
    '  a:\n',
    '    title: t\n',
    '- ',
    '[',
    '{',
    '*a',
    '&a',
    ': ',
    '"',
    '\n'
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 12 }).map((parts) => parts.join(''))
      ),
      (content) => {
        expect(() => problemsOf(content)).not.toThrow()
      }
    )
  )
})

test('the published schema is up to date (UPDATE=1 writes it)', () => {
  const path = 'schema/scenario-file.schema.json'
  const expected = `${JSON.stringify(scenarioFileJsonSchema(), null, 2)}\n`
  if (process.env.UPDATE === '1') writeFileSync(path, expected)
  expect(readFileSync(path, 'utf8')).toBe(expected)
})
