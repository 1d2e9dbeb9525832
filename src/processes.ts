import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Where a process's number counts: the host's name, and the namespace of its processes, since containers that share a network
 * share the name. Only Linux has namespaces.
 */
export function hostOfProcesses(): string {
  try {
    return `${hostname()}-${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`
  } catch {
    return hostname()
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
