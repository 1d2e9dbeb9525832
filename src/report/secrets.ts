/** What must not be shown, and how it is taken out of a text. Pure. */

import type { BuildSource, ImageFacts } from '../model.js'

/** Shorter values are left: masking `1` or `{` would make a report unreadable and guess the value anyway. */
const SHORTEST_SECRET = 4
/** Values of secret-looking variables that are no secrets. */
const HARMLESS = /^(?:true|false|none|null|undefined|disabled|enabled|optional|required)$/i

/** Words that say secret wherever they stand in a name, and such as have to stand alone: `COMPASS` and `AUTHOR` are none. */
const TELLING = /SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|KEY|CREDENTIAL/i
const TELLING_ALONE = /(?:^|[_.-])(?:PASS|AUTH|DSN|BEARER|JWT|COOKIE)(?:[_.-]|$)|[_.-]PWD$/i

/** Whether a variable's name says that its value is a secret. */
export function isSecretName(name: string): boolean {
  return TELLING.test(name) || TELLING_ALONE.test(name)
}

/** Tokens that are known by their form: GitHub's, npm's, AWS's, Slack's, JSON Web Tokens. */
const TOKEN =
  /^(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|npm_\w{20,}|AKIA[0-9A-Z]{16}|xox[a-z]-[\w-]{10,}|eyJ[\w-]+\.[\w-]+\.[\w-]*)$/
/** Who asks, in a URL: `user:password@`, or a token alone. The last `@` before the path counts (RFC 3986, 3.2.1, has no others). */
const USERINFO = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\s]+)@/i
/** A user's name alone is no secret; a token is longer. */
const SHORTEST_TOKEN = 16

/** What is secret in a URL; empty where nothing is. */
function passwordOf(value: string): string {
  const userinfo = USERINFO.exec(value)?.[1] ?? ''
  const colon = userinfo.indexOf(':')
  if (colon === -1) return userinfo.length >= SHORTEST_TOKEN ? userinfo : ''
  return userinfo.slice(colon + 1)
}

/** Whether a variable is a secret, by its name or by its value. */
export function isSecret(name: string, value: string): boolean {
  if (value.length < SHORTEST_SECRET || HARMLESS.test(value)) return false
  return isSecretName(name) || TOKEN.test(value) || passwordOf(value) !== ''
}

/**
 * Secret values by the name that stands for each.
 * @param env variables, of which those with a telling name or value count
 * @param secrets values that were declared as secrets, by id
 */
export function secretValues(
  env: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) if (isSecret(name, value)) found.set(value, name)
  for (const [id, value] of Object.entries(secrets)) if (value !== '') found.set(value, id)
  return found
}

/**
 * What is masked at most of the secrets among an image's own variables, in lines and in characters: each costs time in every line
 * that is shown, and the image chooses how many there are.
 */
export const MOST_IMAGE_SECRETS = 100
const MOST_IMAGE_CHARACTERS = 8192

/** Secret values among the variables of a container. */
export interface ContainerSecrets {
  /** The user's, for the first parameter of `masker`. */
  readonly given: readonly string[]
  /** The image's, which whoever wrote it chose: no more than can be masked in time; for the second parameter. */
  readonly ofImage: readonly string[]
  /** How many of the image's are left as they are. */
  readonly left: number
}

/** Tells the user's from the image's: a value that both give is the user's. */
export function containerSecrets({ env, givenEnv }: Pick<ImageFacts, 'env' | 'givenEnv'>): ContainerSecrets {
  const given = new Set(secretValues(givenEnv, {}).keys())
  const found = [...secretValues(env, {}).keys()].filter((value) => !given.has(value))
  let [lines, characters] = [MOST_IMAGE_SECRETS, MOST_IMAGE_CHARACTERS]
  const ofImage = found.filter((value) => {
    const parts = value.split('\n').length
    if (parts > lines || value.length > characters) return false
    lines -= parts
    characters -= value.length
    return true
  })
  return { given: [...given], ofImage, left: found.length - ofImage.length }
}

/**
 * What a build is given, as variables: its arguments, and where its context comes from, which may be a URL with a token.
 * @param environment where the builder takes the value of an argument that has none
 */
export function buildVariables(
  build: Pick<BuildSource, 'buildArgs' | 'context'> | undefined,
  environment: Readonly<Record<string, string | undefined>> = {}
): Record<string, string> {
  if (build === undefined) return {}
  return { CONTEXT: build.context, ...valuesOf(build.buildArgs, environment) }
}

/**
 * The variables that the words of `options` give the container. What a file of `--env-file` says is known only once the CLI has
 * read it.
 * @param options words for `docker create`
 * @param environment where the CLI takes the value of a variable that has none
 */
