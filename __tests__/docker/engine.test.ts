import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from '../../src/engine/docker.js'
import type { ContainerBody, Engine } from '../../src/engine/engine.js'
import { EngineError } from '../../src/engine/errors.js'
import { Bench, docker, IMAGE, LABEL, outputOf } from './engine-fixture.js'

let engine: Engine
let bench: Bench

beforeAll(async () => {
  engine = await connect(process.env)
  bench = new Bench(engine)
})

afterEach(() => bench.clear())

afterAll(() => {
  engine.close()
})

/** Waits for the end of a container's process by its output's end. */
async function finished(id: string): Promise<void> {
  await outputOf(engine, id)
}

describe('engine and images', () => {
  test('the engine tells its version, and where its ports are', async () => {
    const info = await engine.info()
    expect(info).toEqual({
      version: docker('version', '--format', '{{.Server.Version}}'),
      host: '127.0.0.1',
      enforcesLimits: docker('info', '--format', '{{.CgroupDriver}}') !== 'none'
    })
  })

  test('an image shows what its configuration says', async () => {
    const id = await bench.container(['true'])
    const baseEnv = (await engine.inspectImage(IMAGE))?.env
    const changes = [
      'USER 4242:4343',
      'ENV A=1 B="x=y z"',
      'WORKDIR /srv/app',
      'VOLUME ["/data", "/cache"]',
      'EXPOSE 8000/tcp 53/udp 80',
      'ENTRYPOINT ["python3"]',
      'CMD ["-m", "app"]',
      `LABEL ${LABEL}=yes`
    ]
    docker('commit', ...changes.flatMap((change) => ['--change', change]), id, 'engine-test:facts')
    try {
      expect(await engine.inspectImage('engine-test:facts')).toEqual({
        id: docker('image', 'inspect', '--format', '{{.Id}}', 'engine-test:facts'),
        os: 'linux',
        architecture: docker('version', '--format', '{{.Server.Arch}}'),
        user: '4242:4343',
        env: { ...baseEnv, A: '1', B: 'x=y z' },
        workdir: '/srv/app',
        volumes: ['/cache', '/data'],
        ports: [80, 8000],
        healthcheck: undefined,
        entrypoint: ['python3'],
        cmd: ['-m', 'app']
      })
    } finally {
      await engine.removeImage('engine-test:facts')
    }
    expect(await engine.inspectImage('engine-test:facts')).toBeUndefined()
  })

  test('an image is removed by its id although it has two tags, and a missing one is no error', async () => {
    const container = await bench.container(['true'], { Env: ['TWO=tags'] })
    const id = docker('commit', container, 'engine-test:one')
    docker('tag', id, 'engine-test:two')
    await engine.removeImage(id)
    expect(await engine.inspectImage('engine-test:two')).toBeUndefined()
    await engine.removeImage(id)
  })

  test.each(['UPPER', 'a b', '../containers/json'])('the image name %j is refused', async (reference) => {
    await expect(engine.inspectImage(reference)).rejects.toThrow(EngineError)
  })

  test('an image that no registry has cannot be pulled', async () => {
    const pull = engine.pullImage('127.0.0.1:9/engine-test/none:1')
    await expect(pull).rejects.toMatchObject({ name: 'EngineError', operation: 'docker pull' })
  })
})

