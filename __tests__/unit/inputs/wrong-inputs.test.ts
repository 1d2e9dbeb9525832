import { describe, expect, test } from '@jest/globals'
import { InputError, parseInputs } from '../../../src/inputs.js'
import { environmentWith } from './environment.js'

const PATHS = 'accepted: absolute paths in the container, one a line, e.g. /root/.cache'
const PROBES =
  'accepted: healthcheck, http://:PORT/PATH, tcp://:PORT, log:/REGEX/, exec:COMMAND, exit:CODE, one a line'
const REGEXES = 'accepted: /PATTERN/FLAGS with any of the flags i, m, s, u, or a bare pattern'
const PORTS = 'accepted: a TCP port of the container, one a line: 8000, 8000/tcp, 8080:8000'
const FAULTS =
  'accepted: default, all; ids: file-for-directory, dangling-symlink, symlink-to-volume, foreign-owner, ' +
  'stale-bytecode-timestamp, stale-bytecode-unchecked, killed, jit-json-cut, database-zeroed, postmaster-pid, foreign-module; ' +
  'codes: A1, A2, A8, B1, C3, A9, E1, G1, H2, J3; families: shape, access, bytecode, crash, jit, database, lock, skew; ' +
  'packs: jit, database, node, python-data; one a line, !NAME leaves one out'
const FLAGS = 'accepted: flags of docker create'
const LINKED = 'accepted: a path in the workspace, or the absolute path that the link leads to'
const REPORT = 'accepted: a directory of its own, inside the workspace or absolute'
const SCENARIOS = 'accepted: FAULT@PATH/MODE, one a line, e.g. dangling-symlink@/root/.cache/recreate'
const SHARDS = 'accepted: I/N with I from 1 to N and N up to 256, e.g. 2/4'
const SECRETS = 'accepted: ID=VALUE, one a line, or "ID=VALUE" in quotes where the value has several lines'
const SEEDS =
  'accepted: PATH=SOURCE, one a line, e.g. /data=tests/state or /data=tests/state.tar.gz: a directory or an archive in the workspace'
const OWN_VOLUMES = 'cannot be used: use the input volumes; every trial gets its own copy'
const OWN_PORTS = 'cannot be used: use the input ports; every trial publishes on a free loopback port'