export function optionVariables(
  options: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {}
): Record<string, string> {
  const given = options.flatMap((word, at) => {
    const item = /^(?:--env=|-e=?)(.+)$/s.exec(word)?.[1]
    if (item !== undefined) return [item]
    return word === '--env' || word === '-e' ? (options[at + 1] ?? []) : []
  })
  return valuesOf(given, environment)
}

function valuesOf(
  items: readonly string[],
  environment: Readonly<Record<string, string | undefined>>
): Record<string, string> {
  return Object.fromEntries(
    items.map((item) => {
      const [name, value] = nameAndValue(item)
      return [name, value ?? environment[name] ?? '']
    })
  )
}

/** Name and value of a build argument or a variable; one without a value Docker takes from the environment. */
export function nameAndValue(item: string): readonly [name: string, value: string | undefined] {
  const equals = item.indexOf('=')
  return equals === -1 ? [item, undefined] : [item.slice(0, equals), item.slice(equals + 1)]
}

/** A value, and what of it is a secret by itself: it without blank ends, each of its lines, the password of a URL. */
function partsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim())
  return longEnough([value, value.trim(), ...lines, passwordOf(value.trim())])
}

function longEnough(forms: readonly string[]): string[] {
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_SECRET)
}

/**
 * A value and the forms in which it commonly leaks, for a runner, which looks for them as they are: its parts, and of each Base64
 * (both alphabets, inside of other text, and folded as `base64` does), hexadecimal digits, URL-encoded in the ways of several
 * languages, JSON, XML, quoted for a shell.
 */
export function secretForms(value: string): string[] {
  return longEnough(
    partsOf(value).flatMap((part) => [
      ...rigidForms(part),
      ...urlForms(part),
      JSON.stringify(part).slice(1, -1),
      ...markupForms(part)
    ])
  )
}

/** Those in which not each character stands for itself. */
function rigidForms(part: string): string[] {
  const hex = Buffer.from(part).toString('hex')
  return [part, part.replaceAll("'", "'\\''"), ...base64Forms(part), hex, hex.toUpperCase()]
}

/** Languages differ in whether and how they escape quotes; without any, these are one form. */
function markupForms(value: string): string[] {
  const text = value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
  return ['"', '&quot;', '&#34;'].flatMap((double) =>
    ["'", '&apos;', '&#39;', '&#039;', '&#x27;'].map((single) =>
      text.replaceAll('"', double).replaceAll("'", single)
    )
  )
}

/** Shorter pieces of an encoded value would be found in innocent text. */
const SHORTEST_PIECE = 8
/** Where `base64` of GNU and PEM fold. */
const FOLDS = [76, 64] as const

function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value)
  const whole = bytes.toString('base64')
  // Three bytes make four characters, so within other text, as in `user:password`, a value has three forms. A character
  // counts where all of its six bits are the value's.
  const inside = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  const folded = FOLDS.flatMap((width) =>
    whole.length > width ? (whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : []
  )
  const pieces = [...inside, ...folded].filter((piece) => piece.length >= SHORTEST_PIECE)
  return [whole, ...pieces].flatMap((form) => [
    form,
    form.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  ])
}

/** Languages differ in what they leave as it is, in the blank, and in the case of the digits. */
function urlForms(value: string): string[] {
  const encoded = encodeURIComponent(value.replace(/\p{Cs}/gu, '\ufffd'))
  const strict = encoded.replace(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  )
  return [encoded, strict, strict.replaceAll('%7E', '~')]
    .flatMap((form) => [form, form.replaceAll('%2F', '/')])
    .flatMap((form) => [form, form.replaceAll('%20', '+')])
    .flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())])
}

/** Characters that hardly anything escapes. */
const PLAIN = /^[\w.-]$/

/** Longer expressions take long to compile; a value that needs one is looked for as it is, and in its rigid forms. */
const LONGEST_EXPRESSION = 100_000

/**
 * An expression for a text in which each character may be escaped in a way of its own, as languages do it for URLs, JSON, XML and
 * shells; undefined where there is nothing to escape. There are no two ways to match the same text, so that a text takes no more
 * time than the product of both lengths, which only values may cost that no stranger chose: backslashes are counted together
 * with those that escape what follows them.
 */
function flexible(part: string): RegExp | undefined {
  if (Array.from(part).every((character) => PLAIN.test(character))) return undefined
  const source = part.replace(/(\\*)([^\\]?)/gu, (_, { length }: string, character: string) => {
    if (length === 0) return character === '' ? '' : anyForm(character, ESCAPES)
    const form = (escapes: string): string => (character === '' ? '' : anyForm(character, escapes))
    return `(?:\\\\{${length},${4 * length + 4}}${form('')}|(?:%5[cC]){${length}}${form(ESCAPES)})`
  })
  return source.length > LONGEST_EXPRESSION ? undefined : new RegExp(source, 'g')
}