describe('bodies from docker create', () => {
  const body = (options: string[], command: string[] = ['true']): Promise<ContainerBody> =>
    engine.createBody(options, IMAGE, command, { [LABEL]: 'body' })

  const left = (): string => docker('ps', '--all', '--quiet', '--filter', `label=${LABEL}=body`)

  test('a container made from a body is the one that docker create makes', async () => {
    const options = [
      ...[
        '--env',
        'A=b c',
        '--memory',
        '64m',
        '--cpus',
        '0.5',
        '--publish',
        '127.0.0.1::8000',
        '--tmpfs',
        '/t:size=4k'
      ],
      ...[
        '--volume',
        '/anonymous',
        '--cap-drop',
        'ALL',
        '--user',
        '4242',
        '--workdir',
        '/srv',
        '--restart',
        'on-failure:3'
      ],
      ...[
        '--health-cmd',
        'true',
        '--health-interval',
        '2s',
        '--stop-timeout',
        '3',
        '--ulimit',
        'nofile=100:200'
      ],
      ...[
        '--entrypoint',
        '/bin/sh',
        '--label',
        'mine=1',
        '--add-host',
        'x:1.2.3.4',
        '--shm-size',
        '8m',
        '--init',
        '--tty'
      ]
    ]
    const made = await body(options, ['-c', 'true'])
    expect(left()).toBe('')
    const id = await bench.container([], made)
    const reference = docker('create', '--label', `${LABEL}=body`, ...options, IMAGE, '-c', 'true')
    try {
      const config = (container: string): Record<string, unknown> => {
        const [inspected] = JSON.parse(docker('inspect', container)) as [
          Record<string, Record<string, unknown>>
        ]
        return { Config: { ...inspected.Config, Hostname: undefined }, HostConfig: inspected.HostConfig }
      }
      expect(config(id)).toEqual(config(reference))
      expect(docker('inspect', '--format', '{{.Config.Hostname}}', id)).toBe(id.slice(0, 12))
    } finally {
      docker('rm', '--force', '--volumes', reference)
    }
  })

  test.each([
    ['host network', ['--network', 'host']],
    ['no network', ['--network', 'none']],
    ['own hostname', ['--hostname', 'fixed']],
    ['a name', ['--name', `engine-test-draft-${process.pid}`]]
  ])('a body with %s starts', async (_title, options) => {
    const id = await bench.container([], await body(options, ['true']))
    await engine.startContainer(id)
    await finished(id)
    expect(await engine.inspectContainer(id)).toMatchObject({ exitCode: 0 })
  })

  test('aliases and addresses of a network of the user are kept, but not the draft’s own', async () => {
    const network = `engine-test-net-${process.pid}`
    docker('network', 'create', '--subnet', '10.213.7.0/24', '--label', LABEL, network)
    try {
      const options = ['--network', network, '--network-alias', 'db', '--ip', '10.213.7.77']
      const made = await body(options, ['true'])
      expect(made.NetworkingConfig).toEqual({
        EndpointsConfig: {
          [network]: { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.213.7.77' } }
        }
      })
      const id = await bench.container([], made)
      await engine.startContainer(id)
      await finished(id)
      expect(JSON.parse(docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', id))).toEqual({
        [network]: expect.objectContaining({
          Aliases: expect.arrayContaining(['db']) as unknown,
          IPAMConfig: { IPv4Address: '10.213.7.77' }
        }) as unknown
      })
      await bench.clear()
    } finally {
      docker('network', 'rm', network)
    }
  })

  test('a container that would remove itself is kept', async () => {
    expect(await body(['--rm'])).toMatchObject({ HostConfig: { AutoRemove: false } })
  })

  test.each([
    [['--nope'], /unknown flag: --nope/],
    [['--memory', '1'], /[Mm]inimum memory/],
    [['stray'], /stray/],
    [['cache-crash-test-base:python3.13'], /a word that is no flag/],
    [[IMAGE], /a word that is no flag/],
    [['--volume', 'relative/path:/x'], /relative/]
  ])('docker create %j fails in its own words and leaves nothing', async (options, words) => {
    await expect(body(options)).rejects.toMatchObject({
      name: 'EngineError',
      daemonMessage: expect.stringMatching(words) as unknown
    })
    expect(left()).toBe('')
  })
})

describe('the life of a container', () => {
  test('it is created, started, inspected, stopped and removed', async () => {
    const id = await bench.script('trap "exit 7" TERM; echo up; while :; do sleep 0.05; done', {
      ExposedPorts: { '8000/tcp': {}, '53/udp': {} },
      HostConfig: { PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } }
    })
    expect(await engine.inspectContainer(id)).toMatchObject({
      id,
      status: 'created',
      running: false,
      tty: false
    })
    await engine.startContainer(id)
    await engine.startContainer(id)
    const running = await engine.inspectContainer(id)
    expect(running).toMatchObject({
      status: 'running',
      running: true,
      restartCount: 0,
      networkMode: 'default'
    })
    expect([...running.publishedPorts]).toEqual([[8000, expect.any(Number)]])
    await engine.stopContainer(id, 20)
    await engine.stopContainer(id)
    expect(await engine.inspectContainer(id)).toMatchObject({
      status: 'exited',
      exitCode: 7,
      oomKilled: false
    })
    await engine.removeContainer(id)
    await engine.removeContainer(id)
    await expect(engine.inspectContainer(id)).rejects.toMatchObject({ status: 404 })
  })

  test('one that ignores its stop signal is killed after the grace period', async () => {
    const id = await bench.script('trap "" TERM; while :; do sleep 0.05; done', { StopTimeout: 200 })
    await engine.startContainer(id)
    const before = Date.now()
    await engine.stopContainer(id, 1)
    expect(Date.now() - before).toBeLessThan(100_000)
    expect(await engine.inspectContainer(id)).toMatchObject({ exitCode: 137 })
  })

  test('the container’s own grace period is given more time than the engine’s default', async () => {
    const id = await bench.script('trap "sleep 11; exit 3" TERM; while :; do sleep 0.05; done', {
      StopTimeout: 40
    })
    await engine.startContainer(id)
    await engine.stopContainer(id)
    expect(await engine.inspectContainer(id)).toMatchObject({ exitCode: 3 })
  })

  test('killing one that does not run is no error', async () => {
    const id = await bench.script('sleep 60')
    await engine.killContainer(id)
    await engine.startContainer(id)
    await engine.killContainer(id)
    await engine.killContainer(id)
    expect(await engine.inspectContainer(id)).toMatchObject({ running: false, exitCode: 137 })
  })

  test('a command that does not exist is the engine’s refusal, kept in the state', async () => {
    const id = await bench.container(['/no/such/program'])
    await expect(engine.startContainer(id)).rejects.toMatchObject({
      operation: 'start container',
      status: 400,
      daemonMessage: expect.stringContaining('/no/such/program') as unknown
    })
    expect((await engine.inspectContainer(id)).error).toContain('/no/such/program')
  })

  test('a body that the engine refuses says why', async () => {
    const create = engine.createContainer({ Image: 'engine-test:absent', Labels: { [LABEL]: 'yes' } })
    await expect(create).rejects.toMatchObject({
      status: 404,
      daemonMessage: expect.stringContaining('absent') as unknown
    })
  })

  test('several at once remove the same container', async () => {
    const id = await bench.script('sleep 60', { Volumes: { '/anonymous': {} } })
    await engine.startContainer(id)
    await Promise.all([1, 2, 3].map(() => engine.removeContainer(id)))
    await expect(engine.inspectContainer(id)).rejects.toMatchObject({ status: 404 })
  })

  test('anonymous volumes go with their container, named ones stay until they are removed', async () => {
    const name = bench.volume()
    const id = await bench.script('true', {
      Volumes: { '/anonymous': {} },
      HostConfig: { Binds: [`${name}:/named`] }
    })
    const mounts = docker('inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', id).trim().split(' ')
    expect(mounts).toHaveLength(2)
    await expect(engine.removeVolume(name)).rejects.toMatchObject({ status: 409 })
    await engine.removeContainer(id)
    const left = docker('volume', 'ls', '--quiet').split('\n')
    expect(left.filter((volume) => mounts.includes(volume))).toEqual([name])
    await engine.removeVolume(name)
    await engine.removeVolume(name)
    expect(docker('volume', 'ls', '--quiet').split('\n')).not.toContain(name)
  })

  test('changes of the layer are listed, those on volumes are not', async () => {
    const id = await bench.script('touch /new /data/new; echo x >>/etc/hostname; rm /etc/issue', {
      Volumes: { '/data': {} }
    })
    await engine.startContainer(id)
    await finished(id)
    const changes = await engine.changes(id)
    expect(changes).toContainEqual({ path: '/new', kind: 'added' })
    expect(changes).toContainEqual({ path: '/etc/issue', kind: 'deleted' })
    expect(changes).toContainEqual({ path: '/etc', kind: 'modified' })
    expect(changes.filter(({ path }) => path.startsWith('/data/'))).toEqual([])
  })
})

