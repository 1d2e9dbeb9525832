import { LabelledContainers, LabelledImages, LabelledVolumes } from './answers.js'
import type { LabelledResource } from './engine.js'
import { type Exchange, query } from './exchange.js'

type Labels = Readonly<Record<string, string>>

/** What the legacy builder has its steps do that only change an image's configuration, on the nameless image before (20.10). */
const NO_OPERATION = /^\S+ -c '?#\(nop\) /
const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{12,64}$/
/** A tag or digest of an image that has none. */
const NAMELESS = /^<none>[:@]<none>$/

/** Everything on the engine that carries the label key, as the port describes it. */
export async function listResources(
  exchange: Exchange,
  labelKey: string
): Promise<readonly LabelledResource[]> {
  const filters = JSON.stringify({ label: [labelKey] })
  const ask = (what: string, path: string, all?: '1') =>
    ({ operation: `list ${what}`, method: 'GET', path: `${path}${query({ all, filters })}` }) as const
  const [containers, volumes, images] = await Promise.all([
    exchange.must(ask('containers', '/containers/json', '1'), LabelledContainers),
    exchange.must(ask('volumes', '/volumes'), LabelledVolumes),
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
    ...containers.map(({ Id, Names, Labels, State, Command, Image }) =>
      found(
        'container',
        Id,
        Names.map((name) => name.replace(/^\//, '')),
        Labels,
        State === 'created' && NO_OPERATION.test(Command) && IMAGE_ID.test(Image)
      )
    ),
    ...(volumes.Volumes ?? []).map(({ Name, Labels }) => found('volume', Name, [Name], Labels)),
    ...images.map(({ Id, RepoTags, RepoDigests, Labels }) =>
      found(
        'image',
        Id,
        [...(RepoTags ?? []), ...(RepoDigests ?? [])].filter((name) => !NAMELESS.test(name)),
        Labels
      )
    )
  ]
}