const NAMES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }
const LETTERS: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't' }

/** What stands before an escaped character: more than one where what is escaped is escaped again. */
const ESCAPES = '\\\\{1,4}'

/** @param escapes what stands before the character where it is escaped; nothing where the backslashes are matched already */
function anyForm(character: string, escapes: string): string {
  if (PLAIN.test(character)) return character.replace('.', '\\.')
  const code = character.codePointAt(0) ?? 0
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  const literal = units.map((unit) => `\\u${hex(unit, 4)}`).join('')
  const [name, letter] = [NAMES[character], LETTERS[character]]
  // The literal comes last: it may be how one of the others begins.
  return `(?:${[
    ...(code < 0x80 && escapes !== '' ? [`${escapes}${literal}`] : []),
    [...Buffer.from(character)].map((byte) => `%${anyCase(hex(byte, 2))}`).join(''),
    units.map((unit, at) => `${at === 0 ? escapes : ESCAPES}u${anyCase(hex(unit, 4))}`).join(''),
    `&#0{0,4}${code};`,
    `&#[xX]0{0,4}${anyCase(code.toString(16))};`,
    ...(name === undefined ? [] : [`&${name};`]),
    ...(letter === undefined ? [] : [`${escapes}${letter}`]),
    ...(character === ' ' ? ['\\+'] : []),
    literal
  ].join('|')})`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}

/** How a text ends that was cut before it came here; what stands before may be the beginning of a secret. */
const CUT_END = /(?: ?…(?: \(\d+ characters cut\))?| \[… \d+ more bytes\])$/
/** Of a beginning that is looked for; a longer one is found by its first characters. */
const LONGEST_BEGINNING = 256

/**
 * @param values secrets of the user; every form of each is taken out
 * @param ofImage secrets that an image brings, as `containerSecrets` gives them: their forms are looked for as they are
 * @returns a function that replaces them by `***`
 */
export function masker(values: Iterable<string>, ofImage: Iterable<string> = []): (text: string) => string {
  const parts = [...new Set([...values].flatMap(partsOf))]
  const literals = longEnough([...parts.flatMap(rigidForms), ...[...ofImage].flatMap(secretForms)])
  // Where they are equally long, the one with escapes goes first: the value itself may be how its escaped form begins.
  const forms = [
    ...parts.flatMap((part) => {
      const expression = flexible(part)
      if (expression === undefined) return []
      return [{ length: part.length, takeOut: (text: string) => text.replace(expression, '***') }]
    }),
    ...literals.map((form) => ({
      length: form.length,
      takeOut: (text: string) => text.replaceAll(form, '***')
    }))
  ].sort((a, b) => b.length - a.length)
  const sorted = literals.sort()
  return (text) =>
    withoutBeginning(
      forms.reduce((masked, { takeOut }) => takeOut(masked), text),
      sorted
    )
}

/** @param literals sorted */
function withoutBeginning(text: string, literals: readonly string[]): string {
  const mark = CUT_END.exec(text)
  if (mark === null) return text
  const before = text.slice(0, mark.index)
  for (let length = Math.min(before.length, LONGEST_BEGINNING); length >= SHORTEST_SECRET; length--) {
    const end = before.slice(-length)
    if (firstFrom(literals, end)?.startsWith(end) === true)
      return `${before.slice(0, before.length - length)}***${mark[0]}`
  }
  return text
}

/** The first of sorted texts that does not come before another one. */
function firstFrom(sorted: readonly string[], text: string): string | undefined {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle] ?? '') < text) from = middle + 1
    else to = middle
  }
  return sorted[from]
}

/** The secrets of a run as they become known. */
export interface KnownSecrets {
  /** Takes all that are known by now out of a text. */
  readonly mask: (text: string) => string
  /** Adds values as `masker` has them. */
  readonly add: (values: readonly string[]) => void
  readonly addOfImage: (values: readonly string[]) => void
}

export function knownSecrets(): KnownSecrets {
  const [values, ofImage] = [new Set<string>(), new Set<string>()]
  let mask = masker(values)
  const addTo =
    (known: Set<string>) =>
    (added: readonly string[]): void => {
      for (const value of added) known.add(value)
      mask = masker(values, ofImage)
    }
  return { mask: (text) => mask(text), add: addTo(values), addOfImage: addTo(ofImage) }
}

/**
 * Masks before and after a text is made printable: what cannot be seen may stand in a secret's way, or be part of it.
 * @param print makes it printable
 */
export function maskAround(
  text: string,
  print: (text: string) => string,
  mask: (text: string) => string
): string {
  return mask(print(mask(text)))
}
