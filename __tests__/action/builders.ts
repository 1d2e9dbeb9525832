import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Builder } from '../../src/image/build-command.js'
import { detectBuilder } from '../../src/image/build.js'
import { root } from './runner.js'

/** A builder that this machine has. */
export interface FoundBuilder {
  readonly builder: Builder
  /** For `env` of a run that is to build with it. */
  readonly env: NodeJS.ProcessEnv
}

/** The older builder, which is the daemon's own. */
export const LEGACY: FoundBuilder = { builder: 'legacy', env: { DOCKER_BUILDKIT: '0' } }

/** A Docker CLI with BuildKit: that of this machine, that of Debian's package, or that with the plugin of script/install-buildx. */
export async function withBuildKit(): Promise<FoundBuilder | undefined> {
  const plugins = join(root, '.test-cache/docker-config')
  const unset = { DOCKER_BUILDKIT: undefined }
  const ways: readonly (readonly [docker: string, env: NodeJS.ProcessEnv])[] = [
    ['docker', unset],
    ['/usr/bin/docker', { ...unset, PATH: `/usr/bin:${process.env.PATH ?? ''}` }],
    ...(existsSync(plugins) ? [['docker', { ...unset, DOCKER_CONFIG: plugins }] as const] : [])
  ]
  for (const [docker, env] of ways) {
    // It is looked for on the PATH of this process, not on that of the environment.
    const builder = await detectBuilder({ ...process.env, ...env }, docker).catch(() => 'legacy' as const)
    if (builder !== 'legacy') return { builder, env }
  }
  return undefined
}
