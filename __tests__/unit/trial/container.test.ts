import { describe, expect, test } from '@jest/globals'
import { PIDS_LIMIT } from '../../../src/image/container-config.js'
import { containerBody } from '../../../src/trial/container.js'

const SETTINGS = { labels: { run: '1' }, volumes: [], ports: [8000] }
const SECOND = 1_000_000_000

describe('the body of a container', () => {
  test.each([
    ['the image says nothing', {}, 180],
    ['the image asks every 10 s', { Interval: 10 * SECOND, Retries: 3 }, 60],
    ['the image asks very often', { Interval: SECOND / 10, Retries: 5 }, 5]
  ])('asks for health twice a second, and takes as long to call it unhealthy: %s', (_, own, retries) => {
    const body = containerBody({ Healthcheck: { Test: ['CMD', 'check'], Timeout: 7, ...own } }, SETTINGS)
    expect(body.Healthcheck).toMatchObject({
      Test: ['CMD', 'check'],
      Timeout: 7,
      Interval: SECOND / 2,
      Retries: retries
    })
  })

  test('leaves an image without a health check without one', () => {
    expect(containerBody({}, SETTINGS).Healthcheck).toBeUndefined()
    expect(containerBody({ Healthcheck: { Test: ['NONE'] } }, SETTINGS).Healthcheck).toEqual({
      Test: ['NONE']
    })
  })

  test('publishes on the loopback interface, restarts nothing, and keeps the log', () => {
    const { HostConfig } = containerBody(
      {
        HostConfig: {
          RestartPolicy: { Name: 'always' },
          AutoRemove: true,
          PortBindings: { '8000/tcp': [{ HostPort: '80' }] }
        }
      },
      SETTINGS
    )
    expect(HostConfig).toMatchObject({
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      LogConfig: { Type: 'json-file' },
      PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }
    })
  })

  test.each([
    ['no limit is given', undefined, PIDS_LIMIT],
    ['the engine writes that as 0', 0, PIDS_LIMIT],
    ['one is given', 99_999, 99_999]
  ])('has a limit of processes: %s', (_, PidsLimit, expected) => {
    expect(containerBody({ HostConfig: { PidsLimit } }, SETTINGS).HostConfig?.PidsLimit).toBe(expected)
  })
})
