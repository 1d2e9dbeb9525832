/* eslint jest/no-standalone-expect: [error, { additionalTestBlockFunctions: [testIfFound] }] */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Builder } from '../../src/image/build-command.js'
import { buildImage, detectBuilder } from '../../src/image/build.js'
import type { BuildSource } from '../../src/model.js'

const run = promisify(execFile)
const contexts = fileURLToPath(new URL('../fixtures/build/contexts', import.meta.url))
const installed = fileURLToPath(new URL('../../.test-cache/docker-config', import.meta.url))
const unset = { ...process.env }
delete unset.DOCKER_BUILDKIT
const withPlugin = existsSync(installed) ? { ...unset, DOCKER_CONFIG: installed } : unset

/** How each builder is had on this machine: the CLI and its environment. */
const ways: Record<Builder, { docker: string; environment: NodeJS.ProcessEnv }[]> = {
  buildx: [
    { docker: 'docker', environment: unset },
    { docker: 'docker', environment: withPlugin }
  ],
  buildkit: [
    { docker: 'docker', environment: unset },
    { docker: '/usr/bin/docker', environment: unset }
  ],
  legacy: [{ docker: 'docker', environment: { ...process.env, DOCKER_BUILDKIT: '0' } }]
}

const found = new Map<Builder, { docker: string; environment: NodeJS.ProcessEnv }>()
for (const builder of ['buildx', 'buildkit', 'legacy'] as const) {
  for (const way of ways[builder]) {
    if (!found.has(builder) && (await detectBuilder(way.environment, way.docker).catch(String)) === builder) {
      found.set(builder, way)
    }
  }
}

const label = 'cache-crash-test.build-test'
const labels = { [label]: `${process.pid}`, 'with-spaces': 'a b' }
const tag = `cache-crash-test-build-test:${process.pid}`
let temporaryDirectory = ''
let log: Buffer[] = []

beforeAll(async () => {
  temporaryDirectory = await mkdtemp(join(tmpdir(), 'build-test-'))
})
beforeEach(() => {
  log = []
})
afterAll(async () => {
  await rm(temporaryDirectory, { recursive: true, force: true })
  const filter = `label=${label}=${process.pid}`
  const { stdout } = await run('docker', ['images', '--quiet', '--filter', filter])
  const images = new Set(stdout.split('\n').filter((line) => line !== ''))
  if (images.size > 0) await run('docker', ['image', 'rm', '--force', ...images])
})

function source(overrides: Partial<BuildSource> = {}): BuildSource {
  return {
    kind: 'build',
    context: join(contexts, 'good'),
    file: join(contexts, 'good/Dockerfile'),
    buildArgs: ['BASE_IMAGE=cache-crash-test-base:python3.11'],
    secrets: {},
    cacheFrom: [],
    cacheTo: [],
    ...overrides
  }
}

const failing = (): BuildSource =>
  source({ context: join(contexts, 'failing'), file: join(contexts, 'failing/Dockerfile') })

async function inspect(): Promise<unknown> {
  const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{json .Config}}', tag])
  return JSON.parse(stdout)
}

async function commandsOfContainers(): Promise<string> {
  return (await run('docker', ['ps', '--all', '--no-trunc', '--format', '{{.Command}}'])).stdout
}

describe.each(['buildx', 'buildkit', 'legacy'] as const)('%s', (builder) => {
  const way = found.get(builder) ?? { docker: 'docker', environment: {} }
  const testIfFound = found.has(builder) ? test : test.skip
  const build = (what: BuildSource, environment: NodeJS.ProcessEnv = way.environment) =>
    buildImage(what, {
      tag,
      labels,
      temporaryDirectory,
      environment,
      log: (chunk) => log.push(chunk),
      docker: way.docker
    })

  testIfFound('builds a target with arguments and labels, and loads it', async () => {
    const greeting = `from the environment of ${builder}`
    await build(
      source({ target: 'final', buildArgs: ['BASE_IMAGE=cache-crash-test-base:python3.11', 'GREETING'] }),
      {
        ...way.environment,
        GREETING: greeting
      }
    )
    expect(await inspect()).toMatchObject({
      Env: expect.arrayContaining([`GREETING=${greeting}`]),
      User: '1000:1000',
      Labels: labels
    })
    expect(Buffer.concat(log).toString()).toMatch(/FROM/)
  })

  testIfFound('names the failing step and its last lines, and leaves no container', async () => {
    await expect(build(failing())).rejects.toMatchObject({
      name: 'BuildError',
      exitCode: builder === 'legacy' ? 3 : 1,
      step: expect.stringMatching(/^\[\S+\] RUN echo "error: no such package: left-pad"/),
      lines: [expect.stringMatching('error: no such package: left-pad'), expect.stringMatching(/code: 3/)]
    })
    expect(await commandsOfContainers()).not.toMatch('left-pad')
  })

  testIfFound('leaves no file behind', async () => {
    await build(failing()).catch(String)
    expect(await readdir(temporaryDirectory)).toEqual([])
  })
})

