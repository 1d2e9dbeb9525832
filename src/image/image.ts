import { rm } from 'node:fs/promises'
import { IMAGE_REPOSITORY } from '../names.js'
import { withEnv } from '../engine/container-env.js'
import { EngineError } from '../engine/errors.js'
import { buildImage } from './build.js'
import { ImageMissingError, readFacts } from './facts.js'
import { temporaryDirectory } from '../temporary.js'
import type { ContainerBody, Engine } from '../engine/engine.js'
import type { ContainerInputs, ImageFacts, ImageSource, Inputs } from '../model.js'

/** What getting the image needs from the run. */
export interface ImageSurroundings {
  readonly engine: Engine
  readonly identity: { readonly runId: string }
  readonly environment: NodeJS.ProcessEnv
  readonly labels: Readonly<Record<string, string>>
  readonly onProgress: (event: { readonly kind: 'build' | 'facts'; readonly reference: string }) => void
  /** Runs something whose output, which is untrusted, belongs together. */
  readonly group: <T>(title: string, run: (write: (chunk: Buffer) => void) => Promise<T>) => Promise<T>
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal
  readonly note: (text: string) => void
}

/**
 * Builds the image under test, or takes the one that is named, pulling it when the engine does not have it; then learns
 * what can be known without booting it.
 *
 * @returns the facts, and the body that every container of the run is made from
 * @throws BuildError, EngineError, ImageMissingError
 */
export async function obtainImage(
  inputs: ContainerInputs & Pick<Inputs, 'image' | 'workspace'>,
  surroundings: ImageSurroundings
): Promise<{ readonly facts: ImageFacts; readonly template: ContainerBody }> {
  const { engine, labels, note, onProgress } = surroundings
  const name = nameOf(inputs.image, inputs.workspace)
  const reference = await referenceTo(inputs.image, name, surroundings)
  onProgress({ kind: 'facts', reference: name })
  const draft = await engine.createBody(inputs.options, reference, inputs.command, labels)
  const template = withEnv(draft, inputs.env)
  const facts = await readFacts(engine, reference, { body: template, labels, note })
  return { facts: { ...facts, reference: name }, template }
}

/** The image of the last release, ready to make containers of. */
export interface PreviousImage {
  /** `sha256:…` */
  readonly id: string
  /** As the user names it. */
  readonly reference: string
  /** What the CLI made of the same options, env and command for it. */
  readonly template: ContainerBody
}

/**
 * Takes the image of the last release, pulling it when the engine does not have it.
 * @throws EngineError, ImageMissingError
 */
export async function obtainPreviousImage(
  reference: string,
  inputs: ContainerInputs,
  surroundings: ImageSurroundings
): Promise<PreviousImage> {
  const { engine, labels, onProgress } = surroundings
  await pullUnlessThere(reference, surroundings)
  onProgress({ kind: 'facts', reference })
  const image = await engine.inspectImage(reference)
  if (image === undefined) throw new ImageMissingError(`there is no image "${reference}" on the engine`)
  const draft = await engine.createBody(inputs.options, reference, inputs.command, labels)
  return { id: image.id, reference, template: withEnv(draft, inputs.env) }
}

/** What the user calls the image: a reference, or the Dockerfile that it is built from. */
function nameOf(image: ImageSource, workspace: string): string {
  if (image.kind === 'reference') return image.reference
  return image.file.startsWith(`${workspace}/`) ? image.file.slice(workspace.length + 1) : image.file
}

async function referenceTo(
  image: ImageSource,
  name: string,
  surroundings: ImageSurroundings
): Promise<string> {
  const { identity, environment, labels, onProgress, group, signal } = surroundings
  if (image.kind === 'reference') {
    await pullUnlessThere(image.reference, surroundings)
    return image.reference
  }
  const reference = `${IMAGE_REPOSITORY}:${identity.runId}`
  onProgress({ kind: 'build', reference: name })
  const directory = await temporaryDirectory(environment)
  try {
    await group(`Build ${name}`, (log) =>
      buildImage(image, {
        tag: reference,
        labels,
        temporaryDirectory: directory,
        environment,
        log,
        signal
      })
    )
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  return reference
}

async function pullUnlessThere(
  reference: string,
  { engine, group }: Pick<ImageSurroundings, 'engine' | 'group'>
): Promise<void> {
  if ((await engine.inspectImage(reference)) !== undefined) return
  await group(`Pull ${reference}`, () => pull(reference, engine))
}

/** @throws EngineError that names the image and says why it is not there */
async function pull(reference: string, engine: Engine): Promise<void> {
  try {
    await engine.pullImage(reference)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    const words = `the image ${reference} is not on this Docker engine, and it could not be pulled: ${error.daemonMessage}`
    throw new EngineError('docker pull', error.status, words, { cause: error })
  }
}
