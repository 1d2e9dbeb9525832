import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, readFile, readlink, rm, rmdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface OwnDaemonOptions {
  /**
   * Where images, containers and volumes are kept: for example a small file system, so that it can be filled. What is
   * below it when the daemon is removed is the caller's to delete. Without it: a folder on the disk, deleted with the daemon.
   */
  readonly dataRoot?: string
  /**
   * What runs the daemon, with the daemon's options behind it; it must end as this program itself, under the same process id.
   * It is told the daemon's directory, which has to be seen there under the same name. Without it: the machine's `dockerd`.
   */
  readonly command?: (directory: string) => readonly string[]
  /** The content of its daemon.json. */
  readonly config?: Readonly<Record<string, unknown>>
  /**
   * How long it waits on SIGTERM for its containers, in seconds; then it ends without unmounting what they had. Without it: 1.
   */
  readonly shutdownSeconds?: number
}

/** A Docker daemon beside the machine's own, of which nothing is shared but the kernel and the programs. */
export interface OwnDaemon {
  /** For DOCKER_HOST. */
  readonly address: string
  readonly dataRoot: string
  /** Starts it, and settles when it answers. @throws Error with the end of its log when it ends instead */
  readonly start: () => Promise<void>
  /**
   * Ends it, and settles when it has ended. Containers end with it on SIGTERM, and go on without it on SIGKILL, until the
   * next start, which kills them, or `remove`.
   */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>
  /** Stop, then start. */
  readonly restart: (signal?: NodeJS.Signals) => Promise<void>
  /** Copies images of the engine that `docker` reaches to this one. */
  readonly load: (...images: readonly string[]) => Promise<void>
  /** Everything that the daemon printed so far. */
  readonly log: () => Promise<string>
  /** Ends it and its containers, and undoes everything that it has left on the machine. */
  readonly remove: () => Promise<void>
}

/** How everything of it is called; Linux lets an interface have 15 characters, and four more make it unique. */
const NAME = 'own-docker'

/**
 * Sets up a daemon that is not started yet; only root can. Its containers reach each other, and are reached through published
 * ports, but have no way out of the machine: the daemon keeps its hands off the packet filter, since at its start Docker
 * 20.10 throws away the rules of every other daemon there.
 * @throws Error when the process is not root's
 */
export async function newOwnDaemon(options: OwnDaemonOptions = {}): Promise<OwnDaemon> {
  if (process.getuid?.() !== 0) throw new Error('only root can run a Docker daemon of its own')
  // A short path: that of a socket may have 107 characters. On the disk: /tmp may be in memory.
  const directory = await mkdtemp(`/var/tmp/${NAME}-`)
  const name = `${NAME}${randomBytes(2).toString('hex')}`
  const dataRoot = options.dataRoot ?? join(directory, 'data')
  const execRoot = join(directory, 'exec')
  const socket = join(directory, 'docker.sock')
  const logFile = join(directory, 'log')
  await mkdir(dataRoot, { recursive: true })
  await writeFile(join(directory, 'daemon.json'), JSON.stringify(options.config ?? {}))
  // An address of its own, or the bridge takes another one with each container that comes and goes.
  await run('ip', ['link', 'add', name, 'address', '02:00:00:00:00:01', 'type', 'bridge'])
  await run('ip', ['address', 'add', `${await freeSubnet()}.0.1/24`, 'dev', name])
  await run('ip', ['link', 'set', name, 'up'])
  const [program = 'dockerd', ...args] = [
    ...(options.command?.(directory) ?? ['dockerd']),
    ...['--host', `unix://${socket}`],
    ...['--config-file', join(directory, 'daemon.json')],
    ...['--data-root', dataRoot],
    ...['--exec-root', execRoot],
    ...['--pidfile', join(directory, 'pid')],
    ...['--bridge', name],
    // No `--default-address-pool`: at its second start, Docker would then delete the machine's docker0.
    ...['--iptables=false', '--ip6tables=false', '--ip-masq=false'],
    // Where the machine has a containerd of its own, dockerd uses that.
    ...['--containerd-namespace', name, '--containerd-plugins-namespace', `${name}-plugins`],
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${name}`],
    ...['--shutdown-timeout', String(options.shutdownSeconds ?? 1)]
  ]
  let child: ChildProcess | undefined

  const log = (): Promise<string> => readFile(logFile, 'utf8').catch(() => '')
  const start = async (): Promise<void> => {
    const output = await open(logFile, 'a')
    const started = spawn(program, args, { stdio: ['ignore', output.fd, output.fd] })
    child = started
    const failed = new Promise<never>((_, reject) => {
      started.on('error', reject)
      started.on('exit', (code, signal) => {
        log().then((text) => {
          reject(new Error(`${program} ended with ${signal ?? String(code)}: ${text.trim().slice(-1000)}`))
        }, reject)
      })
    })
    failed.catch(() => undefined)
    await output.close()
    await Promise.race([untilItAnswers(socket, () => hasEnded(started)), failed])
  }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child === undefined || hasEnded(child)) return
    const ended = new Promise((resolve) => child?.once('exit', resolve))
    child.kill(signal)
    await ended
    // Its containerd ends with it. Docker 20.10 waits in vain for one that was killed, where nobody has taken notice of its end.
    await rm(join(execRoot, 'containerd/containerd.pid'), { force: true })
  }
  return {
    address: `unix://${socket}`,
    dataRoot,
    start,
    stop,
    restart: async (signal) => {
      await stop(signal)
      await start()
    },
    load: (...images) => copyImages(`unix://${socket}`, images),
    log,
    remove: async () => {
      await stop()
      await killAllOf(execRoot)
      await unmountBelow(directory)
      if (options.dataRoot !== undefined) await unmountBelow(options.dataRoot)
      await removeControlGroups(name)
      await removeBridges(dataRoot)
      await run('ip', ['link', 'delete', name])
      await rm(directory, { recursive: true, force: true })
    }
  }
}