describe('exec', () => {
  test('it gives both streams and the exit code', async () => {
    const id = await bench.script('sleep 60')
    await engine.startContainer(id)
    expect(await engine.exec(id, ['sh', '-c', 'echo out; echo err >&2; exit 42'], 20_000)).toEqual({
      exitCode: 42,
      output: expect.stringMatching(/^(out\nerr|err\nout)\n$/)
    })
  })

  test('a flood is cut to 64 KiB and still ends', async () => {
    const id = await bench.script('sleep 60')
    await engine.startContainer(id)
    expect(await engine.exec(id, ['sh', '-c', 'yes | head -c 3000000; exit 5'], 60_000)).toEqual({
      exitCode: 5,
      output: 'y\n'.repeat(32 * 1024)
    })
  })

  test.each([
    // 126 of Docker 20.10, 127 of newer ones.
    ['a program that does not exist', ['/no/such'], /^12[67]$/],
    ['a program that is killed', ['sh', '-c', 'kill -9 $$'], /^137$/]
  ])('%s has an exit code', async (_title, command, code) => {
    const id = await bench.script('sleep 60')
    await engine.startContainer(id)
    const done = await engine.exec(id, command, 20_000)
    expect(done === 'timed-out' ? done : String(done.exitCode)).toMatch(code)
  })

  test('a command that takes too long is given up in time', async () => {
    const id = await bench.script('sleep 200')
    await engine.startContainer(id)
    const before = Date.now()
    expect(await engine.exec(id, ['sleep', '200'], 500)).toBe('timed-out')
    expect(Date.now() - before).toBeLessThan(100_000)
  })

  test('in a container that does not run it is an error', async () => {
    const id = await bench.script('true')
    await expect(engine.exec(id, ['true'], 20_000)).rejects.toMatchObject({ status: 409 })
  })
})

