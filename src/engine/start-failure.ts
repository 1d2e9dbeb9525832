import type { ContainerState } from './engine.js'

/**
 * Words of the daemon and of runc when the image or its state keeps the process from starting: no such executable, a file
 * or a link loop where the working directory or a mount point should be, no such user (all measured on Docker 20.10.24:
 * HTTP 400 for exit codes 126 and 127, else HTTP 500 with 128).
 */
const OF_THE_IMAGE =
  /\bexec: "|error during container init: (?:mkdir |chdir |error mounting )|chdir to cwd |Cannot mkdir: |not a directory|too many (?:links|levels of symbolic links)|unable to find (?:user|group)|no matching entries in passwd file/i

/** Words of failures that come from the machine, whatever is in the image; they win over the others. */
const OF_THE_MACHINE =
  /no space left on device|disk quota exceeded|final child|PID from pipe|did not terminate suc?cessfully|init-p|connection reset|broken pipe|resource busy|text file busy|OOM-killed|seccomp|input\/output error|timed? ?out|driver failed programming|port is already allocated|address already in use|network .*not found|No such container|cgroup|cannot allocate memory|too many open files|resource temporarily unavailable|context (?:deadline exceeded|canceled)|error while (?:creating|mounting) /i

/** Names that are the image's own, and may be `timeout`: of a program, which runc says again where it looked for it, and of users. */
const NAMES = /\bexec: "[^"]*"(?:: (?:stat|lstat) \S+:)?|unable to find (?:user|group) [^:]*:/g
/** Paths, quoted or not, but for those of the kernel's own file systems. */
const PATHS = /"\/(?!proc\/|sys\/)[^"]*"|(?<![\w"])\/(?!proc\/|sys\/)[^\s:"]*/g

/** Whether the words are of a failure that comes from the machine. */
export function isOfTheMachine(words: string): boolean {
  return OF_THE_MACHINE.test(words.replace(NAMES, '').replace(PATHS, ''))
}

/** Exit codes that the engine gives to a process that never ran: not executable, not found, anything else. */
const NEVER_RAN: readonly number[] = [126, 127, 128]

/**
 * Whether a start that the engine refused is the image's own doing, which counts as a crash, or the engine's or machine's,
 * which says nothing about the image. In doubt it is the latter: neither is ever a pass.
 * @param state of the container after the refusal
 */
export function isOfTheImage(state: ContainerState): boolean {
  if (state.running || !NEVER_RAN.includes(state.exitCode)) return false
  return OF_THE_IMAGE.test(state.error) && !isOfTheMachine(state.error)
}
