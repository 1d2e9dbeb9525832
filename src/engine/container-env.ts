import type { ContainerBody } from './engine.js'

/** A body whose environment has these variables too; a variable that is already there takes the new value. */
export function withEnv(body: ContainerBody, added: Readonly<Record<string, string>>): ContainerBody {
  const given = Array.isArray(body.Env) ? body.Env.filter((line) => typeof line === 'string') : []
  const kept = given.filter((line) => !((line.split('=', 1)[0] ?? '') in added))
  return { ...body, Env: [...kept, ...Object.entries(added).map(([name, value]) => `${name}=${value}`)] }
}
