import { describe, expect, test } from '@jest/globals'
import { buildCommand, type Builder } from '../../../src/image/build-command.js'
import type { BuildSource } from '../../../src/model.js'

const plain: BuildSource = {
  kind: 'build',
  context: '/repo',
  file: '/repo/Dockerfile',
  buildArgs: [],
  secrets: {},
  cacheFrom: [],
  cacheTo: []
}

function build(source: Partial<BuildSource>, builder: Builder, secretFiles: Record<string, string> = {}) {
  return buildCommand({ ...plain, ...source }, builder, {
    tag: 'test:1',
    labels: { 'a.b': 'c d' },
    secretFiles
  })
}

describe('the command that builds the image', () => {
  const common = ['--file', '/repo/Dockerfile', '--tag', 'test:1', '--label', 'a.b=c d']
  const everything = {
    target: 'final',
    buildArgs: ['A=1 2', 'TOKEN'],
    secrets: { npm: 'x' },
    cacheFrom: ['type=gha,scope=x'],
    cacheTo: ['type=gha,mode=max']
  }

  test.each<[string, Builder, Partial<BuildSource>, string[], Record<string, string>]>([
    ['buildx loads the result', 'buildx', {}, ['buildx', 'build', '--load', '--progress', 'plain'], {}],
    [
      'buildkit asks for BuildKit',
      'buildkit',
      {},
      ['build', '--progress', 'plain'],
      { DOCKER_BUILDKIT: '1' }
    ],
    ['legacy leaves no failed container', 'legacy', {}, ['build', '--force-rm'], { DOCKER_BUILDKIT: '0' }]
  ])('%s', (_, builder, source, start, environment) => {
    expect(build(source, builder)).toEqual({
      kind: 'command',
      argv: [...start, ...common, '/repo'],
      environment
    })
  })

  test.each<[string, Builder, Partial<BuildSource>, string[]]>([
    ['a target', 'legacy', { target: 'final' }, ['--target', 'final']],
    [
      'build arguments, one of them from the environment',
      'legacy',
      { buildArgs: ['A=1 2', 'TOKEN'] },
      ['--build-arg', 'A=1 2', '--build-arg', 'TOKEN']
    ],
    ['an image as cache', 'legacy', { cacheFrom: ['me/app:main'] }, ['--cache-from', 'me/app:main']],
    [
      'an image as cache in the long form',
      'buildkit',
      { cacheFrom: ['type=registry,ref=host:5000/app:main'] },
      ['--cache-from', 'host:5000/app:main']
    ],
    [
      'any cache with buildx',
      'buildx',
      { cacheFrom: ['type=gha'], cacheTo: ['type=gha,mode=max'] },
      ['--cache-from', 'type=gha', '--cache-to', 'type=gha,mode=max']
    ]
  ])('takes %s', (_, builder, source, expected) => {
    const command = build(source, builder)
    expect(command.kind === 'command' ? command.argv.slice(-expected.length - 1, -1) : command).toEqual(
      expected
    )
  })

  test.each<Builder>(['buildx', 'buildkit'])('%s takes secrets from files', (builder) => {
    const command = build({ secrets: { npm: 'x' } }, builder, { npm: '/tmp/secret-0' })
    expect(command).toMatchObject({ kind: 'command' })
    expect(command.kind === 'command' && command.argv).toEqual(
      expect.arrayContaining(['--secret', 'id=npm,src=/tmp/secret-0'])
    )
    expect(JSON.stringify(command)).not.toContain('"x"')
  })

  test('quotes a file name that would end its field', () => {
    const command = build({ secrets: { npm: 'x' } }, 'buildx', { npm: '/tmp/a,"b"/secret-0' })
    expect(command.kind === 'command' && command.argv).toContain('id=npm,"src=/tmp/a,""b""/secret-0"')
  })

  test('names everything that the legacy builder cannot do at once', () => {
    const command = build(everything, 'legacy')
    expect(command.kind).toBe('impossible')
    expect(command.kind === 'impossible' && command.problems.map((problem) => problem.split(':')[0])).toEqual(
      ['secrets', 'cache-from', 'cache-to']
    )
  })

  test.each<[string, Builder, Partial<BuildSource>, RegExp]>([
    ['secrets without BuildKit', 'legacy', { secrets: { a: 'b' } }, /^secrets: .* need BuildKit/],
    ['cache-to without buildx', 'buildkit', { cacheTo: ['type=gha'] }, /^cache-to: "type=gha" needs buildx/],
    ['cache types without buildx', 'buildkit', { cacheFrom: ['type=gha'] }, /^cache-from: "type=gha" needs/],
    ['a registry cache with options', 'legacy', { cacheFrom: ['type=registry,ref=a,x=y'] }, /^cache-from/],
    ['a registry cache without image', 'legacy', { cacheFrom: ['type=registry,ref='] }, /^cache-from/],
    [
      'an id that is a path',
      'buildx',
      { secrets: { '../a': 'b' } },
      /^secrets: "\.\.\/a" is not a secret id/
    ],
    ['an id with a comma', 'buildx', { secrets: { 'a,src=/etc/passwd': 'b' } }, /is not a secret id/]
  ])('refuses %s', (_, builder, source, message) => {
    const command = build(source, builder)
    expect(command.kind === 'impossible' ? command.problems.join('\n') : command).toMatch(message)
  })
})
