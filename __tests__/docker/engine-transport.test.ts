import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { connect, connectTo } from '../../src/engine/docker.js'
import type { Engine } from '../../src/engine/engine.js'
import { Bench, BOUNDS, docker, entry, file, outputOf } from './engine-fixture.js'

const CONTEXT = `engine-test-context-${process.pid}`

/** The bridges that this process has started. */
function bridges(): string[] {
  const listing = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], {
    encoding: 'utf8'
  })
  return listing.split('\n').filter((line) => line.includes('dial-stdio'))
}

describe('through docker system dial-stdio', () => {
  let engine: Engine
  let bench: Bench

  beforeAll(async () => {
    engine = await connectTo(
      { via: { kind: 'dial-stdio' }, address: 'tcp://daemon.example:2376', host: 'daemon.example' },
      process.env
    )
    bench = new Bench(engine)
  })

  afterAll(async () => {
    await bench.clear()
    engine.close()
  })

  test('ports are reached at the daemon’s host', async () => {
    expect(await engine.info()).toMatchObject({ host: 'daemon.example' })
  })

  test('a container is planted, heard, followed and read', async () => {
    const id = await bench.script('cat /data/f; for i in $(seq 5000); do echo "$i"; done; exit 4', {
      Volumes: { '/data': {} }
    })
    await engine.write(id, [
      file('/data/f', 'planted\n'),
      entry('/data/loop', { type: 'symlink', linkTarget: 'loop' })
    ])
    const died = new Promise<number | undefined>((resolve, reject) => {
      engine
        .onContainerEvent(id, ({ action, exitCode }) => {
          if (action === 'die') resolve(exitCode)
        })
        .catch(reject)
    })
    await engine.startContainer(id)
    expect((await outputOf(engine, id)).split('\n')).toHaveLength(5002)
    expect(await died).toBe(4)
    expect(await engine.readEntry(id, '/data/loop')).toMatchObject({ linkTarget: 'loop' })
    expect((await engine.read(id, '/data', BOUNDS))?.entries.size).toBe(3)
  })

  test('a command runs', async () => {
    const id = await bench.script('sleep 60')
    await engine.startContainer(id)
    expect(await engine.exec(id, ['echo', 'x'], 20_000)).toEqual({ exitCode: 0, output: 'x\n' })
  })

  test('a large archive that is refused does not hang', async () => {
    const content = Buffer.alloc(30_000_000)
    const write = engine.write('engine-test-absent', [entry('/x', { content, size: content.length })])
    await expect(write).rejects.toMatchObject({ status: 404 })
  })

  test('idle connections are used again, and closing leaves no process', async () => {
    const own = await connectTo({ via: { kind: 'dial-stdio' }, address: 'x', host: 'x' }, process.env)
    const before = bridges().length
    for (let i = 0; i < 5; i++) await own.info()
    expect(bridges()).toHaveLength(before)
    const id = await bench.script('sleep 60')
    await own.startContainer(id)
    const following = own.followLogs(id, () => undefined, new AbortController().signal)
    const failure = following.catch((error: unknown) => error)
    await own.onContainerEvent(id, () => undefined)
    own.close()
    own.close()
    expect(await failure).toMatchObject({ name: 'EngineError' })
    await expect(own.info()).rejects.toThrow(/closed/)
    while (bridges().length >= before + 1) await new Promise((resolve) => setTimeout(resolve, 20))
  })
})

describe('finding the daemon', () => {
  test('a context with a unix socket is opened directly', async () => {
    docker('context', 'create', CONTEXT, '--docker', 'host=unix:///var/run/docker.sock')
    try {
      const engine = await connect({ ...process.env, DOCKER_CONTEXT: CONTEXT })
      expect(await engine.info()).toMatchObject({ host: '127.0.0.1' })
      expect(await engine.createBody([], 'cache-crash-test-base:python3.11', ['true'], {})).toMatchObject({
        Cmd: ['true']
      })
      engine.close()
    } finally {
      docker('context', 'rm', '--force', CONTEXT)
    }
  })

  test.each([
    [
      'a socket that is not there',
      { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
      /unix:\/\/\/nonexistent\/docker\.sock: .*ENOENT/
    ],
    ['a socket that nobody listens on', { DOCKER_HOST: 'unix:///etc/passwd' }, /ECONNREFUSED|ENOTSOCK/],
    ['a port that refuses', { DOCKER_HOST: 'tcp://127.0.0.1:9' }, /tcp:\/\/127\.0\.0\.1:9: .*refused/],
    ['an address that is none', { DOCKER_HOST: 'nonsense://x' }, /nonsense/],
    [
      'no docker command',
      { DOCKER_HOST: 'tcp://127.0.0.1:9', PATH: '/nonexistent' },
      /ENOENT|not on the PATH/
    ]
  ])('%s is one clear sentence', async (_title, environment, words) => {
    const failure = await connect({ ...process.env, ...environment }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'EngineError', operation: 'connect', status: undefined })
    expect(String(failure)).toMatch(words)
    expect(String(failure)).toMatch(/Docker is not reachable at .* Start the daemon or set DOCKER_HOST$/)
    expect(String(failure)).not.toContain('\n')
  })

  test('a context that is not there is named', async () => {
    await expect(
      connect({ ...process.env, DOCKER_HOST: '', DOCKER_CONTEXT: 'engine-test-none' })
    ).rejects.toThrow(/engine-test-none/)
  })
})
