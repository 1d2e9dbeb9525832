import { DEFAULT_SCENARIO_FILE, defaultOf } from '../inputs/definitions.js'
import { durationMs } from '../inputs/scalars.js'
import {
  buildVariables,
  isSecret,
  isSecretName,
  nameAndValue,
  optionVariables,
  secretValues
} from './secrets.js'
import type { BuildSource, HealthInputs, Inputs, ProbeSpec, Scenario } from '../model.js'

/**
 * A command line, for a POSIX shell, that runs one scenario again where the repository is checked out. Only what matters
 * for the scenario and is not the default is in it. Secrets are `"$NAME"`, to be set by whoever runs it.
 * @param command how the command line tool is called, verbatim
 */
export function reproduceCommand(inputs: Inputs, scenario: Scenario, command = 'cache-crash-test'): string {
  const build = inputs.image.kind === 'build' ? inputs.image : undefined
  // Nothing that the image says: it would choose which of the reader's variables are given to it, and where.
  const variables = { ...optionVariables(inputs.options), ...buildVariables(build), ...inputs.env }
  const secrets = secretValues(variables, build?.secrets ?? {})
  return [
    command,
    ...flags(inputs, scenario, secrets).map(({ name, value }) => `--${name} ${word(value, secrets)}`)
  ].join(' \\\n  ')
}

/** A value, with what is secret in it by its variable's name. */
type Value = readonly (string | { readonly variable: string })[]

interface Flag {
  readonly name: string
  readonly value: Value
}

/** Names are the inputs' names; of lists, one flag an item. */
function flags(inputs: Inputs, scenario: Scenario, secrets: ReadonlyMap<string, string>): Flag[] {
  const { image, ports, options, command, seed } = inputs
  return [
    ...(image.kind === 'reference' ? one('image', image.reference) : buildFlags(image, inputs.workspace)),
    ...(scenario.mode === 'upgrade' && inputs.previousImage !== undefined
      ? one('previous-image', inputs.previousImage)
      : []),
    ...each('volumes', inputs.volumes ?? []),
    ...each(
      'seed-state',
      inputs.seedState.map(({ text }) => text)
    ),
    ...each('cache-paths', withTarget(inputs.cachePaths, scenario)),
    ...each('data-paths', inputs.dataPaths),
    ...Object.entries(inputs.env).map((entry) => ({ name: 'env', value: assignment(entry) })),
    ...each('ports', ports.map(String)),
    ...(options.length === 0 ? [] : [{ name: 'options', value: secretWords(options, secrets) }]),
    ...(command === undefined ? [] : [{ name: 'command', value: secretWords(command, secrets) }]),
    ...healthFlags(inputs),
    ...scenarioFileFlag(inputs),
    ...one('faults', scenario.fault),
    ...one('boot-modes', scenario.mode),
    ...(scenario.mode === 'concurrent' ? one('replicas', String(inputs.replicas)) : []),
    ...(inputs.secondBoot ? [] : one('second-boot', 'false')),
    ...(seed === defaultOf('seed') ? [] : one('seed', seed))
  ]
}

/** One that lies where it is looked for by itself needs no word. */
function scenarioFileFlag({ scenarioFile }: Inputs): Flag[] {
  if (scenarioFile === undefined || scenarioFile.name === DEFAULT_SCENARIO_FILE) return []
  return one('scenario-file', scenarioFile.name)
}

function one(name: string, value: string): Flag[] {
  return [{ name, value: [value] }]
}

function each(name: string, values: readonly string[]): Flag[] {
  return values.map((value) => ({ name, value: [value] }))
}

/** `NAME=VALUE`, without the value where it is secret. */
function assignment([name, value]: readonly [string, string]): Value {
  return isSecretName(name) || isSecret(name, value) ? [`${name}=`, { variable: name }] : [`${name}=${value}`]
}

/** A build secret: in quotes where it has several lines, as the input `secrets` wants it. */
function buildSecret([id, value]: readonly [string, string]): Value {
  const quote = value.includes('\n') ? '"' : ''
  return [`${quote}${id}=`, { variable: id }, quote]
}

/** A detected cache path is declared, so that it is planned even where the control does not use it. */
function withTarget(declared: readonly string[], { target }: Scenario): readonly string[] {
  const add = target.role === 'cache' && target.path.startsWith('/') && !declared.includes(target.path)
  return add ? [...declared, target.path] : declared
}

function buildFlags(build: BuildSource, workspace: string): Flag[] {
  const context = relative(build.context, workspace)
  return [
    ...one('context', context),
    ...(build.file === `${build.context}/Dockerfile` ? [] : one('file', relative(build.file, workspace))),
    ...(build.target === undefined ? [] : one('target', build.target)),
    ...build.buildArgs.map((item) => {
      const [name, value] = nameAndValue(item)
      return { name: 'build-args', value: value === undefined ? [item] : assignment([name, value]) }
    }),
    ...Object.entries(build.secrets).map((entry) => ({ name: 'secrets', value: buildSecret(entry) }))
  ]
}

