import { newName } from '../names.js'
import { linkedPath } from '../paths.js'
import type { ContainerBody, Engine } from '../engine/engine.js'
import type { ImageFacts } from '../model.js'
import { readCacheEnv } from './cache-env.js'
import { ignoresModeBits, readConfig, withLabels } from './container-config.js'
import { normalAbsolutePath } from './container-path.js'
import { parsePasswd, resolveUser } from './passwd.js'
import { readPythonFacts } from './python-facts.js'

export interface FactsOptions {
  /** The body that the engine made from the user's options, env and command: what every boot is created with. */
  readonly body: ContainerBody
  /** On every container that is created here. */
  readonly labels: Readonly<Record<string, string>>
  /** Receives what users should know, a sentence each. */
  readonly note?: (text: string) => void
}

/** The image under test is not on the engine. */
export class ImageMissingError extends Error {
  override readonly name = 'ImageMissingError'
}

/**
 * What is known of the image under test before anything is booted, as a container with the user's options would see it.
 * Works without a shell in the image: account files are read through the engine from a container that never starts.
 * @throws ImageMissingError, UserError when the image does not know its own user, EngineError
 */
export async function readFacts(
  engine: Engine,
  reference: string,
  options: FactsOptions
): Promise<ImageFacts> {
  const image = await engine.inspectImage(reference)
  if (image === undefined) throw new ImageMissingError(`there is no image "${reference}" on the engine`)
  const { body } = options
  const config = readConfig(body)
  const accounts = await readAccountFiles(engine, body, options.labels)
  const { home: accountHome, ...user } = resolveUser(config.user, accounts)
  // runc: HOME if it is set, else the home of the account, else `/`.
  const home = normalAbsolutePath(config.env.HOME ?? '') ?? normalAbsolutePath(accountHome ?? '') ?? '/'
  const cacheEnv = readCacheEnv(config.env, [home, config.workdir])
  for (const { name, path } of cacheEnv.shared)
    options.note?.(
      `${name} names ${path}, which holds more than a cache: what is one below it, say in cache-paths.`
    )
  return {
    id: image.id,
    reference,
    os: image.os,
    architecture: image.architecture,
    user,
    home,
    workdir: config.workdir,
    volumes: [...new Set(image.volumes.flatMap((path) => normalAbsolutePath(path) ?? []))].sort(),
    ports: config.ports,
    hasHealthcheck: config.hasHealthcheck,
    entrypoint: config.entrypoint,
    cmd: config.cmd,
    env: config.env,
    givenEnv: Object.fromEntries(
      Object.entries(config.env).filter(([name, value]) => image.env[name] !== value)
    ),
    cacheEnv: cacheEnv.caches,
    strangerUid: strangerTo(accounts.passwd),
    ignoresModeBits: ignoresModeBits(user.uid, config),
    ...(await readPythonFacts(engine, body, options))
  }
}

/** In nobody's range of system users, and small enough for a user namespace of 65,536 ids. */
const FIRST_STRANGER = 4242

function strangerTo(passwd: string): number {
  const known = new Set(parsePasswd(passwd).map(({ uid }) => uid))
  let uid = FIRST_STRANGER
  while (known.has(uid)) uid += 1
  return uid
}

async function readAccountFiles(
  engine: Engine,
  body: ContainerBody,
  labels: Readonly<Record<string, string>>
): Promise<{ passwd: string; group: string }> {
  const container = await engine.createContainer(withLabels(body, labels), newName(labels, 'accounts'))
  try {
    return {
      passwd: await readText(engine, container, '/etc/passwd'),
      group: await readText(engine, container, '/etc/group')
    }
  } finally {
    await engine.removeContainer(container)
  }
}

/** Account files of large directories are a few hundred kilobytes. */
const longestAccountFile = 4_194_304
const longestLinkChain = 8

/** A file's text, through symbolic links as in images of Nix; empty when there is none. */
async function readText(engine: Engine, container: string, start: string): Promise<string> {
  let path = start
  for (let links = 0; links < longestLinkChain; links += 1) {
    const bounds = { entries: 1, bytes: longestAccountFile, keepContent: true }
    const entry = (await engine.read(container, path, bounds))?.entries.get(path)
    if (entry?.type !== 'symlink') return entry?.content?.toString('utf8') ?? ''
    path = linkedPath(path, entry.linkTarget ?? '')
  }
  return ''
}
