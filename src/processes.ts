import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Where a process's number counts among all that share a directory: the host's name, and the namespace of its processes, since
 * containers that share a network share the name. Only Linux has namespaces.
 */
export function hostOfProcesses(): string {
  try {
    return `${hostname()}-${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`
  } catch {
    return hostname()
  }
}

/**
 * Where a process's number counts among all that share an engine: machines that are copies of one share its name, and the
 * numbers of its namespaces, but did not start at the same time. What was left before this one was started anew is nobody's
 * here, and is told by its deadline.
 */
export function machineOfProcesses(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '').slice(0, 12)
    return `${hostOfProcesses()}-${boot}`
  } catch {
    return hostOfProcesses()
  }
}

/** Whether a process of this host lives; one that belongs to somebody else does (EPERM). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