test('the legacy builder builds again when a step of its cache is removed under it', async () => {
  const context = await mkdtemp(join(temporaryDirectory, 'context-'))
  const neighbour = `${tag}-neighbour`
  // The daemon itself fetches what is added, in the step that comes after the shared one.
  let removals = 0
  const server = createServer((_, response) => {
    const answer = (): void => void response.end('late')
    if (removals++ > 0) answer()
    else void run('docker', ['rmi', neighbour]).then(answer)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    const { port } = server.address() as AddressInfo
    const shared = `FROM cache-crash-test-base:python3.11\nWORKDIR /shared-${randomUUID()}\n`
    const neighbourFile = join(context, 'Neighbour.Dockerfile')
    await writeFile(neighbourFile, `${shared}ENV neighbour=yes\n`)
    await writeFile(join(context, 'Dockerfile'), `${shared}ADD http://127.0.0.1:${port}/late /late\n`)
    const environment = { ...process.env, DOCKER_BUILDKIT: '0' }
    await run('docker', ['build', '--tag', neighbour, '--file', neighbourFile, context], { env: environment })

    await buildImage(source({ context, file: join(context, 'Dockerfile') }), {
      tag,
      labels,
      temporaryDirectory,
      environment,
      log: (chunk) => log.push(chunk)
    })
    expect(Buffer.concat(log).toString()).toMatch(/No such image: sha256:[^]*Successfully built/)
    expect(await inspect()).toMatchObject({ Labels: labels })
  } finally {
    server.close()
    await rm(context, { recursive: true })
  }
})

describe('secrets', () => {
  const value = `s3cret-${process.pid}`
  const what = (builder: Builder): BuildSource =>
    source({
      context: contexts,
      file: join(contexts, 'secret.Dockerfile'),
      buildArgs: ['BASE_IMAGE=cache-crash-test-base:python3.11', `CHANGED=${process.pid} ${builder}`],
      secrets: { 'npm-token': value }
    })

  describe.each(['buildx', 'buildkit'] as const)('with %s', (builder) => {
    const way = found.get(builder)
    const testIfFound = way === undefined ? test.skip : test

    testIfFound('reach a step, and neither log nor disk', async () => {
      await buildImage(what(builder), {
        tag,
        labels,
        temporaryDirectory,
        environment: way?.environment ?? {},
        docker: way?.docker ?? '',
        log: (chunk) => log.push(chunk)
      })
      const { stdout } = await run('docker', [
        'run',
        '--rm',
        '--label',
        `${label}=${process.pid}`,
        tag,
        'cat',
        '/secret-digest'
      ])
      expect(stdout).toMatch(createHash('sha256').update(value).digest('hex'))
      expect(Buffer.concat(log).toString()).toMatch('token is ***')
      expect(Buffer.concat(log).toString()).not.toMatch(value)
      expect(await readdir(temporaryDirectory)).toEqual([])
    })
  })

  test('are refused by the legacy builder before anything starts', async () => {
    await expect(
      buildImage(what('legacy'), {
        tag,
        labels,
        temporaryDirectory,
        environment: { ...process.env, DOCKER_BUILDKIT: '0' },
        log: (chunk) => log.push(chunk)
      })
    ).rejects.toThrow(/secrets: build secrets need BuildKit/)
    expect(log).toEqual([])
  })
})

test('a machine without Docker gets one clear error', async () => {
  await expect(
    buildImage(source(), {
      tag,
      labels,
      temporaryDirectory,
      environment: process.env,
      log: (chunk) => log.push(chunk),
      docker: '/nonexistent/docker'
    })
  ).rejects.toMatchObject({
    name: 'BuildError',
    message: expect.stringMatching('the Docker CLI could not be run')
  })
})
