/**
 * The one table of inputs. `action.yml`, the tables in the README and the options of the command line are all made from
 * it, so that none of them can fall behind the others.
 */

/** Headings of the command line's help, in their order there. */
export const INPUT_GROUPS = ['Image', 'Container', 'Health', 'Scenarios', 'Run', 'Report'] as const

/** One input of the action, and the option of the same name on the command line. */
export interface InputDefinition {
  readonly name: string
  readonly group: (typeof INPUT_GROUPS)[number]
  /**
   * `list` has one item a line, `words` is split as a shell would, `boolean` is `true` or `false`, `text` is one value.
   * The first two accumulate when an option is given more than once.
   */
  readonly kind: 'text' | 'list' | 'words' | 'boolean'
  /** What stands for the value in the help, e.g. `PATH`; a boolean has none. */
  readonly placeholder: string
  /** The default as GitHub passes it; empty where the default is not a fixed string. */
  readonly default: string
  /** The default in `action.yml`, where it is an expression that only the runner can evaluate. */
  readonly actionDefault?: string
  /** True where it means nothing to the command line. */
  readonly actionOnly?: true
  /** What happens by default, in words, where `default` does not say it. */
  readonly defaultMeaning?: string
  /** Markdown, one line. */
  readonly description: string
}

/** Where a scenario file is looked for, relative to the workspace. */
export const DEFAULT_SCENARIO_FILE = '.github/cache-crash-test.yml'

