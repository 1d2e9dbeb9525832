import { LabelledContainers, LabelledImages, LabelledNetworks, LabelledVolumes } from './answers.js'
import type { LabelledResource } from './engine.js'
import { type Exchange, query } from './exchange.js'

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
  return [
    ...containers.map(({ Id, Labels }) => resource('container', Id, Labels)),
    ...(volumes.Volumes ?? []).map(({ Name, Labels }) => resource('volume', Name, Labels)),
    ...networks.map(({ Id, Labels }) => resource('network', Id, Labels)),
    ...images.map(({ Id, Labels }) => resource('image', Id, Labels))
  ]
}

function resource(
  kind: LabelledResource['kind'],
  id: string,
  labels: Readonly<Record<string, string>> | null | undefined
): LabelledResource {
  return { kind, id, labels: labels ?? {} }
}
