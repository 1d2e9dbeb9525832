import { randomUUID } from 'node:crypto'
import { machineOfProcesses } from '../../src/processes.js'
import { docker } from '../action/docker.js'
import { BASES } from '../action/runner.js'

/** What belongs to somebody else on the same engine, and looks much like ours. */
export interface Bystander {
  /** Everything about it that a careless sweep would change. */
  readonly state: () => Promise<readonly string[]>
  /** The same without what the end of a daemon changes: its container ends, too. */
  readonly remains: () => Promise<readonly string[]>
  readonly remove: () => Promise<void>
}

/** As if a run had made it that is over, and whose process is gone: whoever uses such an image has these labels, too. */
const INHERITED = JSON.stringify({
  'cache-crash-test.run': 'abc',
  'cache-crash-test.deadline': '1',
  'cache-crash-test.owner': `${machineOfProcesses()}/4194305`
})

/** A running container with a volume, a network and an image of its own, which brings labels like ours. */
export async function newBystander(): Promise<Bystander> {
  const name = `cache-crash-test-${randomUUID()}`
  const image = `cache-crash-test:${name}`
  const label = ['--label', 'cache-crash-test.mine=true', '--label', 'cache-crash-test.deadline=1']
  const [maker = ''] = await docker('create', BASES['python3.11'])
  await docker('commit', '--change', `LABEL cache-crash-test.all=${JSON.stringify(INHERITED)}`, maker, image)
  await docker('rm', maker)
  await docker('volume', 'create', ...label, name)
  await docker('network', 'create', ...label, name)
  await docker(
    ...['run', '--detach', '--name', name, ...label, '--network', name, '--volume', `${name}:/data`],
    ...[image, 'sleep', 'infinity']
  )
  const remains = async (): Promise<readonly string[]> => [
    ...(await docker('inspect', '--format', '{{.Id}}', name)),
    ...(await docker('volume', 'inspect', '--format', '{{.CreatedAt}}', name)),
    ...(await docker('network', 'inspect', '--format', '{{.Id}}', name)),
    ...(await docker('image', 'inspect', '--format', '{{.Id}}', image))
  ]
  return {
    remains,
    state: async () => [
      ...(await remains()),
      ...(await docker('inspect', '--format', '{{.State.StartedAt}} {{.State.Running}}', name))
    ],
    remove: async () => {
      await docker('rm', '--force', '--volumes', name)
      await docker('volume', 'rm', name)
      await docker('network', 'rm', name)
      await docker('rmi', image)
    }
  }
}