/** Input, wrong value, and the one line that the user reads about it. */
// prettier-ignore
const cases: readonly (readonly [input: string, value: string, message: string])[] = [
  ['image', 'My App', 'image: "My App" is not an image reference; accepted: NAME[:TAG][@DIGEST] in lower case, e.g. ghcr.io/owner/app:1.2'],
  ['image', '--privileged', 'image: "--privileged" is not an image reference; accepted: NAME[:TAG][@DIGEST] in lower case, e.g. ghcr.io/owner/app:1.2'],
  ['image', 'app@sha256:12', 'image: "app@sha256:12" is not an image reference; accepted: NAME[:TAG][@DIGEST] in lower case, e.g. ghcr.io/owner/app:1.2'],
  ['previous-image', 'My App', 'previous-image: "My App" is not an image reference; accepted: NAME[:TAG][@DIGEST] in lower case, e.g. ghcr.io/owner/app:1.2'],
  ['boot-modes', 'upgrade', 'boot-modes: "upgrade" needs the image of the last release in previous-image'],
  ['seed-state', 'app', `seed-state: "app" names no source; ${SEEDS}`],
  ['seed-state', '/data=', `seed-state: "/data=" names no source; ${SEEDS}`],
  ['seed-state', '/data=/etc', `seed-state: "/data=/etc" takes its source from outside the workspace; ${SEEDS}`],
  ['seed-state', '/data=a/../../etc', `seed-state: "/data=a/../../etc" takes its source from outside the workspace; ${SEEDS}`],
  ['seed-state', '/data=gone', `seed-state: "/data=gone" has a source that does not exist (/w/gone); ${SEEDS}`],
  ['seed-state', '/data=notes.txt', `seed-state: "/data=notes.txt" has a source that is neither a directory nor called .tar, .tar.gz or .tgz; ${SEEDS}`],
  ['seed-state', '/data=app\n/data/cache=empty', 'seed-state: "/data/cache=empty" is for the same place as "/data=app"'],
  ['context', 'nowhere', 'context: "nowhere" does not exist (/w/nowhere); accepted: a directory, or a Git or archive URL'],
  ['context', 'notes.txt', 'context: "notes.txt" is a file (/w/notes.txt); accepted: a directory, or a Git or archive URL'],
  ['context', 'empty', 'file: there is no Dockerfile at /w/empty/Dockerfile; accepted: the path of a Dockerfile, or an image to test in the input image'],
  ['context', 'app\nempty', 'context: "app\\nempty" does not exist (/w/app\\u000aempty); accepted: a directory, or a Git or archive URL'],
  ['file', 'Dockerfil', 'file: "Dockerfil" does not exist (/w/Dockerfil); accepted: the path of a Dockerfile, relative to the workspace'],
  ['file', 'app', 'file: "app" is a directory (/w/app); accepted: the path of a Dockerfile, relative to the workspace'],
  ['target', '--push', 'target: "--push" is not the name of a build stage; accepted: letters, digits, ".", "_" and "-"'],
  ['build-args', 'A=1\n=2', 'build-args: item 2 does not start with the name of an argument; accepted: KEY=VALUE or KEY, one a line'],
  ['secrets', 'hunter2', `secrets: line 1 is not ID=VALUE; ${SECRETS}`],
  ['secrets', 'ok=1\n\n--bad id=hunter2', `secrets: line 3 is not ID=VALUE; ${SECRETS}`],
  ['secrets', 'npm=hunter2\nnpm=hunter3', 'secrets: "npm" is given twice'],
  ['secrets', '"key=hunter2\nhunter3', `secrets: line 1 opens a quote that is never closed; ${SECRETS}`],
  ['cache-from', '--privileged', 'cache-from: "--privileged" is not a cache; accepted: an image reference, or type=TYPE,…'],
  ['cache-to', '-o=/etc', 'cache-to: "-o=/etc" is not a cache; accepted: an image reference, or type=TYPE,…'],
  ['env', 'A=1\nA=hunter2', 'env: "A" is given twice'],
  ['env', 'API KEY=hunter2', 'env: item 1 does not start with the name of a variable; accepted: KEY=VALUE or KEY, one a line'],
  ['env', 'UNSET', `env: "UNSET" is not in the runner's environment, where a name without a value is looked up; accepted: KEY=VALUE, or the KEY of a variable that is set`],
  ['env', 'constructor', `env: item 1 is not in the runner's environment, where a name without a value is looked up; accepted: KEY=VALUE, or the KEY of a variable that is set`],
  ['ports', 'http', `ports: "http" is not a port; ${PORTS}`],
  ['ports', '8000,8001', `ports: "8000,8001" is not a port; ${PORTS}`],
  ['ports', '8000-8010', `ports: "8000-8010" is not a port; ${PORTS}`],
  ['ports', '53/udp', `ports: "53/udp" is a UDP port; only TCP can be published; ${PORTS}`],
  ['ports', '53/quic', `ports: "53/quic" is not a port; ${PORTS}`],
  ['ports', '70000', 'ports: "70000" is out of range; accepted: ports from 1 to 65535'],
  ['ports', '0:80', 'ports: "0:80" is out of range; accepted: ports from 1 to 65535'],
  ['options', '--cpus 1 --name web', 'options: "--name" cannot be used: every trial starts containers of its own, and two cannot share a name'],
  ['options', '--cidfile=/tmp/id', 'options: "--cidfile" cannot be used: every trial starts containers of its own, and a file takes one id only'],
  ['options', '--rm', 'options: "--rm" cannot be used: the log and the volumes are read after the exit; containers are removed afterwards anyway'],
  ['options', '--restart=always', 'options: "--restart" cannot be used: the first exit is what is judged, and a restart would hide it'],
  ['options', '-itd', 'options: "-d" cannot be used: containers always run in the background'],
  ['options', '--detach', 'options: "--detach" cannot be used: containers always run in the background'],
  ['options', '-v/host:/data', `options: "-v" ${OWN_VOLUMES}`],
  ['options', '--mount type=volume,target=/data', `options: "--mount" ${OWN_VOLUMES}`],
  ['options', '-p 8080:80', `options: "-p" ${OWN_PORTS}`],
  ['options', '--log-driver none', 'options: "--log-driver" cannot be used: the log is read through the engine'],
  ['options', '--init nginx', `options: word 2 is not a flag, so docker create would take it for the image; ${FLAGS}`],
  ['options', '-- nginx', `options: word 1 is not a flag, so docker create would take it for the image; ${FLAGS}`],
  ['options', '--health-cmd "true', `options: has a quote that is never closed; ${FLAGS}`],
  ['options', String.raw`-e A=\"b c\"`, `options: has a backslash before a quote or a blank, which escapes nothing here; ${FLAGS}`],
  ['command', "sh -c 'exit", 'command: has a quote that is never closed; accepted: a program and its arguments; quotes group words'],
  ['ready', 'htp://x', `ready: "htp://x" is not a probe; ${PROBES}`],
  ['ready', 'http://localhost:80/', `ready: "http://localhost:80/" is not a probe: leave the host out, since the port is published elsewhere; ${PROBES}`],
  ['ready', 'http:///health', `ready: "http:///health" is not a probe: it names no port; ${PROBES}`],
  ['ready', 'https://:443/', `ready: "https://:443/" is not a probe: TLS is not spoken; probe it with tcp:// or exec:; ${PROBES}`],
  ['ready', 'tcp://:99999', 'ready: "tcp://:99999" has no such port; accepted: ports from 1 to 65535'],
  ['ready', 'log:/(/', `ready: "log:/(/" is not a regular expression (Unterminated group); ${REGEXES}`],
  ['ready', 'log:', `ready: "log:" matches every line; ${REGEXES}`],
  ['ready', 'exec:', 'ready: "exec:" names no command; accepted: exec:COMMAND, e.g. exec:redis-cli ping'],
  ['ready', 'exec:sh -c "x', 'ready: "exec:sh -c \\"x" has a quote that is never closed; accepted: exec:COMMAND, e.g. exec:redis-cli ping'],
  ['ready', 'exit:256', 'ready: "exit:256" has no such exit code; accepted: exit:0 to exit:255'],
  ['ready', 'exit:ok', 'ready: "exit:ok" has no such exit code; accepted: exit:0 to exit:255'],
  ['ready', 'exit:0\nexit:1', 'ready: "exit:0 exit:1" can never pass together: all probes must pass; accepted: one exit code'],
  ['startup-timeout', '90', 'startup-timeout: "90" has no unit (did you mean "90s"?); accepted: a duration from 1s to 1h, e.g. 500ms, 90s, 2m, 1h'],
  ['startup-timeout', '-5s', 'startup-timeout: "-5s" is not a duration; accepted: a duration from 1s to 1h, e.g. 500ms, 90s, 2m, 1h'],
  ['startup-timeout', '999ms', 'startup-timeout: "999ms" is too short; accepted: a duration from 1s to 1h, e.g. 500ms, 90s, 2m, 1h'],
  ['startup-timeout', '61m', 'startup-timeout: "61m" is too long; accepted: a duration from 1s to 1h, e.g. 500ms, 90s, 2m, 1h'],
  ['stable-for', '1.5s', 'stable-for: "1.5s" is not a duration; accepted: a duration from 0s to 10m, e.g. 500ms, 90s, 2m, 1h'],
  ['stable-for', '11m', 'stable-for: "11m" is too long; accepted: a duration from 0s to 10m, e.g. 500ms, 90s, 2m, 1h'],
  ['forbid-logs', 'a[', `forbid-logs: "a[" is not a regular expression (Unterminated character class); ${REGEXES}`],
  ['forbid-logs', '/error/gi', `forbid-logs: "/error/gi" has the flag "g"; ${REGEXES}`],
  ['forbid-logs', '/error/ii', `forbid-logs: "/error/ii" has the flag "i" twice; ${REGEXES}`],
  ['forbid-logs', '(?i)error', `forbid-logs: "(?i)error" is not a regular expression (Invalid group; flags go behind the closing slash); ${REGEXES}`],
  ['forbid-logs', '[^]{0,9}', `forbid-logs: "[^]{0,9}" matches every line; ${REGEXES}`],
  ['forbid-logs', '.*', `forbid-logs: ".*" matches every line; ${REGEXES}`],
  ['volumes', 'models:/data', `volumes: "models:/data" names more than a mount point; every trial gets its own copy of a volume; ${PATHS}`],
  ['volumes', 'data', `volumes: "data" is not an absolute path; ${PATHS}`],
  ['volumes', '/', `volumes: "/" is the whole file system; ${PATHS}`],
  ['cache-paths', '~/.cache', `cache-paths: "~/.cache" would need a shell to expand it; write the absolute path, e.g. /root/.cache; ${PATHS}`],
  ['cache-paths', '$HOME/.cache', `cache-paths: "$HOME/.cache" would need a shell to expand it; write the absolute path, e.g. /root/.cache; ${PATHS}`],
  ['cache-paths', '/root/../etc', `cache-paths: "/root/../etc" contains ".."; ${PATHS}`],
  ['cache-paths', '/a\n/a/', `cache-paths: "/a/" is given twice; ${PATHS}`],
  ['cache-paths', '/a, /b', `cache-paths: "/a, /b" looks like several paths on one line; ${PATHS}`],
  ['cache-paths', '/a /b', `cache-paths: "/a /b" looks like several paths on one line; ${PATHS}`],
  ['cache-paths', '/data/*', `cache-paths: "/data/*" contains a wildcard, which nothing expands; ${PATHS}`],
  ['cache-paths', '/proc/self', `cache-paths: "/proc/self" belongs to the kernel; ${PATHS}`],
  ['data-paths', '//', `data-paths: "//" is the whole file system; ${PATHS}`],
  ['data-paths', '/a\u0007b', `data-paths: "/a\\u0007b" contains a control character; ${PATHS}`],
  ['faults', 'dangling-link', `faults: "dangling-link" is not a fault (did you mean "dangling-symlink"?); ${FAULTS}`],
  ['faults', '!kiled', `faults: "!kiled" is not a fault (did you mean "killed"?); ${FAULTS}`],
  ['faults', 'databases', `faults: "databases" is not a fault (did you mean "database"?); ${FAULTS}`],
  ['faults', 'A1, A2', `faults: "A1, A2" is not a fault; ${FAULTS}`],
  [
    'faults',
    'd10',
    `faults: "d10" is not planted (It is a race and no state. Instead: The boot mode concurrent starts several containers at once on one volume); ${FAULTS}`
  ],
  ['faults', 'Z9', `faults: "Z9" is not a fault; ${FAULTS}`],
  ['faults', 'shape\n!shape', `faults: "shape !shape" leaves no fault to test; ${FAULTS}`],
  ['boot-modes', 'recreat', 'boot-modes: "recreat" is not a boot mode (did you mean "recreate"?); accepted: auto, or any of recreate, restart, concurrent, upgrade, one a line'],
  ['boot-modes', 'auto\nrestart', 'boot-modes: "auto" cannot be combined with other modes; accepted: auto, or any of recreate, restart, concurrent, upgrade, one a line'],
  ['replicas', '1', 'replicas: "1" is out of range; accepted: a whole number from 2 to 16'],
  ['replicas', 'three', 'replicas: "three" is not a whole number; accepted: a whole number from 2 to 16'],
  ['second-boot', 'yes', 'second-boot: "yes" is not a boolean; accepted: true, false'],
  ['expect-failures', 'dangling-symlink', `expect-failures: "dangling-symlink" is not a scenario id; ${SCENARIOS}`],
  ['expect-failures', 'killed@container/reboot', `expect-failures: "killed@container/reboot" ends in "reboot", which is not a boot mode; ${SCENARIOS}`],
  ['expect-failures', 'kill@container/restart', `expect-failures: "kill@container/restart" names the fault "kill", which does not exist (did you mean "killed"?); ${SCENARIOS}`],
  ['strict', 'tRUE', 'strict: "tRUE" is not a boolean; accepted: true, false'],
  ['max-parallel', '0', 'max-parallel: "0" is out of range; accepted: a whole number from 1 to 64'],
  ['max-parallel', '2.5', 'max-parallel: "2.5" is not a whole number; accepted: a whole number from 1 to 64'],
  ['fail-fast', '1', 'fail-fast: "1" is not a boolean; accepted: true, false'],
  ['mode', 'tests', 'mode: "tests" is not a mode (did you mean "test"?); accepted: test, plan, merge'],
  ['mode', 'Plan', 'mode: "Plan" is not a mode (did you mean "plan"?); accepted: test, plan, merge'],
  ['shards', '4', 'shards: "4" is for the mode plan; accepted: shard: I/N for the others'],
  ['shards', '257', 'shards: "257" is out of range; accepted: a whole number from 1 to 256'],
  ['plan-file', 'gone.json', 'plan-file: "gone.json" does not exist; accepted: the path of a plan.json that the mode plan wrote, relative to the workspace'],
  ['shard', '5/4', `shard: "5/4" is not a part of the plan; ${SHARDS}`],
  ['shard', '0/4', `shard: "0/4" is not a part of the plan; ${SHARDS}`],
  ['shard', '2', `shard: "2" is not a shard; ${SHARDS}`],
  ['shard', '1/257', `shard: "1/257" has too many parts; ${SHARDS}`],
  ['seed', 'a\u001bb', 'seed: "a\\u001bb" is not a seed; accepted: one line of up to 200 characters'],
  ['report-dir', '../reports', `report-dir: "../reports" contains ".."; ${REPORT}`],
  ['report-dir', '.', `report-dir: "." holds the whole workspace; ${REPORT}`],
  ['report-dir', '/', `report-dir: "/" holds the whole workspace; ${REPORT}`],
  ['report-dir', 'linked', `report-dir: "linked" is a link that leads out of the workspace; ${REPORT}`],
  ['context', 'linked', `context: "linked" is a link that leads out of the workspace (/w/linked); ${LINKED}`],
  ['file', 'linked', `file: "linked" is a link that leads out of the workspace (/w/linked); ${LINKED}`],
  ['report-dir', 'notes.txt', `report-dir: "notes.txt" is a file; ${REPORT}`],
  ['comment', 'allways', 'comment: "allways" is not a valid value (did you mean "always"?); accepted: never, on-failure, always'],
  ['comment', 'always', 'github-token: is needed for "comment: always"; accepted: e.g. ${{ github.token }}'],
  ['leg', 'a\nb', 'leg: "a\\nb" is not a name; accepted: one line of up to 200 characters, or the matrix as JSON'],
  ['matrix-jobs', '0', 'matrix-jobs: "0" is out of range; accepted: a whole number from 1 to 256'],
  ['cache-path', '/a', 'cache-path: there is no such input (did you mean "cache-paths"?)'],
  ['scenario_file', 'x', 'scenario_file: there is no such input (did you mean "scenario-file"?)'],
  ['scenario-file', 'gone.yml', 'scenario-file: "gone.yml" does not exist; accepted: a file of YAML, relative to the workspace'],
  ['xyzzy', 'x', 'xyzzy: there is no such input; accepted: image, previous-image, context, file, target, build-args, secrets, cache-from, cache-to, env, ports, options, command, ready, startup-timeout, stable-for, smoke-test, forbid-logs, volumes, seed-state, cache-paths, data-paths, faults, boot-modes, replicas, second-boot, expect-failures, scenario-file, strict, max-parallel, fail-fast, mode, shard, shards, plan-file, seed, report-dir, merge-from, leg, matrix-jobs, comment, github-token']
]

