import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpointAt, resolveEndpoint } from '../../../src/engine/endpoint.js'

describe('an address', () => {
  test.each([
    ['unix:///var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }, '127.0.0.1'],
    ['unix:///run/user/1000/docker.sock', { kind: 'unix', path: '/run/user/1000/docker.sock' }, '127.0.0.1'],
    ['tcp://docker:2376', { kind: 'dial-stdio' }, 'docker'],
    ['tcp://10.0.0.7:2375', { kind: 'dial-stdio' }, '10.0.0.7'],
    ['tcp://[fd00::7]:2375', { kind: 'dial-stdio' }, 'fd00::7'],
    ['ssh://me@build.example:22', { kind: 'dial-stdio' }, 'build.example'],
    ['build.example:2375', { kind: 'dial-stdio' }, 'build.example'],
    ['npipe:////./pipe/docker_engine', { kind: 'dial-stdio' }, '127.0.0.1'],
    ['tcp://', { kind: 'dial-stdio' }, '127.0.0.1']
  ])('%s', (address, via, host) => {
    expect(endpointAt(address)).toEqual({ via, address, host })
  })
})

describe('the daemon that the CLI would use', () => {
  let home: string
  const at = (...names: string[]): string => join(home, ...names)

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'engine-test-'))
    await mkdir(at('.docker'))
    await mkdir(at('broken'))
    await mkdir(at('default'))
    await mkdir(at('bin'))
    await writeFile(at('.docker', 'config.json'), JSON.stringify({ auths: {}, currentContext: 'mine' }))
    await writeFile(at('broken', 'config.json'), '{')
    await writeFile(at('default', 'config.json'), JSON.stringify({ currentContext: 'default' }))
    // Stands for `docker context inspect`: every context is at an address of its own name.
    const script =
      '#!/bin/sh\nfor name; do :; done\n[ "$name" = gone ] && { echo "context not found" >&2; exit 1; }\n'
    await writeFile(
      at('bin', 'docker'),
      `${script}[ "$name" = odd ] && { echo null; exit; }\necho "\\"unix:///$name.sock\\""\n`
    )
    await chmod(at('bin', 'docker'), 0o755)
  })

  afterAll(() => rm(home, { recursive: true }))

  const environment = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
    HOME: home,
    PATH: `${at('bin')}:/bin:/usr/bin`,
    ...more
  })

  test.each<[string, NodeJS.ProcessEnv, string]>([
    ['DOCKER_HOST first', { DOCKER_HOST: 'tcp://a:1', DOCKER_CONTEXT: 'named' }, 'tcp://a:1'],
    ['then DOCKER_CONTEXT', { DOCKER_CONTEXT: 'named' }, 'unix:///named.sock'],
    ['an empty DOCKER_HOST is none', { DOCKER_HOST: '', DOCKER_CONTEXT: 'named' }, 'unix:///named.sock'],
    [
      'the default context is the default socket',
      { DOCKER_CONTEXT: 'default' },
      'unix:///var/run/docker.sock'
    ],
    ['then the configuration’s', {}, 'unix:///mine.sock'],
    ['a context that looks like a flag is a name', { DOCKER_CONTEXT: '--help' }, 'unix:///--help.sock']
  ])('%s', async (_title, more, address) => {
    expect(await resolveEndpoint(environment(more))).toMatchObject({ address })
  })

  test('is the named pipe where the platform is Windows, which the CLI opens', async () => {
    const found = await resolveEndpoint(environment({ DOCKER_CONTEXT: 'default' }), 'win32')
    expect(found).toMatchObject({
      address: 'npipe:////./pipe/docker_engine',
      via: { kind: 'dial-stdio' }
    })
  })

  test.each(['broken', 'default', 'missing'])(
    'a configuration that is %s selects the default socket',
    async (name) => {
      const found = await resolveEndpoint(environment({ DOCKER_CONFIG: at(name) }))
      expect(found.address).toBe('unix:///var/run/docker.sock')
    }
  )

  test.each([
    ['gone', /docker context gone: context not found/],
    ['odd', /docker context odd has no docker endpoint/]
  ])('a context that is %s is an engine error', async (name, words) => {
    await expect(resolveEndpoint(environment({ DOCKER_CONTEXT: name }))).rejects.toThrow(words)
  })
})
