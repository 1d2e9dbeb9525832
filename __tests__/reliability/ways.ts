import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../src/thrown.js'
import { BASES, execute } from '../action/runner.js'
import type { Disruption } from './disrupt.js'
import { startFaultProxy, UNPLUGGED } from './fault-proxy.js'
import { newOwnDaemon, type OwnDaemon, type OwnDaemonOptions } from './own-daemon.js'
import { pick, randomFrom } from './random.js'

/** A way to disrupt runs. */
export interface Way {
  /** Sets up an engine of its own, for `docker` and for the runs. */
  readonly daemon?: () => Promise<OwnDaemon>
  /** Ready for one run. */
  readonly open: (seed: string, daemon: OwnDaemon | undefined) => Promise<Opened>
}
export type Opened = Disruption & { readonly close?: () => Promise<void> }

export const WAYS = {
  unplug: {
    open: async (seed) => {
      const proxy = await startFaultProxy()
      return {
        env: { DOCKER_HOST: proxy.address },
        begin: () => proxy.unplug(pick(randomFrom(seed), UNPLUGGED)),
        end: proxy.plug,
        close: proxy.close
      }
    }
  },
  stop: { daemon: () => ownDaemon(), open: (_, daemon) => Promise.resolve(without(daemon, 'SIGTERM')) },
  force: {
    daemon: () => ownDaemon({ shutdownSeconds: 1 }),
    open: (_, daemon) => Promise.resolve(without(daemon, 'SIGTERM'))
  },
  kill: { daemon: () => ownDaemon(), open: (_, daemon) => Promise.resolve(without(daemon, 'SIGKILL')) },
  'full-engine': {
    daemon: () => ownDaemonOn(ENGINE_MIB),
    open: (_, daemon) => Promise.resolve(filled(() => daemon?.dataRoot ?? ''))
  },
  'full-runner': {
    open: () => {
      let directory = ''
      return Promise.resolve({
        ...filled(() => directory),
        prepare: async (temporary) => {
          directory = temporary
          await mountMemory(temporary, RUNNER_MIB)
        },
        release: unmount
      })
    }
  }
} satisfies Readonly<Record<string, Way>>

/** Room for the base image, and for what a run writes. */
const ENGINE_MIB = 600
const RUNNER_MIB = 8

async function ownDaemon(options: OwnDaemonOptions = {}): Promise<OwnDaemon> {
  // Docker's own default.
  const daemon = await newOwnDaemon({ shutdownSeconds: 15, ...options })
  await daemon.start()
  await daemon.load(BASES['python3.11'])
  return daemon
}

async function ownDaemonOn(mebibytes: number): Promise<OwnDaemon> {
  const directory = await mkdtemp('/var/tmp/small-disk-')
  await mountMemory(directory, mebibytes)
  const daemon = await ownDaemon({ dataRoot: directory })
  return {
    ...daemon,
    remove: async () => {
      await daemon.remove()
      await unmount(directory)
      await rm(directory, { recursive: true })
    }
  }
}

/** A daemon that ends and is started again: whoever asks it meanwhile gets no answer. */
function without(daemon: OwnDaemon | undefined, signal: NodeJS.Signals): Opened {
  let isGone = false
  return {
    begin: async () => {
      isGone = true
      await daemon?.stop(signal)
    },
    end: async () => {
      if (isGone) await daemon?.start()
      isGone = false
    }
  }
}

/** A file system without room, until there is some again. */
function filled(directory: () => string): Opened {
  const filler = (): string => join(directory(), 'filler')
  return {
    begin: async () => {
      const file = await open(filler(), 'w')
      const block = Buffer.alloc(1 << 16)
      try {
        for (;;) await file.write(block)
      } catch (error) {
        if (codeOf(error) !== 'ENOSPC') throw error
      } finally {
        await file.close()
      }
    },
    end: () => rm(filler(), { force: true })
  }
}

async function mountMemory(directory: string, mebibytes: number): Promise<void> {
  const { exitCode, stderr } = await execute('mount', [
    ...['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]
  ])
  // Else it would be the machine's own disk that is filled.
  if (exitCode !== 0) throw new Error(`no file system of its own could be mounted at ${directory}: ${stderr}`)
}

async function unmount(directory: string): Promise<void> {
  await execute('umount', ['--lazy', directory])
}