function errorOf(raw: Readonly<Record<string, string>>): InputError {
  try {
    parseInputs(raw, environmentWith())
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('no problem was found')
}

function messageOf(raw: Readonly<Record<string, string>>): string {
  return errorOf(raw).message
}

describe('a wrong input is refused with one line that says what would be right', () => {
  test.each(cases)('%s: %j', (input, value, message) => {
    expect(messageOf({ [input]: value })).toBe(message)
  })
})

describe('problems across inputs', () => {
  test('every problem of one call is reported at once, each on its own line', () => {
    expect(
      messageOf({
        'stable-for': '2',
        strict: 'no',
        ports: '0\n53/udp',
        'cache-paths': 'a',
        unknown: 'x',
        file: 'gone'
      })
        .split('\n')
        .map((line) => line.split(' ', 2).join(' '))
    ).toEqual([
      'unknown: there',
      'cache-paths: "a"',
      'file: "gone"',
      'ports: "0"',
      'ports: "53/udp"',
      'stable-for: "2"',
      'strict: "no"'
    ])
  })

  test('a smoke test needs a container that still runs', () => {
    expect(messageOf({ ready: 'log:/done/\nexit:0', 'smoke-test': 'true' })).toBe(
      'smoke-test: would never run: with ready exit:CODE the container has ended; accepted: a smoke test with another ready, or exit:CODE without one'
    )
  })

  test('a job makes a plan or runs one', () => {
    expect(messageOf({ mode: 'plan', shard: '1/2', 'plan-file': 'gone.json' }).split('\n').slice(1)).toEqual([
      'shard: "1/2" is for the mode test; accepted: shards: N to part a plan',
      'plan-file: is for the mode test, which runs a plan'
    ])
  })

  test('a path cannot be both a cache and data', () => {
    expect(messageOf({ 'cache-paths': '/a\n/b', 'data-paths': '/b/' })).toBe(
      'cache-paths: "/b" is in data-paths too; a path is one or the other'
    )
  })

  test('an image that exists is not built, so every build input beside it is refused', () => {
    expect(messageOf({ image: 'app:1', context: 'app', secrets: 'a=hunter2', strict: 'true' })).toBe(
      [
        'context: is for a build, but image names an image that exists; give one of them',
        'secrets: is for a build, but image names an image that exists; give one of them'
      ].join('\n')
    )
  })

  test('a Dockerfile that lies in the context is suggested with its path from the workspace', () => {
    expect(messageOf({ context: 'app', file: 'Dockerfile.gpu' })).toBe(
      'file: "Dockerfile.gpu" does not exist (/w/Dockerfile.gpu; did you mean "app/Dockerfile.gpu"?); ' +
        'accepted: the path of a Dockerfile, relative to the workspace'
    )
  })

  test('several flags that cannot be used are all named', () => {
    expect(messageOf({ options: '--rm --cpus 1 --name=x' }).split('\n')).toHaveLength(2)
  })

  test('no problem with secrets or env ever shows a value', () => {
    const raw = {
      secrets: 'bad id=hunter2\nhunter2\na=hunter2\na=hunter2\n"b=hunter2',
      env: 'bad key=hunter2\nhunter2\nA=hunter2\nA=hunter2',
      'build-args': '1=hunter2',
      options: '-e A=b hunter2',
      command: 'run "hunter2'
    }
    expect(messageOf(raw)).not.toContain('hunter2')
  })

  test('a long value is cut, and invisible characters are made visible', () => {
    const message = messageOf({ ready: `\u202e${'x'.repeat(500)}` })
    expect(message).toMatch(/^ready: "\\u202ex{119}…" is not a probe/)
  })

  test('the problems are there as data, too', () => {
    expect(errorOf({ replicas: '1' }).problems).toEqual([
      { input: 'replicas', value: '1', complaint: 'is out of range', accepted: 'a whole number from 2 to 16' }
    ])
  })
})
