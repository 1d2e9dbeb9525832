import { describe, expect, test } from '@jest/globals'
import { ignoresModeBits, readConfig } from '../../../src/image/container-config.js'

describe('what a container gets', () => {
  test('is read from a body', () => {
    expect(
      readConfig({
        User: 'app',
        Env: ['A=1=2', 'B=', 'A=3', 'UNSET'],
        WorkingDir: '/srv/app/',
        Entrypoint: ['/entry'],
        Cmd: null,
        ExposedPorts: { '9000/tcp': {}, '53/udp': {}, '80/tcp': {} },
        Healthcheck: { Test: ['CMD', 'true'] },
        HostConfig: { CapAdd: null, CapDrop: ['ALL'], Tmpfs: { '/tmp/': 'size=1m' }, ReadonlyRootfs: true }
      })
    ).toEqual({
      user: 'app',
      env: { A: '3', B: '' },
      workdir: '/srv/app',
      entrypoint: ['/entry'],
      cmd: [],
      ports: [80, 9000],
      hasHealthcheck: true,
      privileged: false,
      capAdd: [],
      capDrop: ['ALL'],
      tmpfs: ['/tmp'],
      readOnlyRoot: true
    })
  })

  test('may be nothing but the image', () => {
    expect(readConfig({ Image: 'x' })).toMatchObject({
      user: '',
      workdir: '/',
      ports: [],
      hasHealthcheck: false
    })
  })

  test.each([[['NONE']], [[]], [null]])('a health check of %j is none', (check) => {
    expect(readConfig({ Healthcheck: { Test: check } }).hasHealthcheck).toBe(false)
  })
})

describe("root's power to ignore mode bits", () => {
  test.each([
    ['by default', {}, true],
    ['without all capabilities', { CapDrop: ['ALL'] }, false],
    ['without this one', { CapDrop: ['CAP_DAC_OVERRIDE'] }, false],
    ['without this one, in small letters', { CapDrop: ['dac_override'] }, false],
    ['without another one', { CapDrop: ['CAP_CHOWN'] }, true],
    ['without all but this one', { CapDrop: ['ALL'], CapAdd: ['CAP_DAC_OVERRIDE'] }, true],
    ['with all, without this one', { CapDrop: ['DAC_OVERRIDE'], CapAdd: ['ALL'] }, false],
    ['privileged', { CapDrop: ['ALL'], Privileged: true }, true]
  ])('%s', (_, HostConfig, expected) => {
    expect(ignoresModeBits(0, readConfig({ HostConfig }))).toBe(expected)
  })

  test('no other user has it', () => {
    expect(ignoresModeBits(1000, readConfig({ HostConfig: { CapAdd: ['DAC_OVERRIDE'] } }))).toBe(false)
  })
})
