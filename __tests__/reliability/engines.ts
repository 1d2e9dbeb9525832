import { execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { parseArgs, promisify } from 'node:util'
import { FixtureImages } from '../action/fixture-images.js'
import { leftBehindBy, runAction, verdicts } from '../action/runner.js'
import { inTree } from './debian-tree.js'
import { isGood, notRun, requiredRows, type Row } from './engines-required.js'
import { engineSocket } from './fault-proxy.js'
import { copyImages, newOwnDaemon } from './own-daemon.js'
import { messageOf } from '../../src/thrown.js'

const run = promisify(execFile)

/** A way to an engine that stands ready. */
interface Way {
  /** For the action and for the `docker` command. */
  readonly env: NodeJS.ProcessEnv
  /** Brings images of the machine's engine there, when it is another one. */
  readonly load?: (...images: readonly string[]) => Promise<void>
  readonly close: () => Promise<void> | void
}

/** A way to an engine that can be set up; it throws an error with one honest reason where it cannot be. */
interface Engine {
  readonly name: string
  /** What the action says of an engine that it does not take. */
  readonly refusal?: RegExp
  readonly open: (directory: string) => Promise<Way>
}

const NOTHING_TO_CLOSE = (): void => undefined

const ENGINES: readonly Engine[] = [
  {
    name: 'unix socket',
    open: () => Promise.resolve({ env: { DOCKER_HOST: `unix://${engineSocket()}` }, close: NOTHING_TO_CLOSE })
  },
  { name: 'tcp with TLS on both sides', open: overTls },
  { name: 'ssh', open: overSsh },
  {
    name: 'named context',
    open: async (directory) => {
      const env = { DOCKER_HOST: '', DOCKER_CONTEXT: 'elsewhere', DOCKER_CONFIG: directory }
      const host = `host=unix://${engineSocket()}`
      await run('docker', ['context', 'create', 'elsewhere', '--docker', host], {
        env: { ...process.env, DOCKER_CONFIG: directory, DOCKER_HOST: undefined }
      })
      return { env, close: NOTHING_TO_CLOSE }
    }
  },
  { name: 'Docker of Debian trixie', open: () => ofTrixie() },
  {
    name: 'Docker of Debian trixie, with images in containerd’s store',
    open: () => ofTrixie({ features: { 'containerd-snapshotter': true } })
  },
  { name: 'rootless Docker of Debian trixie', open: rootless },
  {
    name: 'Podman’s compatible socket',
    refusal: /Podman \S+ answers at \S+, and this action needs Docker/,
    open: podman
  }
]

/** The daemon and its tools as trixie packages them, on this machine's kernel. */
async function ofTrixie(config: Readonly<Record<string, unknown>> = {}): Promise<Way> {
  const daemon = await newOwnDaemon({
    command: (directory) => inTree('trixie', directory, 'dockerd'),
    config
  })
  try {
    await daemon.start()
  } catch (error) {
    await daemon.remove()
    throw error
  }
  return { env: { DOCKER_HOST: daemon.address }, load: daemon.load, close: daemon.remove }
}

/**
 * Becomes the user that script/setup-engines has made in the tree. Everyone may open the device where udev has made it, and
 * not where the kernel alone has.
 */
const ENTER_ROOTLESS = `set -e
home=$1
shift
chown rootless:rootless "$home"
mknod -m 666 /run/tun c 10 200
mount --bind /run/tun /dev/net/tun
exec setpriv --reuid rootless --regid rootless --clear-groups \\
  env HOME="$home" XDG_RUNTIME_DIR="$home" PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  sh /usr/share/docker.io/contrib/dockerd-rootless.sh "$@"`

/** The same daemon in namespaces of a user's own, started as Docker's documentation tells that user to. */
async function rootless(directory: string): Promise<Way> {
  const socket = join(directory, 'docker.sock')
  const address = `unix://${socket}`
  const server = inTree(
    ...(['trixie', directory, 'sh', '-c', ENTER_ROOTLESS, 'enter', directory] as const),
    ...['--host', address, '--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')]
  )
  const close = await serve(server, socket)
  return { env: { DOCKER_HOST: address }, load: (...images) => copyImages(address, images), close }
}

/** Podman's service as bookworm packages it. */
async function podman(directory: string): Promise<Way> {
  const socket = join(directory, 'podman.sock')
  const server = inTree(
    ...(['podman', directory, 'podman'] as const),
    ...['--root', join(directory, 'root'), '--runroot', join(directory, 'runroot')],
    ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
    ...['system', 'service', '--time', '0', `unix://${socket}`]
  )
  const close = await serve(server, socket)
  return { env: { DOCKER_HOST: `unix://${socket}` }, close }
}

