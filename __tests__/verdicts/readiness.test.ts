import { afterAll, describe, expect, test } from '@jest/globals'
import { FixtureImages } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

/** One scenario, in which a service that is asked the right thing recovers. */
const FILE = [
  '--cache-paths',
  '/data/cache',
  '--faults',
  'file-for-directory',
  '--second-boot',
  'false'
] as const
const ASK = 'python3 -c "import urllib.request as u; u.urlopen(\'http://127.0.0.1:8000/health\')"'

describe('readiness checks, in the control and in a trial that recovers', () => {
  interface Case {
    readonly kind: string
    readonly image: string
    readonly args: readonly string[]
    readonly probes: readonly string[]
    readonly notes?: readonly unknown[]
    readonly verdict?: string
  }
  const CASES: readonly Case[] = [
    {
      kind: 'automatic, a port is exposed: what it answered in the control',
      image: 'heals',
      args: [],
      probes: ['http://:8000/ answers 200']
    },
    {
      kind: 'automatic, a health check: that one',
      image: 'heals',
      args: ['--options', `--health-cmd '${ASK.replaceAll("'", `'"'"'`)}'`],
      probes: ['health check is healthy']
    },
    {
      kind: 'automatic, neither: stays up',
      image: 'logs-ready-line',
      args: [],
      probes: ['stays up for 5 s'],
      notes: [expect.stringMatching(/^The image has neither a health check nor a port.*`ready`/)],
      verdict: 'failed: crashed'
    },
    {
      kind: 'healthcheck',
      image: 'heals',
      args: ['--ready', 'healthcheck', '--options', `--health-cmd '${ASK.replaceAll("'", `'"'"'`)}'`],
      probes: ['health check is healthy']
    },
    {
      kind: 'http',
      image: 'heals',
      args: ['--ready', 'http://:8000/health'],
      probes: ['http://:8000/health answers 2xx']
    },
    {
      kind: 'tcp',
      image: 'heals',
      args: ['--ready', 'tcp://:8000'],
      probes: ['tcp://:8000 accepts connections']
    },
    {
      kind: 'log',
      image: 'heals',
      args: ['--ready', 'log:/^LISTENING$/i'],
      probes: ['log matches /^LISTENING$/i']
    },
    {
      kind: 'exec',
      image: 'heals',
      args: ['--ready', `exec:${ASK}`],
      probes: [`\`${ASK.replaceAll('"', '')}\` exits with 0`]
    },
    {
      kind: 'exit',
      image: 'exit-job',
      args: ['--ready', 'exit:0'],
      probes: ['exits with 0'],
      verdict: 'failed: crashed'
    },
    {
      kind: 'several, all of which must pass',
      image: 'heals',
      args: ['--ready', 'http://:8000/health', '--ready', 'log:/listening/', '--ready', 'tcp://:8000'],
      probes: [
        'http://:8000/health answers 2xx',
        'log matches /listening/',
        'tcp://:8000 accepts connections'
      ]
    }
  ]

  test.concurrent.each(CASES)('$kind', async ({ image, args, probes, notes = [], verdict = 'recovered' }) => {
    const run = await images.crashTest(image, [...FILE, ...args])
    expect(run.report.probes).toEqual(probes)
    expect(run.report.notes).toEqual(notes)
    expect(verdicts(run.report)).toEqual({ 'file-for-directory@/data/cache/recreate': verdict })
  })
})

test.concurrent('a line that the container logged in its run before makes it ready no more', async () => {
  const args = ['--ready', 'log:/worker ready/', '--boot-modes', 'restart']
  const run = await images.crashTest('logs-ready-line', [...FILE, ...args])
  expect(verdicts(run.report)).toEqual({ 'file-for-directory@/data/cache/restart': 'failed: crashed' })
})

describe('readiness checks that a healthy image does not pass fail the control', () => {
  interface Case {
    readonly kind: string
    readonly image: string
    readonly args: readonly string[]
    readonly blame: 'image' | 'probe'
    readonly message: RegExp
  }
  const CASES: readonly Case[] = [
    {
      kind: 'healthcheck',
      image: 'heals',
      args: ['--ready', 'healthcheck', '--options', '--health-cmd "exit 1"'],
      blame: 'probe',
      message: /health check/
    },
    {
      kind: 'http',
      image: 'heals',
      args: ['--ready', 'http://:9999/health'],
      blame: 'probe',
      message: /http:\/\/:9999\/health/
    },
    {
      kind: 'log',
      image: 'heals',
      args: ['--ready', 'log:/^listening on port/'],
      blame: 'probe',
      message: /log matches \/\^listening on port\//
    },
    {
      kind: 'exec',
      image: 'heals',
      args: ['--ready', 'exec:python3 -c "raise SystemExit(3)"'],
      blame: 'probe',
      message: /exited (with )?3/
    },
    {
      kind: 'exit, of a service that stays up',
      image: 'heals',
      args: ['--ready', 'exit:0'],
      blame: 'probe',
      message: /exits with 0/
    },
    {
      kind: 'exit, of a job with another code',
      image: 'exit-job',
      args: ['--ready', 'exit:3'],
      blame: 'image',
      message: /it exited 0 after/
    },
    {
      kind: 'one of several',
      image: 'heals',
      args: ['--ready', 'log:/listening/', '--ready', 'tcp://:9999'],
      blame: 'probe',
      message: /tcp:\/\/:9999/
    }
  ]

  test.concurrent.each(CASES)('$kind', async ({ image, args, blame, message }) => {
    const { exitCode, report } = await images.crashTest(image, [...args, '--startup-timeout', '2s'])
    expect(report.control).toMatchObject({ result: 'failed', stage: 'first-boot', blame })
    expect(report.control.result === 'failed' ? report.control.message : '').toMatch(message)
    expect(exitCode).toBe(1)
  })
})
