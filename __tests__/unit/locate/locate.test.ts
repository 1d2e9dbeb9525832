import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Engine } from '../../../src/engine/engine.js'
import { EngineError } from '../../../src/engine/errors.js'
import { failureOf } from '../../../src/judge/shown-failure.js'
import { locator } from '../../../src/locate/locate.js'
import { boot, log } from '../../fixtures/report/record.js'
import { FakeEngine } from '../trial/fake-engine.js'
import type { BuildSource, SourceLocation, TreeEntry } from '../../../src/model.js'

let top: string
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'locate-')))
})
afterEach(() => {
  rmSync(top, { recursive: true })
})

const APP = 'import lib\n\n\ndef main():\n    lib.prepare()\n'
const LIB = 'def prepare():\n    raise OSError\n'

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true })
    writeFileSync(join(top, path), text)
  }
}

function traceback(...frames: readonly [path: string, line: number][]): string[] {
  const lines = frames.map(([path, line]) => `  File "${path}", line ${line}, in f`)
  return ['Traceback (most recent call last):', ...lines, 'OSError']
}

interface Setting {
  /** Content by path, or `-> target` for a link. */
  readonly image: Readonly<Record<string, string>>
  readonly log: readonly string[]
  readonly dockerfile?: readonly string[]
  /** Of the build, relative to the workspace. */
  readonly context?: string
  readonly workdir?: string
  readonly readEntry?: Engine['readEntry']
}

async function locate(setting: Setting): Promise<SourceLocation | undefined> {
  const context = setting.context === undefined ? top : join(top, setting.context)
  const build: BuildSource = {
    kind: 'build',
    context,
    file: join(context, 'Dockerfile'),
    buildArgs: [],
    secrets: {},
    cacheFrom: [],
    cacheTo: []
  }
  if (setting.dockerfile !== undefined)
    writeFileSync(build.file, ['FROM base', ...setting.dockerfile].join('\n'))
  const readEntry =
    setting.readEntry ?? ((_: string, path: string) => Promise.resolve(entryOf(path, setting.image[path])))
  const engine: Engine = Object.assign(new FakeEngine(), { readEntry })
  const find = locator(
    engine,
    {
      workspace: top,
      image: setting.dockerfile === undefined ? { kind: 'reference', reference: 'x' } : build
    },
    { workdir: setting.workdir ?? '/srv' },
    process.env
  )
  const exited = boot(
    { kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false },
    { log: log(setting.log) }
  )
  return await find(failureOf(exited))
}

function entryOf(path: string, text: string | undefined): TreeEntry | undefined {
  if (text === undefined) return undefined
  const common = { path, mode: 0o644, uid: 0, gid: 0, mtime: 1, size: text.length }
  if (text.startsWith('-> ')) return { ...common, type: 'symlink', linkTarget: text.slice(3) }
  return { ...common, type: 'file', sha256: createHash('sha256').update(text).digest('hex') }
}

const IMAGE = { '/srv/app.py': APP, '/srv/lib.py': LIB }
const TRACE = traceback(['/srv/app.py', 5], ['/srv/lib.py', 2])