/** The runner's checkout is not the reader's: paths in it are given relative to its top. */
function relative(path: string, workspace: string): string {
  if (path === workspace) return '.'
  return path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path
}

function healthFlags(health: HealthInputs): Flag[] {
  const { startupTimeoutMs, stableForMs, smokeTest } = health
  return [
    ...each('ready', health.ready.map(probe)),
    ...(startupTimeoutMs === undefined ? [] : one('startup-timeout', duration(startupTimeoutMs))),
    ...(stableForMs === durationMs(defaultOf('stable-for')) ? [] : one('stable-for', duration(stableForMs))),
    ...(smokeTest === undefined ? [] : one('smoke-test', smokeTest)),
    ...each(
      'forbid-logs',
      health.forbidLogs.map(({ pattern, flags }) => `/${pattern}/${flags}`)
    )
  ]
}

/** A probe as the input `ready` takes it. */
function probe(spec: ProbeSpec): string {
  switch (spec.kind) {
    case 'healthcheck':
      return 'healthcheck'
    case 'http':
      return `http://:${spec.port}${spec.path}`
    case 'tcp':
      return `tcp://:${spec.port}`
    case 'log':
      return `log:/${spec.pattern}/${spec.flags}`
    case 'exec':
      return `exec:${words(spec.command)}`
    case 'exit':
      return `exit:${spec.code}`
  }
}

function duration(milliseconds: number): string {
  return milliseconds % 1_000 === 0 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`
}

/** Words as one string that splits into them again, by a shell as well as by a splitter that knows no backslash. */
function words(list: readonly string[]): string {
  return list.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(' ')
}

/** The same, without the secrets in them: a word's quotes would hide one that has quotes of its own. */
function secretWords(list: readonly string[], secrets: ReadonlyMap<string, string>): Value {
  const known = longestFirst(secrets)
  return list.flatMap((word, index): Value => {
    const blank = index === 0 ? '' : ' '
    const parts = withoutSecrets(word, known, secrets)
    if (parts.every((part) => typeof part === 'string')) return [`${blank}${words([word])}`]
    const inside = parts.map((part) => (typeof part === 'string' ? part.replaceAll("'", `'"'"'`) : part))
    return [`${blank}'`, ...inside, `'`]
  })
}

function longestFirst(secrets: ReadonlyMap<string, string>): string[] {
  return [...secrets.keys()].sort((a, b) => b.length - a.length)
}

const PLAIN = /^[\w./:@%+,=-]+$/
// Would act on the terminal that it is pasted into, or get lost on the way; a line feed inside quotes does neither.
const UNPRINTABLE = /((?:(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}])+)/u

/** One shell word for a value; also where a secret's value stands in the middle of one, its variable takes its place. */
function word(value: Value, secrets: ReadonlyMap<string, string>): string {
  const known = longestFirst(secrets)
  const parts = value.flatMap((part) =>
    typeof part === 'string' ? withoutSecrets(part, known, secrets) : [part]
  )
  return (
    parts
      .map((part) => (typeof part === 'string' ? literal(part) : `"$${variable(part.variable)}"`))
      .join('') || "''"
  )
}

function withoutSecrets(text: string, known: readonly string[], secrets: ReadonlyMap<string, string>): Value {
  const secret = known.find((candidate) => text.includes(candidate))
  if (secret === undefined) return [text]
  const at = text.indexOf(secret)
  return [
    ...withoutSecrets(text.slice(0, at), known, secrets),
    { variable: secrets.get(secret) ?? '' },
    ...withoutSecrets(text.slice(at + secret.length), known, secrets)
  ]
}

function literal(text: string): string {
  if (PLAIN.test(text)) return text
  return text
    .replaceAll('\0', '')
    .replace(/\p{Cs}/gu, '\ufffd')
    .split(UNPRINTABLE)
    .map((part, index) => (part === '' ? '' : index % 2 === 1 ? printf(part) : single(part)))
    .join('')
}

function single(part: string): string {
  return `'${part.replaceAll("'", String.raw`'\''`)}'`
}

/** Bytes by their octal numbers, which every POSIX printf knows. */
function printf(part: string): string {
  const octal = [...Buffer.from(part)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
  return `"$(printf '${octal.join('')}')"`
}

/** A name that a shell accepts for a variable: `npm-token` becomes `NPM_TOKEN`. */
function variable(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name
  return name
    .toUpperCase()
    .replace(/\W/g, '_')
    .replace(/^(?=\d|$)/, '_')
}
