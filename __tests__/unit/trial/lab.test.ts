import { describe, expect, test } from '@jest/globals'
import { MOST_PORTS, MOST_VOLUMES, placesFor } from '../../../src/trial/lab.js'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const paths = (count: number): string[] => numbers(count).map((n) => `/data/${n}`)

const INPUTS = { volumes: undefined, ports: [], ready: [] }
const FACTS = { volumes: ['/data'], ports: [8000], hasHealthcheck: false }

describe('volumes', () => {
  test('are those of the input, else those of the image', () => {
    expect(placesFor(INPUTS, FACTS).mounts).toEqual(['/data'])
    expect(placesFor({ ...INPUTS, volumes: ['/other'] }, FACTS).mounts).toEqual(['/other'])
    expect(placesFor({ ...INPUTS, volumes: [] }, FACTS).mounts).toEqual([])
  })

  test('may be so many, and no more', () => {
    expect(placesFor(INPUTS, { ...FACTS, volumes: paths(MOST_VOLUMES) }).mounts).toHaveLength(MOST_VOLUMES)
    const tooMany = paths(MOST_VOLUMES + 1)
    const words =
      /^volumes: there are 65, by the image or by this input; accepted: up to 64, those that outlive a deploy$/
    expect(() => placesFor(INPUTS, { ...FACTS, volumes: tooMany })).toThrow(words)
    expect(() => placesFor({ ...INPUTS, volumes: tooMany }, FACTS)).toThrow(words)
    expect(placesFor({ ...INPUTS, volumes: ['/data/1'] }, { ...FACTS, volumes: tooMany }).mounts).toEqual([
      '/data/1'
    ])
  })
})

describe('ports', () => {
  const many = numbers(MOST_PORTS + 1)

  test('are those of the image, of the input and of the probes', () => {
    const ready = [{ kind: 'http', port: 9000, path: '/' } as const]
    expect(placesFor({ ...INPUTS, ports: [7000, 8000], ready }, FACTS).ports).toEqual([7000, 8000, 9000])
    expect(placesFor(INPUTS, { ...FACTS, ports: numbers(MOST_PORTS) }).ports).toHaveLength(MOST_PORTS)
  })

  test('of an image that exposes a range are those that are named', () => {
    const exposed = { ...FACTS, ports: many }
    expect(placesFor({ ...INPUTS, ports: [8000] }, exposed).ports).toEqual([8000])
    expect(placesFor({ ...INPUTS, ready: [{ kind: 'tcp', port: 9 }] }, exposed).ports).toEqual([9])
    expect(placesFor(INPUTS, { ...exposed, hasHealthcheck: true }).ports).toEqual([])
  })

  test('of a range of which nobody says what counts are a mistake, and so are too many that are named', () => {
    expect(() => placesFor(INPUTS, { ...FACTS, ports: numbers(65_535) })).toThrow(
      /^ports: the image exposes 65535, too many to ask which of them tells that it is ready; accepted: up to 64, those that start-up listens on$/
    )
    expect(() => placesFor({ ...INPUTS, ports: many }, FACTS)).toThrow(
      /^ports: there are 65, by this input and by ready; accepted: up to 64, those that start-up listens on$/
    )
  })

  test('and volumes are told together', () => {
    const facts = { volumes: paths(MOST_VOLUMES + 1), ports: many, hasHealthcheck: false }
    expect(() => placesFor(INPUTS, facts)).toThrow(/^volumes: .*\nports: /)
  })
})