/**
 * Starts a server, and settles when it listens. @returns ends it, and settles when it has ended
 * @param address a port on loopback, or a socket's path
 */
async function serve(
  [program = '', ...args]: readonly string[],
  address: number | string
): Promise<() => Promise<void>> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-1000)))
  let isOver = false
  const ended = new Promise<unknown>((resolve) => {
    child.on('error', resolve).on('exit', resolve)
  }).finally(() => (isOver = true))
  const failed = ended.then((how) => {
    throw how instanceof Error
      ? new Error(`${program} cannot be run: ${how.message}`)
      : new Error(`it ended before it listened: ${said.trim()}`)
  })
  failed.catch(() => undefined)
  await Promise.race([untilOpen(address, () => isOver), failed])
  return async () => {
    child.kill()
    await ended
  }
}

/** A TLS server in front of the engine's socket, which takes nobody without a certificate of its own authority. */
async function overTls(directory: string): Promise<Way> {
  const openssl = (...args: readonly string[]): Promise<unknown> => run('openssl', args, { cwd: directory })
  const [days, key] = [
    ['-days', '2'],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  ]
  await openssl(
    ...['req', '-x509', ...days, ...key, '-subj', '/CN=authority', '-keyout', 'ca-key.pem', '-out', 'ca.pem']
  )
  for (const who of ['server', 'client']) {
    const file = who === 'server' ? 'server' : 'client'
    await writeFile(
      join(directory, `${file}.ext`),
      `subjectAltName=IP:127.0.0.1\nextendedKeyUsage=${who}Auth\n`
    )
    await openssl(
      ...['req', ...key, '-subj', `/CN=${who}`, '-keyout', `${file}-key.pem`, '-out', `${file}.csr`]
    )
    await openssl(
      ...['x509', '-req', ...days, '-in', `${file}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca-key.pem'],
      ...['-CAcreateserial', '-extfile', `${file}.ext`, '-out', `${file}.pem`]
    )
  }
  // The CLI's own names.
  await writeFile(join(directory, 'cert.pem'), await readFile(join(directory, 'client.pem')))
  await writeFile(join(directory, 'key.pem'), await readFile(join(directory, 'client-key.pem')))
  const server = createTlsServer(
    {
      ca: await readFile(join(directory, 'ca.pem')),
      cert: await readFile(join(directory, 'server.pem')),
      key: await readFile(join(directory, 'server-key.pem')),
      requestCert: true,
      rejectUnauthorized: true
    },
    (socket) => {
      const daemon = connect(engineSocket())
      socket.on('error', () => daemon.destroy()).on('close', () => daemon.destroy())
      daemon.on('error', () => socket.destroy())
      socket.pipe(daemon).pipe(socket)
    }
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    env: { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: directory },
    close: () => {
      server.close()
    }
  }
}

/** An ssh server on loopback with keys made for it; a host with `docker` on it is all that the CLI needs there. */
async function overSsh(directory: string): Promise<Way> {
  const sshd = '/usr/sbin/sshd'
  for (const name of ['host', 'user'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, name)])
  const port = await freePort()
  const key = (await readFile(join(directory, 'host.pub'), 'utf8')).trim()
  await writeFile(join(directory, 'known_hosts'), `[127.0.0.1]:${port} ${key}\n`)
  await writeFile(join(directory, 'authorized_keys'), await readFile(join(directory, 'user.pub')))
  const server = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(directory, 'host')}`,
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'StrictModes no',
    'PasswordAuthentication no',
    'UsePAM no',
    'MaxStartups 100',
    'MaxSessions 100',
    'PidFile none'
  ]
  await writeFile(join(directory, 'sshd_config'), `${server.join('\n')}\n`)
  // ssh reads its configuration from the home in the password file, whatever HOME is.
  const bin = join(directory, 'bin')
  await mkdir(bin)
  const options = [
    `-i ${join(directory, 'user')}`,
    `-o UserKnownHostsFile=${join(directory, 'known_hosts')}`,
    '-o IdentitiesOnly=yes',
    '-o BatchMode=yes'
  ]
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh ${options.join(' ')} "$@"\n`)
  await chmod(join(bin, 'ssh'), 0o755)
  // Where it drops its privileges.
  await mkdir('/run/sshd', { recursive: true })
  const close = await serve([sshd, '-D', '-e', '-f', join(directory, 'sshd_config')], port)
  return {
    env: {
      DOCKER_HOST: `ssh://${userInfo().username}@127.0.0.1:${port}`,
      PATH: `${bin}:${process.env.PATH ?? ''}`
    },
    close
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/**
 * Settles when something listens, or when there is no use in asking any more.
 * @param address a port on loopback, or a socket's path
 */
async function untilOpen(address: number | string, isVain: () => boolean): Promise<void> {
  const isOpen = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(typeof address === 'number' ? { port: address } : { path: address }, () => {
        socket.destroy()
        resolve(true)
      }).on('error', () => {
        resolve(false)
      })
    })
  while (!isVain() && !(await isOpen())) await delay(50)
}