describe('a failure points at', () => {
  test('the innermost line of the repository, told by the Dockerfile', async () => {
    write({ 'src/app.py': APP, 'src/lib.py': LIB, 'old/lib.py': LIB })
    expect(await locate({ image: IMAGE, log: TRACE, dockerfile: ['COPY src /srv'] })).toEqual({
      file: 'src/lib.py',
      line: 2,
      function: 'f',
      language: 'python',
      source: '    raise OSError'
    })
  })

  test('the caller of a library', async () => {
    write({ 'src/app.py': APP })
    const library = '/usr/lib/python3/dist-packages/store/lib.py'
    const image = { ...IMAGE, [library]: LIB }
    const found = await locate({
      image,
      log: traceback(['/srv/app.py', 5], [library, 2]),
      dockerfile: ['COPY src /srv']
    })
    expect(found).toMatchObject({ file: 'src/app.py', line: 5 })
  })

  test('the file with the longest common end, where no Dockerfile tells', async () => {
    write({ 'web/app.py': APP, 'web/store/lib.py': LIB, 'x/lib.py': LIB })
    const image = { '/opt/store/lib.py': LIB }
    expect(await locate({ image, log: traceback(['/opt/store/lib.py', 2]) })).toMatchObject({
      file: 'web/store/lib.py'
    })
  })

  test('its own package that pip installed, and no file that only ends alike', async () => {
    write({ 'src/shop/lib.py': LIB, 'lib.py': LIB })
    const [own, foreign] = [
      '/usr/lib/python3.11/site-packages/shop/lib.py',
      '/usr/lib/python3.11/site-packages/z/lib.py'
    ]
    const image = { [own]: LIB, [foreign]: LIB }
    expect(await locate({ image, log: traceback([own, 2]) })).toMatchObject({ file: 'src/shop/lib.py' })
    expect(await locate({ image, log: traceback([foreign, 2]) })).toBeUndefined()
  })

  test('a file below a build context, behind a link in the image, relative to where the process started', async () => {
    write({ 'services/web/lib.py': LIB })
    const image = { '/current/lib.py': '-> ../release/lib.py', '/release/lib.py': LIB }
    const asked = { image, dockerfile: ['COPY . /release'], context: 'services/web' }
    expect(await locate({ ...asked, log: traceback(['/current/lib.py', 2]) })).toMatchObject({
      file: 'services/web/lib.py'
    })
    expect(await locate({ ...asked, workdir: '/release', log: traceback(['lib.py', 2]) })).toMatchObject({
      file: 'services/web/lib.py'
    })
  })

  test('a path of the repository that was checked out below the workspace', async () => {
    write({ 'checkout/src/lib.py': LIB })
    execFileSync('git', ['init', '--quiet', join(top, 'checkout')])
    execFileSync('git', ['-C', join(top, 'checkout'), 'add', 'src'])
    write({ 'checkout/build/lib.py': LIB })
    const found = await locate({ image: IMAGE, log: TRACE, dockerfile: [], context: 'checkout' })
    // The copy is not tracked, and so not part of the pull request.
    expect(found).toMatchObject({ file: 'src/lib.py' })
  })

  test('Java and trimmed Go sources, where the Dockerfile puts them into the image', async () => {
    const source = 'package com.acme;\nclass App {}\n'
    write({ 'src/main/java/com/acme/App.java': source, 'store/store.go': 'package store\n\nfunc f() {}\n' })
    const image = {
      '/build/src/main/java/com/acme/App.java': source,
      '/build/store/store.go': 'package store\n\nfunc f() {}\n'
    }
    const java = ['Exception in thread "main" java.lang.Error', '\tat com.acme.App.main(App.java:2)']
    const go = [
      'panic: x',
      '',
      'goroutine 1 [running]:',
      'x/store.f()',
      '\texample.com/x/store/store.go:3 +0x1'
    ]
    expect(await locate({ image, log: java, dockerfile: ['COPY . /build'] })).toMatchObject({
      file: 'src/main/java/com/acme/App.java',
      line: 2
    })
    expect(await locate({ image, log: go, dockerfile: ['COPY . /build'] })).toMatchObject({
      file: 'store/store.go'
    })
    expect(await locate({ image, log: java })).toBeUndefined()
  })

  test.each([
    ['#!/bin/sh\nset -e\nmake-cache\n', true],
    ['#!/bin/sh\n. /lib.sh\nmake-cache\n', false],
    ['#!/bin/sh\ntest -f x && . ./x\nmake-cache\n', false],
    ['#!/bin/bash\nsource /lib.sh\nmake-cache\n', true],
    ['print(1)\n\nmake-cache\n', false]
  ])('the line of the script %j: %s', async (text, expected) => {
    const name = text.startsWith('#!') ? 'start.sh' : 'start'
    write({ [name]: text })
    const path = `/srv/${name}`
    const found = await locate({ image: { [path]: text }, log: [`${path}: 3: make-cache: not found`] })
    expect(found?.source).toBe(expected ? 'make-cache' : undefined)
  })
})

describe('a failure points nowhere', () => {
  const cases: [words: string, files: Readonly<Record<string, string>>, setting: Partial<Setting>][] = [
    ['when the file is there twice', { 'a/lib.py': LIB, 'b/lib.py': LIB }, {}],
    ['when the image has another content', { 'src/lib.py': `${LIB}\n` }, {}],
    ['when line ends differ', { 'src/lib.py': LIB.replaceAll('\n', '\r\n') }, {}],
    [
      'when the image differs from what the Dockerfile copied, though its caller is the same',
      { 'src/app.py': APP, 'src/lib.py': `# new\n${LIB}` },
      { dockerfile: ['COPY src /srv'] }
    ],
    ['when the file has no such line', { 'src/lib.py': LIB }, { log: traceback(['/srv/lib.py', 3]) }],
    ['when the line has nothing on it', { 'src/app.py': APP }, { log: traceback(['/srv/app.py', 2]) }],
    [
      'when a lone CR makes lines uncertain',
      { 'src/lib.py': `a\r${LIB}` },
      { image: { '/srv/lib.py': `a\r${LIB}` } }
    ],
    ['when the repository has no such file', { 'src/other.py': LIB }, {}],
    [
      'when the engine cannot read',
      { 'src/lib.py': LIB },
      { readEntry: () => Promise.reject(new EngineError('read', 500, 'no')) }
    ],
    [
      'when links in the image lead in circles',
      { 'src/lib.py': LIB },
      { image: { '/srv/lib.py': '-> lib.py' } }
    ],
    ['when the log shows no failure', { 'src/lib.py': LIB }, { log: ['bye'] }],
    [
      'when the path leads outside',
      { 'src/lib.py': LIB },
      { log: traceback(['/../../etc/passwd', 1], ['\u0000/lib.py', 2]) }
    ]
  ]
  test.each(cases)('%s', async (_, files, setting) => {
    write(files)
    expect(await locate({ image: IMAGE, log: TRACE, ...setting })).toBeUndefined()
  })

  test('outside of the repository, wherever a link in it leads', async () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'locate-outside-')))
    try {
      writeFileSync(join(outside, 'lib.py'), LIB)
      symlinkSync(outside, join(top, 'src'))
      symlinkSync(join(outside, 'lib.py'), join(top, 'lib.py'))
      expect(await locate({ image: IMAGE, log: TRACE, dockerfile: ['COPY src /srv'] })).toBeUndefined()
      expect(await locate({ image: IMAGE, log: TRACE })).toBeUndefined()
    } finally {
      rmSync(outside, { recursive: true })
    }
  })
})

test('a run that is cancelled is not answered', async () => {
  write({ 'src/lib.py': LIB })
  const readEntry = () => Promise.reject(new Error('cancelled'))
  await expect(locate({ image: IMAGE, log: TRACE, readEntry })).rejects.toThrow('cancelled')
})
