import { createHash } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../json.js'
import { IMAGE_REPOSITORY, namePrefix, RUN_LABEL } from '../names.js'
import type { LabelledResource } from '../engine/engine.js'

const Labels = z.record(z.string(), z.string())

/**
 * Labels on everything that a run makes on the engine. They and the names say what may be removed: saved state could be forged
 * by a log. A label alone says little, since a container has those of its image, whoever runs it.
 */
const JOB_LABEL = 'cache-crash-test.job'
/**
 * All of them in one, and what a sweep looks for. The legacy builder puts labels on one by one, in the order of the alphabet,
 * each by a step that makes an image (20.10); one that is killed between them leaves an image without those to come, so that
 * the first must say everything.
 */
export const ALL_LABEL = 'cache-crash-test.all'
const DEADLINE_LABEL = 'cache-crash-test.deadline'
const OWNER_LABEL = 'cache-crash-test.owner'
const KEEP_LABEL = 'cache-crash-test.keep'

/** A job on a GitHub-hosted runner ends after six hours; nothing of a run is needed after that. */
const RUN_LIMIT_SECONDS = 6 * 60 * 60
/**
 * A job on a self-hosted runner ends after five days. A process that is there so much later, under the number of a run's, is
 * another one.
 */
const LONGEST_RUN_SECONDS = 5 * 24 * 60 * 60

export interface RunIdentity {
  /** Random, one a run. */
  readonly runId: string
  /** One a job of a workflow run; equal in the main and the post processes of its steps. */
  readonly job: string
  /** Seconds since 1970 when the run began. */
  readonly startedAt: number
  readonly owner: ProcessIdentity
  /** Failing containers stay for inspection, so nobody else's sweep may take them. */
  readonly keep: boolean
}

/** A process on a host, as far as another process there can tell. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
}

/** @returns labels for every container, volume and image of the run */
export function runLabels(identity: RunIdentity): Record<string, string> {
  const labels = {
    [RUN_LABEL]: identity.runId,
    [JOB_LABEL]: identity.job,
    [DEADLINE_LABEL]: String(identity.startedAt + RUN_LIMIT_SECONDS),
    [OWNER_LABEL]: `${identity.owner.host}/${identity.owner.pid}`,
    // Always, since a container has the labels of its image, too.
    [KEEP_LABEL]: String(identity.keep)
  }
  return { [ALL_LABEL]: JSON.stringify(labels), ...labels }
}

/**
 * Commands for a POSIX shell that remove everything of a run: for what `keep` left, which no sweep takes.
 * @param name of anything that the run made
 * @returns none when the name is not one of ours
 */
export function removalCommands(name: string): readonly string[] {
  const [, runId] = /^cache-crash-test-([0-9a-f]+)-/.exec(name) ?? []
  if (runId === undefined) return []
  const filter = `--filter label=${RUN_LABEL}=${runId}`
  return [
    `docker ps --all --quiet ${filter} | xargs docker rm --force --volumes`,
    `docker volume ls --quiet ${filter} | xargs -r docker volume rm`,
    `docker images --quiet ${filter} | xargs -r docker rmi --force`
  ]
}

/** Made by this run. */
export function isOfRun(labels: Readonly<Record<string, string>>, runId: string): boolean {
  return complete(labels)[RUN_LABEL] === runId
}

/** Made by this job, whatever process of it. */
export function isOfJob(labels: Readonly<Record<string, string>>, job: string): boolean {
  const known = complete(labels)
  return known[JOB_LABEL] === job && known[KEEP_LABEL] !== 'true'
}

/**
 * The job that a process runs in, told from what the runner sets for all of them. Steps of a job run one after the other and
 * their post steps after all of them, so a post step may take what any step of its job left. The runner's own name and
 * directory tell the legs of a matrix apart that share a machine.
 *
 * @returns undefined outside GitHub Actions
 */
export function jobOf(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  if (!environment.GITHUB_RUN_ID) return undefined
  const { GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT, GITHUB_JOB, RUNNER_NAME, RUNNER_TEMP } =
    environment
  const facts = [GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT, GITHUB_JOB, RUNNER_NAME, RUNNER_TEMP]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)
}

/**
 * Left behind by a run that cannot need it any more: over its deadline, or its process on this host is gone.
 *
 * @param now seconds since 1970
 * @param isAlive asks this host for a process
 */
export function isAbandoned(
  labels: Readonly<Record<string, string>>,
  now: number,
  host: string,
  isAlive: (pid: number) => boolean
): boolean {
  const known = complete(labels)
  if (known[RUN_LABEL] === undefined || known[KEEP_LABEL] === 'true') return false
  const deadline = Number(known[DEADLINE_LABEL])
  const isOver = (seconds: number): boolean => Number.isFinite(deadline) && deadline + seconds < now
  const owner = known[OWNER_LABEL] ?? ''
  const slash = owner.lastIndexOf('/')
  const pid = Number(owner.slice(slash + 1))
  const isHere = owner.slice(0, slash) === host && Number.isInteger(pid) && pid > 0
  if (isHere) return !isAlive(pid) || isOver(LONGEST_RUN_SECONDS - RUN_LIMIT_SECONDS)
  return isOver(0)
}

/**
 * Whether a run made it, and not somebody who used an image with a run's labels: by its name, or as a step of the legacy
 * builder, which names nothing and never starts the containers of its own labels (20.10). An image has the run's tag or none, and
 * where the engine keeps images in containerd's store, which is Docker 29's default, each tag gives it a digest of that name, too.
 */
export function isMadeByRun({ kind, names, labels, isUnstartedStep }: LabelledResource): boolean {
  const runId = complete(labels)[RUN_LABEL]
  if (runId === undefined) return false
  if (kind === 'image') {
    return names.every(
      (name) => name === `${IMAGE_REPOSITORY}:${runId}` || name.startsWith(`${IMAGE_REPOSITORY}@`)
    )
  }
  return isUnstartedStep || names.some((name) => name.startsWith(namePrefix(runId)))
}

/** The labels of something that may have got only the first of them. */
function complete(labels: Readonly<Record<string, string>>): Readonly<Record<string, string | undefined>> {
  const all = Labels.safeParse(parseJson(labels[ALL_LABEL] ?? ''))
  return all.success ? { ...labels, ...all.data } : labels
}