/** A build context, in a directory, of an image that adds nothing to another one. */
async function contextOf(tag: string, directory: string): Promise<string> {
  const context = await mkdtemp(join(directory, 'context-'))
  await writeFile(join(context, 'Dockerfile'), `FROM ${tag}\n`)
  return context
}

/** Runs the action on an image that must pass, which it builds, and one that must fail. @returns what is not as it must be */
async function crashTest({ env, load }: Way, images: FixtureImages, directory: string): Promise<string[]> {
  const wrong: string[] = []
  for (const [image, expected] of [
    ['heals', 'recovered'],
    ['exits-zero', 'failed: crashed']
  ] as const) {
    const tag = await images.tag(image)
    await load?.(tag)
    const tested = await runAction(
      {
        ...(expected === 'recovered' ? { context: await contextOf(tag, directory) } : { image: tag }),
        'cache-paths': '/data/cache',
        // One that is planted, and one that needs the engine to keep a volume mounted.
        faults: 'file-for-directory\ndisk-full',
        'stable-for': '200ms'
      },
      { env }
    )
    const found = verdicts(tested.report)
    const planted = found['file-for-directory@/data/cache/recreate']
    const full = found['disk-full@/data/cache/recreate']
    if (planted !== expected || full === undefined || full === 'inconclusive')
      wrong.push(`${image} came out as ${JSON.stringify(found)}: ${tested.output.trim().slice(-300)}`)
    const left = await leftBehindBy(tested, env)
    if (left.length > 0) wrong.push(`${image} left ${left.join(', ')}`)
  }
  return wrong
}

/** Runs the action where it must refuse the engine. @returns what is not as it must be */
async function meetRefusal({ env }: Way, refusal: RegExp): Promise<string[]> {
  const { exitCode, output, report } = await runAction({ image: 'any' }, { env })
  return exitCode !== 0 && report === undefined && refusal.test(output) ? [] : [output.trim().slice(-300)]
}

const { values, positionals } = parseArgs({
  options: { require: { type: 'string', default: '' } },
  allowPositionals: true
})
const [only = ''] = positionals
const asked = requiredRows(
  values.require,
  ENGINES.map(({ name }) => name)
)
if ('unknown' in asked) {
  console.error(`No row has “${asked.unknown}” in its name: ${ENGINES.map(({ name }) => name).join('; ')}`)
  process.exit(2)
}

const images = new FixtureImages()
const rows: Row[] = []
for (const { name, refusal, open } of ENGINES) {
  if (!name.includes(only)) continue
  const directory = await mkdtemp(join(tmpdir(), 'engines-'))
  const began = performance.now()
  let result: string
  try {
    const way = await open(directory)
    try {
      const { stdout } = await run('docker', ['version', '--format', '{{.Server.Version}}'], {
        env: { ...process.env, ...way.env }
      })
      const wrong = await (refusal === undefined
        ? crashTest(way, images, directory)
        : meetRefusal(way, refusal))
      const right = refusal === undefined ? 'pass (Docker' : 'refused in one sentence (Podman'
      result = wrong.length === 0 ? `${right} ${stdout.trim()})` : `FAIL: ${wrong.join('; ')}`
    } finally {
      await way.close()
    }
  } catch (error) {
    result = `not run: ${messageOf(error)}`.replace(/\s+/g, ' ')
  }
  await rm(directory, { recursive: true, force: true })
  rows.push({ name, result })
  console.log(`| ${name} | ${result} | ${((performance.now() - began) / 1000).toFixed(0)} s |`)
}
await images.remove()
const missed = notRun(asked.required, rows)
if (missed !== undefined) console.error(missed)
// Where no row could be run, nothing is known.
process.exitCode = isGood(rows) && missed === undefined ? 0 : 1
