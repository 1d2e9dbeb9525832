import { LabelledContainers, LabelledImages, LabelledNetworks, LabelledVolumes } from './answers.js'
import type { LabelledResource } from './engine.js'
import { type Exchange, query } from './exchange.js'

type Labels = Readonly<Record<string, string>>

/** Everything on the engine that carries the label key, as the port describes it. */
export async function listResources(
  exchange: Exchange,
  labelKey: string
): Promise<readonly LabelledResource[]> {
  const filters = JSON.stringify({ label: [labelKey] })
  const ask = (what: string, path: string, all?: '1') =>
    ({ operation: `list ${what}`, method: 'GET', path: `${path}${query({ all, filters })}` }) as const
  const [containers, volumes, networks, images] = await Promise.all([
    exchange.must(ask('containers', '/containers/json', '1'), LabelledContainers),
    exchange.must(ask('volumes', '/volumes'), LabelledVolumes),
    exchange.must(ask('networks', '/networks'), LabelledNetworks),
    exchange.must(ask('images', '/images/json'), LabelledImages)
  ])
  const found = (
    kind: LabelledResource['kind'],
    id: string,
    names: readonly string[],
    labels: Labels | null | undefined,
    isUnstartedStep = false
  ): LabelledResource => ({ kind, id, names, labels: labels ?? {}, isUnstartedStep })
  return [
    ...containers.map(({ Id, Names, Labels, State, Command }) =>
      found(
        'container',
        Id,
        Names.map((name) => name.replace(/^\//, '')),
        Labels,
        State === 'created' && Command.includes('#(nop)')
      )
    ),
    ...(volumes.Volumes ?? []).map(({ Name, Labels }) => found('volume', Name, [Name], Labels)),
    ...networks.map(({ Id, Name, Labels }) => found('network', Id, [Name], Labels)),
    ...images.map(({ Id, RepoTags, Labels }) =>
      found(
        'image',
        Id,
        (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
        Labels
      )
    )
  ]
}
