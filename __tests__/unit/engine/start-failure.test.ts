import { expect, test } from '@jest/globals'
import type { ContainerState } from '../../../src/engine/engine.js'
import { isOfTheImage } from '../../../src/engine/start-failure.js'
import { created } from '../trial/fake-engine.js'

const runc =
  'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: '

/** The words of Docker 20.10.24, but for the last two: Docker 28. */
test.each<[exitCode: number, error: string, ofTheImage: boolean]>([
  [127, `${runc}exec: "/nope": stat /nope: no such file or directory: unknown`, true],
  [126, `${runc}exec: "/etc/passwd": permission denied: unknown`, true],
  [127, `${runc}error during container init: mkdir /proc/nope: no such file or directory: unknown`, true],
  [128, `${runc}exec: "/vv": stat /vv: too many levels of symbolic links: unknown`, true],
  [
    127,
    `${runc}error during container init: error mounting "tmpfs" to rootfs at "/etc/passwd/x": mkdir /var/lib/docker/overlay2/15/merged/etc/passwd: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?`,
    true
  ],
  [128, 'Cannot mkdir: /wd is not a directory', true],
  [128, 'evalSymlinksInScope: too many links in /var/lib/docker/overlay2/15/merged/wd', true],
  [128, 'lstat /var/lib/docker/overlay2/3d/merged/vv/b: not a directory', true],
  [128, 'unable to find user nobodyhere: no matching entries in passwd file', true],
  [
    128,
    'driver failed programming external connectivity on endpoint keen_lewin (d0): Error starting userland proxy: listen tcp4 127.0.0.1:39999: bind: address already in use',
    false
  ],
  [128, 'No such container: nonexist', false],
  [
    127,
    `${runc}unable to apply cgroup configuration: mkdir /sys/fs/cgroup/x: no such file or directory`,
    false
  ],
  [127, `${runc}exec: "wait-timeout": executable file not found in $PATH: unknown`, true],
  [127, `${runc}exec: "/data/timeout": stat /data/timeout: no such file or directory: unknown`, true],
  [127, `${runc}exec: "wait": no space left on device: unknown`, false],
  [
    127,
    `${runc}error during container init: chdir to cwd ("/cache/timeouts") set in config.json failed: not a directory: unknown`,
    true
  ],
  [128, 'lstat /var/lib/docker/overlay2/3d/merged/srv/cgroup/b: not a directory', true],
  [128, 'unable to find user seccomp: no matching entries in passwd file', true],
  [
    128,
    `${runc}error during container init: chdir to cwd ("/app") set in config.json failed: input/output error`,
    false
  ],
  [128, 'something nobody has seen before', false],
  [0, '', false],
  [1, `${runc}exec: "/nope"`, false],
  [128, 'failed to set up container networking: driver failed programming external connectivity', false],
  [128, 'network my-network not found', false],
  [128, `${runc}can't get final child's PID from pipe: EOF: unknown`, false],
  [128, `${runc}error during container init: mkdir /run/x: no space left on device: unknown`, false],
  [128, 'OCI runtime start failed: runc did not terminate successfully: signal: killed', false],
  [
    128,
    'OCI runtime create failed: unable to retrieve OCI runtime error (open /run/containerd/9c3/log.json: no such file or directory): runc did not terminate sucessfully: unknown',
    false
  ],
  [128, `${runc}error during container init: read init-p: connection reset by peer: unknown`, false],
  [128, `${runc}error writing config to pipe: write init-p: broken pipe: unknown`, false],
  [128, `${runc}container init was OOM-killed (memory limit too low?): unknown`, false],
  [
    128,
    'OCI runtime create failed: rootfs_linux.go:76: mounting "proc" to rootfs at "/proc" caused: device or resource busy: unknown',
    false
  ],
  [128, 'OCI runtime create failed: fork/exec /usr/bin/runc: text file busy: unknown', false],
  [128, 'OCI runtime create failed: something nobody has seen before', false]
])('exit code %i with %j counts against the image: %p', (exitCode, error, ofTheImage) => {
  expect(isOfTheImage(stateWith(exitCode, error))).toBe(ofTheImage)
})

test('a container that runs after all is not judged by the refusal', () => {
  expect(isOfTheImage({ ...stateWith(127, `${runc}exec: "/nope"`), running: true })).toBe(false)
})

function stateWith(exitCode: number, error: string): ContainerState {
  return { ...created('c', 'c'), exitCode, error }
}