/**
 * Copies images of the engine that `docker` reaches to another one.
 * @param address for DOCKER_HOST
 */
export async function copyImages(address: string, images: readonly string[]): Promise<void> {
  const save = spawn('docker', ['save', ...images], { stdio: ['ignore', 'pipe', 'inherit'] })
  const load = spawn('docker', ['load', '--quiet'], {
    env: { ...process.env, DOCKER_CONTEXT: '', DOCKER_HOST: address },
    stdio: ['pipe', 'ignore', 'inherit']
  })
  const ends = [save, load].map(
    (each) =>
      new Promise((resolve, reject) => {
        each.on('error', reject)
        each.on('close', resolve)
      })
  )
  const [, saved, loaded] = await Promise.all([pipeline(save.stdout, load.stdin), ...ends])
  if (saved !== 0 || loaded !== 0) throw new Error(`cannot copy ${images.join(', ')} to ${address}`)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** The first two numbers of addresses that no interface of the machine has. */
async function freeSubnet(): Promise<string> {
  const { stdout } = await run('ip', ['-4', '-brief', 'address'])
  for (;;) {
    const subnet = `10.${randomInt(128, 255)}`
    if (!stdout.includes(` ${subnet}.`)) return subnet
  }
}

/** Settles when an engine answers, or when there is no use in asking any more. */
async function untilItAnswers(socket: string, isVain: () => boolean): Promise<void> {
  const answers = (): Promise<boolean> =>
    new Promise((resolve) => {
      request({ socketPath: socket, path: '/_ping', agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      })
        .on('error', () => {
          resolve(false)
        })
        .end()
    })
  while (!isVain() && !(await answers())) await delay(50)
}

/** Kills the programs that a daemon left behind when it was killed, and the containers that they hold. */
async function killAllOf(execRoot: string): Promise<void> {
  const processes = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (id) => ({
        id: Number(id),
        command: await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''),
        // After the name, which may have blanks and parentheses of its own: state, parent.
        parent: Number(/\) \S (\d+)/.exec(await readFile(`/proc/${id}/stat`, 'utf8').catch(() => ''))?.[1])
      }))
  )
  const doomed = new Set(processes.filter(({ command }) => command.includes(execRoot)).map(({ id }) => id))
  for (let size = 0; size !== doomed.size;) {
    size = doomed.size
    for (const { id, parent } of processes) if (doomed.has(parent)) doomed.add(id)
  }
  for (const id of doomed) {
    try {
      process.kill(id, 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
  const isThere = (id: number): Promise<boolean> =>
    readlink(`/proc/${id}/exe`).then(
      () => true,
      // One that has ended, but was not waited for, has none.
      () => false
    )
  for (const id of doomed) while (await isThere(id)) await delay(20)
}

async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
  // The last one made is the innermost.
  for (const path of mounts.reverse()) await run('umount', ['--lazy', path])
}

/** Removes a control group with all below it, in every hierarchy of the first version or in the one of the second. */
async function removeControlGroups(name: string): Promise<void> {
  const remove = async (path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) if (entry.isDirectory()) await remove(join(path, entry.name))
    await rmdir(path).catch(() => undefined)
  }
  const top = '/sys/fs/cgroup'
  const hierarchies = await readdir(top, { withFileTypes: true })
  await remove(join(top, name))
  for (const { name: hierarchy } of hierarchies) await remove(join(top, hierarchy, name))
}

/** Removes the bridges of networks that nobody removed: each is called by the first part of the network's id. */
async function removeBridges(dataRoot: string): Promise<void> {
  const networks = await readFile(join(dataRoot, 'network/files/local-kv.db'), 'latin1').catch(() => '')
  for (const bridge of await readdir('/sys/class/net')) {
    const [, id] = /^br-([0-9a-f]{12})$/.exec(bridge) ?? []
    if (id !== undefined && networks.includes(id)) await run('ip', ['link', 'delete', bridge])
  }
}