/** Every input that this version understands, in the order in which users read about them. */
export const INPUT_DEFINITIONS = [
  {
    name: 'image',
    group: 'Image',
    kind: 'text',
    placeholder: 'REFERENCE',
    default: '',
    defaultMeaning: 'build one',
    description: 'Test this image instead of building one; pulled when the engine does not have it.'
  },
  {
    name: 'previous-image',
    group: 'Image',
    kind: 'text',
    placeholder: 'REFERENCE',
    default: '',
    defaultMeaning: 'none',
    description:
      'Image of the last release. It fills the volumes first, then the image under test boots on them (mode `upgrade`); pulled when the engine does not have it.'
  },
  {
    name: 'context',
    group: 'Image',
    kind: 'text',
    placeholder: 'PATH',
    default: '.',
    description: 'Build context: a directory, relative to the workspace, or a Git or archive URL.'
  },
  {
    name: 'file',
    group: 'Image',
    kind: 'text',
    placeholder: 'PATH',
    default: '',
    defaultMeaning: '`CONTEXT/Dockerfile`',
    description: 'Dockerfile, relative to the workspace (with a URL as context: relative to that context).'
  },
  {
    name: 'target',
    group: 'Image',
    kind: 'text',
    placeholder: 'STAGE',
    default: '',
    defaultMeaning: 'the last stage',
    description: 'Stage of the Dockerfile to build.'
  },
  {
    name: 'build-args',
    group: 'Image',
    kind: 'list',
    placeholder: 'KEY=VALUE',
    default: '',
    description: 'Build arguments, `KEY=VALUE`, or `KEY` to take the value from the environment.'
  },
  {
    name: 'secrets',
    group: 'Image',
    kind: 'list',
    placeholder: 'ID=VALUE',
    default: '',
    description:
      'Build secrets, `ID=VALUE`, masked everywhere. To give a value of several lines, put double quotes around the whole item and double the quotes inside.'
  },
  {
    name: 'cache-from',
    group: 'Image',
    kind: 'list',
    placeholder: 'SOURCE',
    default: '',
    description: 'Where the build may take cached layers from, as in `docker build --cache-from`.'
  },
  {
    name: 'cache-to',
    group: 'Image',
    kind: 'list',
    placeholder: 'TARGET',
    default: '',
    description: 'Where the build stores its layers, as in `docker buildx build --cache-to`.'
  },
  {
    name: 'env',
    group: 'Container',
    kind: 'list',
    placeholder: 'KEY=VALUE',
    default: '',
    description:
      'Environment of the container, `KEY=VALUE`, or `KEY` to pass on the value of this environment.'
  },
  {
    name: 'ports',
    group: 'Container',
    kind: 'list',
    placeholder: 'PORT',
    default: '',
    defaultMeaning: "the image's EXPOSEd ports",
    description:
      'Container ports to publish: `8000`, `8000/tcp` or `8080:8000`. Each trial gets a free port on the loopback interface instead of the host port, so that trials can run side by side.'
  },
  {
    name: 'options',
    group: 'Container',
    kind: 'words',
    placeholder: 'FLAGS',
    default: '',
    description:
      'Further flags of `docker create`, e.g. `--memory 1g --cap-drop ALL`; not those that volumes, ports, names and restarts have inputs or rules for. Quotes group words; a backslash has no meaning of its own.'
  },
  {
    name: 'command',
    group: 'Container',
    kind: 'text',
    placeholder: 'COMMAND',
    default: '',
    defaultMeaning: "the image's CMD",
    description:
      "Replaces the image's CMD. It is split into words as in `options`; no shell runs it unless you name one."
  },
  {
    name: 'ready',
    group: 'Health',
    kind: 'list',
    placeholder: 'PROBE',
    default: '',
    defaultMeaning: 'health check, else exposed port, else stays up',
    description:
      'What ready means. All must pass: `healthcheck`, `http://:PORT/PATH`, `tcp://:PORT`, `log:/REGEX/`, `exec:COMMAND`, `exit:CODE`.'
  },
  {
    name: 'startup-timeout',
    group: 'Health',
    kind: 'text',
    placeholder: 'DURATION',
    default: '',
    defaultMeaning: 'ten times the control, at least 30s; the control’s first boot 5 minutes',
    description: 'How long a boot may take, `1s` to `1h`.'
  },
  {
    name: 'stable-for',
    group: 'Health',
    kind: 'text',
    placeholder: 'DURATION',
    default: '2s',
    description: 'How long the container must stay up after it was ready, up to `10m`.'
  },
  {
    name: 'smoke-test',
    group: 'Health',
    kind: 'text',
    placeholder: 'SCRIPT',
    default: '',
    description:
      'A script that runs on the runner, in the workspace, once the container is ready, as a step with `shell: bash` does. `$BASE_URL` (of the first port that speaks HTTP), `$PORT_8000` (one for each port) and `$CONTAINER` are set. It may take as long as a boot. If it fails, the boot fails.'
  },
  {
    name: 'forbid-logs',
    group: 'Health',
    kind: 'list',
    placeholder: 'REGEX',
    default: '',
    description:
      'Regular expressions that no log line may match: `/PATTERN/FLAGS` with the flags `i`, `m`, `s`, `u`, or a bare pattern.'
  },
  {
    name: 'volumes',
    group: 'Scenarios',
    kind: 'list',
    placeholder: 'PATH',
    default: '',
    defaultMeaning: "the image's VOLUMEs",
    description:
      'Mount points whose content outlives a deploy. Every trial gets its own copy; nothing of the host is mounted.'
  },
  {
    name: 'seed-state',
    group: 'Scenarios',
    kind: 'list',
    placeholder: 'PATH=SOURCE',
    default: '',
    description:
      'What a volume holds before the first boot, `PATH=SOURCE`: a path in the container at or below a volume, and a directory or a `.tar`, `.tar.gz` or `.tgz` in the workspace. A directory then belongs to the app’s user; an archive keeps its own owners.'
  },
  {
    name: 'cache-paths',
    group: 'Scenarios',
    kind: 'list',
    placeholder: 'PATH',
    default: '',
    defaultMeaning: 'none beside those that are detected',
    description:
      'Paths that may be thrown away: start-up must survive any corruption there. They are added to those that are detected: `~/.cache` and what variables such as `XDG_CACHE_HOME`, `HF_HOME` and `…_CACHE_DIR` name. One that contains a data path counts as data.'
  },
  {
    name: 'data-paths',
    group: 'Scenarios',
    kind: 'list',
    placeholder: 'PATH',
    default: '',
    defaultMeaning: 'none; other data on a volume is watched, but not corrupted',
    description:
      "Paths that hold users' data: start-up may refuse to run on corruption there, but must never lose it."
  },
  {
    name: 'faults',
    group: 'Scenarios',
    kind: 'list',
    placeholder: 'FAULT',
    default: 'default',
    description:
      'What to break: `default`, `all`, fault ids, catalogue codes such as `C3`, families or packs; `!NAME` leaves one out.'
  },
  {
    name: 'boot-modes',
    group: 'Scenarios',
    kind: 'list',
    placeholder: 'MODE',
    default: 'auto',
    description:
      'How a boot meets the dirty state: `auto` (each fault in its own modes), or any of `recreate` (a new container on old volumes), `restart` (the same container again), `concurrent` (several at once), `upgrade` (a new release on what `previous-image` left).'
  },
  {
    name: 'replicas',
    group: 'Scenarios',
    kind: 'text',
    placeholder: 'N',
    default: '3',
    description: 'Containers that start at once in the mode `concurrent`, 2 to 16.'
  },
  {
    name: 'second-boot',
    group: 'Scenarios',
    kind: 'boolean',
    placeholder: '',
    default: 'true',
    description: 'Boot once more on the state that each recovery left.'
  },
  {
    name: 'expect-failures',
    group: 'Scenarios',
    kind: 'list',
    placeholder: 'SCENARIO',
    default: '',
    description:
      'Scenario ids known to fail today, e.g. `dangling-symlink@/root/.cache/recreate`. One that passes, or is not in the plan, is reported; one that passes fails with `strict`.'
  },
  {
    name: 'scenario-file',
    group: 'Scenarios',
    kind: 'text',
    placeholder: 'PATH',
    default: '',
    defaultMeaning: `\`${DEFAULT_SCENARIO_FILE}\` if it is there`,
    description: 'Your own faults and scenarios, and what you expect of any; relative to the workspace.'
  },
  {
    name: 'strict',
    group: 'Run',
    kind: 'boolean',
    placeholder: '',
    default: 'false',
    description:
      'Fail on `inconclusive` verdicts, on expected failures that pass, on scenarios that did not run, and on a run of none.'
  },
  {
    name: 'max-parallel',
    group: 'Run',
    kind: 'text',
    placeholder: 'N',
    default: '',
    defaultMeaning: 'number of processors',
    description: 'Trials that boot at the same time, 1 to 64.'
  },
  {
    name: 'fail-fast',
    group: 'Run',
    kind: 'boolean',
    placeholder: '',
    default: 'false',
    description: 'Stop at the first failed scenario.'
  },
  {
    name: 'mode',
    group: 'Run',
    kind: 'text',
    placeholder: 'MODE',
    default: 'test',
    description:
      'What to do: `test` the image, `plan` (run the control, say what would be tested, and test nothing), or `merge` the reports of shards.'
  },
  {
    name: 'shard',
    group: 'Run',
    kind: 'text',
    placeholder: 'I/N',
    default: '',
    defaultMeaning: 'the whole plan',
    description: 'Run one part of the plan: `2/4` is the second of four.'
  },
  {
    name: 'shards',
    group: 'Run',
    kind: 'text',
    placeholder: 'N',
    default: '',
    defaultMeaning: 'about five minutes of trials each',
    description: 'In the mode `plan`, into how many shards to split the plan, 1 to 256.'
  },
  {
    name: 'plan-file',
    group: 'Run',
    kind: 'text',
    placeholder: 'PATH',
    default: '',
    description:
      'A `plan.json` that the mode `plan` wrote: run its scenarios (those of `shard`) in its order, instead of planning anew.'
  },
  {
    name: 'seed',
    group: 'Run',
    kind: 'text',
    placeholder: 'TEXT',
    default: 'cache-crash-test',
    description: 'Seeds everything that is chosen at random, so that two runs do the same.'
  },
  {
    name: 'report-dir',
    group: 'Report',
    kind: 'text',
    placeholder: 'PATH',
    default: 'cache-crash-test-report',
    description: 'Directory for the reports, relative to the workspace or absolute.'
  },
  {
    name: 'merge-from',
    group: 'Report',
    kind: 'text',
    placeholder: 'PATH',
    default: 'cache-crash-test-reports',
    description:
      'With `mode: merge`: the directory that holds the reports to join, one in a directory each, as `actions/download-artifact` lays them out.'
  },
  {
    name: 'leg',
    group: 'Report',
    kind: 'text',
    placeholder: 'NAME',
    default: '',
    actionDefault: '${{ toJSON(matrix) }}',
    defaultMeaning: 'the values of the job’s matrix',
    description:
      'What tells this job from the others of its matrix, in merged reports and comments; the shard is left out of it.'
  },
  {
    name: 'matrix-jobs',
    group: 'Report',
    kind: 'text',
    placeholder: 'N',
    default: '',
    actionDefault: '${{ strategy.job-total }}',
    defaultMeaning: 'the number of its matrix’s jobs, in a job',
    description: 'How many jobs the matrix has, so that `mode: merge` notices one that left no report.'
  },
  {
    name: 'comment',
    group: 'Report',
    kind: 'text',
    placeholder: 'WHEN',
    default: 'never',
    actionOnly: true,
    description:
      'Comment on the pull request: `never`, `always`, or `on-failure` (a comment that is there turns green when the failure is gone). Needs `pull-requests: write`.'
  },
  {
    name: 'github-token',
    group: 'Report',
    kind: 'text',
    placeholder: 'TOKEN',
    default: '',
    actionDefault: '${{ github.token }}',
    actionOnly: true,
    defaultMeaning: "the job's own token",
    description: 'Token that writes the comment; it is used for nothing else.'
  }
] as const satisfies readonly InputDefinition[]

/** The name of an input. */
export type InputName = (typeof INPUT_DEFINITIONS)[number]['name']

/** The default of an input as GitHub passes it; empty where it is not a fixed string. */
export function defaultOf(name: InputName): string {
  return findDefinition(name)?.default ?? ''
}

/** @returns the definition of that name, or undefined when there is no such input */
export function findDefinition(name: string): InputDefinition | undefined {
  return INPUT_DEFINITIONS.find((definition) => definition.name === name)
}