test('a container that somebody creates is no step of a builder, whatever its image has it run', async () => {
  const key = `${LABEL}.steps`
  const command = ['/bin/sh', '-c', '#(nop) LABEL x=y']
  const id = await bench.container(command, { Labels: { [key]: 'yes' } })
  expect(await engine.listLabelled(key)).toEqual([expect.objectContaining({ id, isUnstartedStep: false })])
})

test('containers, volumes and images that carry a label key are listed with their labels', async () => {
  const key = `${LABEL}.list`
  const labels = { [key]: 'run-1', [LABEL]: 'yes' }
  const id = await bench.container(['true'], { Labels: labels })
  const volume = bench.volume()
  docker('volume', 'create', '--label', `${key}=run-2`, volume)
  const image = docker('commit', '--change', `LABEL ${key}=run-3`, id)
  try {
    const listed = await engine.listLabelled(key)
    expect(new Map(listed.map(({ kind, id, labels }) => [kind, [id, labels[key]]]))).toEqual(
      new Map([
        ['container', [id, 'run-1']],
        ['volume', [volume, 'run-2']],
        ['image', [image, 'run-3']]
      ])
    )
    expect(await engine.listLabelled(`${key}.other`)).toEqual([])
  } finally {
    await engine.removeImage(image)
  }
})
