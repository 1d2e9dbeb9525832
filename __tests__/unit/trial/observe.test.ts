import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EngineError } from '../../../src/engine/errors.js'
import { boot, type BootRequest } from '../../../src/trial/observe.js'
import { Timeline } from '../../../src/trial/timeline.js'
import { CONTAINER, FakeEngine } from './fake-engine.js'
import { httpServer, listen, stop, tcpServer } from './servers.js'

let engine: FakeEngine
let abort: AbortController

beforeEach(() => {
  engine = new FakeEngine()
  abort = new AbortController()
})

// Whatever a test was about: nothing may be left behind.
afterEach(() => {
  const left = { subscriptions: engine.subscriptions, followers: engine.followers }
  if (left.subscriptions + left.followers > 0) throw new Error(`left behind: ${JSON.stringify(left)}`)
})

const ready = { kind: 'log', pattern: '^ready$', flags: '' } as const

function request(overrides: Partial<BootRequest> = {}): BootRequest {
  return {
    containerId: CONTAINER,
    name: 'under-test',
    checks: [ready],
    deadlineMs: 5000,
    stableForMs: 0,
    forbidLogs: [],
    canary: undefined,
    smokeTest: undefined,
    ...overrides
  }
}

const observe = (overrides: Partial<BootRequest> = {}) => boot(engine, request(overrides), abort.signal)

describe('the order of things', () => {
  test('is subscribe, start, follow the log, ask', async () => {
    engine.onExec = () => Promise.resolve({ exitCode: 0, output: '' })
    await observe({ checks: [{ kind: 'exec', command: ['true'] }] })
    expect(engine.calls.filter((call) => call !== 'inspect')).toEqual([
      'subscribe',
      'start',
      'exec',
      'follow'
    ])
  })

  test('is what the timeline says: start, until ready, while stable', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
    }
    const timeline = new Timeline()
    await boot(engine, request(), abort.signal, { during: timeline.during('boot') })
    expect(timeline.phases.map(({ boot, name }) => `${boot ?? ''}: ${name}`)).toEqual([
      'boot: start',
      'boot: ready',
      'boot: stable'
    ])
  })

  test('misses no line that was written before anyone could ask', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
    }
    expect((await observe()).outcome.kind).toBe('ready')
  })

  test('misses no death that came before the start had returned', async () => {
    engine.onStart = () => {
      engine.die(3)
    }
    expect((await observe()).outcome).toMatchObject({ kind: 'exited', exitCode: 3, oomKilled: false })
  })
})

describe('an exit', () => {
  test('is judged at once, with what was said last', async () => {
    engine.onStart = () => {
      engine.say('Traceback\nboom')
      engine.die(1)
    }
    const started = performance.now()
    const observed = await observe({ deadlineMs: 60_000 })
    expect(performance.now() - started).toBeLessThan(30_000)
    expect(observed.outcome).toMatchObject({ kind: 'exited', exitCode: 1 })
    expect(observed.log.head).toEqual(['Traceback', 'boom'])
    expect(observed.stability).toBeUndefined()
  })

  test('with 0 before ready is an exit like any other', async () => {
    engine.onStart = () => {
      engine.die(0)
    }
    expect((await observe()).outcome).toMatchObject({ kind: 'exited', exitCode: 0 })
  })

  test('for want of memory says so', async () => {
    engine.onStart = () => {
      engine.die(137, true)
    }
    expect((await observe()).outcome).toMatchObject({ kind: 'exited', exitCode: 137, oomKilled: true })
  })

  test('of an earlier run of the container, told late, is not taken for one of this run', async () => {
    engine.onSubscribe = () => {
      queueMicrotask(() => {
        engine.emit('die', 137)
      })
      return Promise.resolve()
    }
    engine.onStart = () => {
      engine.say('ready\n')
    }
    expect((await observe()).outcome.kind).toBe('ready')
  })

  test('is learned from the end of the log, and confirmed by its event, however late', async () => {
    engine.onStart = () => {
      engine.vanish(4)
      engine.endLog()
      setTimeout(() => {
        engine.emit('die', 4)
      }, 1500)
    }
    expect((await observe({ deadlineMs: 60_000 })).outcome).toMatchObject({ kind: 'exited', exitCode: 4 })
  })

  // A daemon that is started again kills containers, and does not repeat what it told before.
  test.each([
    ['the end of the log', 60_000],
    ['the deadline', 50]
  ])(
    'that no event tells but %s is not taken for one of the image',
    async (_, deadlineMs) => {
      engine.onStart = () => {
        engine.vanish(4)
        if (deadlineMs > 50) engine.endLog()
      }
      const observed = observe({ deadlineMs })
      setTimeout(() => {
        engine.endLog()
      }, 100)
      expect((await observed).outcome).toMatchObject({
        kind: 'engine-error',
        message: expect.stringContaining('no event tells of it')
      })
    },
    15_000
  )

  test('of a process that a command in the container ran is none of the container', async () => {
    engine.onStart = () => {
      engine.emit('exec_die', 1)
      engine.say('ready\n')
    }
    expect((await observe()).outcome.kind).toBe('ready')
  })

  test('takes its code from the state, since a label may forge the one in the event', async () => {
    engine.onStart = () => {
      engine.vanish(1)
      engine.emit('die', 0)
      engine.endLog()
    }
    const observed = await observe({ checks: [{ kind: 'exit', code: 0 }] })
    expect(observed.outcome).toMatchObject({ kind: 'exited', exitCode: 1 })
  })

  test('of a container that is gone already has the code of the event', async () => {
    engine.onStart = () => {
      engine.onInspect = () => {
        throw new EngineError('inspect container', 404, 'No such container')
      }
      engine.die(137, true)
    }
    expect((await observe()).outcome).toMatchObject({ kind: 'exited', exitCode: 137, oomKilled: true })
  })
})

describe('a container that somebody else stops', () => {
  const ends: Readonly<Record<string, () => void>> = {
    'before ready': () => {
      engine.emit('kill')
      engine.die(0)
    },
    'after ready': () => {
      engine.say('ready\n')
      setTimeout(() => {
        engine.emit('kill')
        engine.die(143)
      }, 10)
    },
    'with a line that is forbidden': () => {
      engine.say('ready\n')
      engine.emit('kill')
      engine.say('Traceback: KeyboardInterrupt\n')
    }
  }
  test.each(Object.keys(ends))('%s says nothing about the image', async (when) => {
    engine.onStart = ends[when] ?? (() => undefined)
    const forbidLogs = [{ pattern: 'Traceback', flags: '' }]
    expect(await observe({ forbidLogs, stableForMs: 100, deadlineMs: 60_000 })).toMatchObject({
      outcome: { kind: 'engine-error', message: expect.stringContaining('somebody else') },
      stability: undefined,
      forbiddenLog: undefined
    })
  })

  test('but is only sent a signal, as a smoke test may do, is ready', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
      engine.emit('kill')
    }
    expect(await observe()).toMatchObject({ outcome: { kind: 'ready' }, stability: { kind: 'stable' } })
  })
})

describe('where ready means to exit', () => {
  test('the wanted code is ready, and nothing comes after', async () => {
    engine.onStart = () => {
      engine.say('migrated\n')
      engine.die(0)
    }
    const observed = await observe({
      checks: [{ kind: 'exit', code: 0 }],
      stableForMs: 60_000,
      smokeTest: { script: 'exit 1', workspace: tmpdir(), environment: process.env, deadlineMs: 1000 }
    })
    expect(observed).toMatchObject({ outcome: { kind: 'ready' }, stability: undefined, smokeTest: undefined })
  })

  test('another code is an exit', async () => {
    engine.onStart = () => {
      engine.die(2)
    }
    const observed = await observe({ checks: [{ kind: 'exit', code: 0 }] })
    expect(observed.outcome).toMatchObject({ kind: 'exited', exitCode: 2 })
  })

  test('the last line counts for a log probe that must pass too', async () => {
    engine.onStart = () => {
      engine.say('ready')
      engine.die(0)
    }
    expect((await observe({ checks: [{ kind: 'exit', code: 0 }, ready] })).outcome.kind).toBe('ready')
  })

  test('another check that has not passed makes it an exit', async () => {
    engine.onStart = () => {
      engine.die(0)
    }
    const observed = await observe({ checks: [{ kind: 'exit', code: 0 }, ready] })
    expect(observed.outcome.kind).toBe('exited')
  })

  test('a code that only the event knows is not a pass', async () => {
    engine.onStart = () => {
      engine.onInspect = () => {
        throw new EngineError('inspect container', 404, 'No such container')
      }
      engine.die(0)
    }
    const observed = await observe({ checks: [{ kind: 'exit', code: 0 }] })
    expect(observed.outcome.kind).toBe('engine-error')
  })

  test('a container that goes on is waited for until the deadline', async () => {
    const observed = await observe({ checks: [{ kind: 'exit', code: 0 }], deadlineMs: 30 })
    expect(observed.outcome).toMatchObject({
      kind: 'timed-out',
      waitingFor: ['exits with 0: still running']
    })
  })
})

describe('a deadline', () => {
  test('lists what has not passed and what it said last', async () => {
    engine.onExec = () => Promise.resolve({ exitCode: 1, output: 'warming up\nnot yet\n' })
    const observed = await observe({
      checks: [ready, { kind: 'exec', command: ['check'] }, { kind: 'stays-up', seconds: 0 }],
      deadlineMs: 60
    })
    expect(observed.outcome).toMatchObject({
      kind: 'timed-out',
      deadlineSeconds: 0.06,
      waitingFor: [
        'log matches /^ready$/: no line of the log matched',
        '`check` exits with 0: exited with 1: not yet'
      ]
    })
  })

  test('ends an exec that hangs', async () => {
    engine.onExec = () => new Promise(() => undefined)
    const observed = await observe({ checks: [{ kind: 'exec', command: ['hang'] }], deadlineMs: 30 })
    expect(observed.outcome.kind).toBe('timed-out')
  })
})

test('a deadline beyond what timers can hold is not over at once', async () => {
  engine.onStart = () => {
    setTimeout(() => {
      engine.say('ready\n')
    }, 50)
  }
  expect((await observe({ deadlineMs: 2 ** 40 })).outcome.kind).toBe('ready')
})

describe('a refused start', () => {
  test('that is the doing of the image is an exit, in the words of the engine', async () => {
    engine.refusal = new EngineError('start container', 400, 'OCI runtime create failed: exec: "/nope"')
    Object.assign(engine.state, { exitCode: 127, error: 'OCI runtime create failed: exec: "/nope"' })
    const settled: string[] = []
    const observed = await boot(engine, request(), abort.signal, {
      onSettled: ({ kind }) => settled.push(kind)
    })
    expect(observed.outcome).toEqual({
      kind: 'exited',
      seconds: 0,
      exitCode: 127,
      oomKilled: false,
      error: 'OCI runtime create failed: exec: "/nope"'
    })
    expect(settled).toEqual(['exited'])
  })

  test.each([
    [
      'a port that is taken',
      new EngineError('start container', 500, 'driver failed programming external connectivity')
    ],
    ['no answer', new EngineError('start container', undefined, 'socket hang up')],
    ['an error of our own', new TypeError('undefined is not a function')]
  ])('for %s is an error of the engine', async (_, refusal) => {
    engine.refusal = refusal
    Object.assign(engine.state, { exitCode: 128, error: refusal.message })
    const settled: string[] = []
    const observed = await boot(engine, request(), abort.signal, {
      onSettled: ({ kind }) => settled.push(kind)
    })
    expect(observed.outcome).toMatchObject({
      kind: 'engine-error',
      message: expect.stringContaining(refusal.message)
    })
    expect(settled).toEqual(['engine-error'])
  })
})

describe('trouble of our own is never a pass', () => {
  test('when events cannot be had', async () => {
    engine.onSubscribe = () => Promise.reject(new EngineError('follow events', undefined, 'gone'))
    expect((await observe()).outcome.kind).toBe('engine-error')
    expect(engine.calls).not.toContain('start')
  })

  test('when the log breaks off while the container lives', async () => {
    engine.onStart = () => {
      setTimeout(() => {
        engine.failLog(new EngineError('follow output', undefined, 'connection reset'))
      }, 10)
    }
    const observed = await observe({ deadlineMs: 60_000 })
    expect(observed.outcome).toEqual({ kind: 'engine-error', message: 'follow output: connection reset' })
  })

  test('when the log ends while the container lives, after ready', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
      setTimeout(() => {
        engine.endLog()
      }, 10)
    }
    expect((await observe({ stableForMs: 60_000 })).outcome.kind).toBe('engine-error')
  })

  test('when the engine cannot say after ready how the container is', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
    }
    engine.onInspect = () => {
      throw new EngineError('inspect container', 500, 'server error')
    }
    expect((await observe()).outcome.kind).toBe('engine-error')
  })

  test.each([
    ['a forbidden pattern', { forbidLogs: [{ pattern: '(', flags: '' }] }],
    ['a probe', { checks: [{ kind: 'log', pattern: '(', flags: '' }] as const }]
  ])('when %s is not a regular expression', async (_, overrides) => {
    expect((await observe(overrides)).outcome.kind).toBe('engine-error')
  })

  test('when there is nothing to ask', async () => {
    expect((await observe({ checks: [] })).outcome.kind).toBe('engine-error')
  })

  test('when whoever is told of the outcome throws', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
    }
    const observed = await boot(engine, request(), abort.signal, {
      onSettled: () => {
        throw new Error('slot')
      }
    })
    expect(observed.outcome).toEqual({ kind: 'engine-error', message: 'slot' })
  })
})

describe('after ready', () => {
  beforeEach(() => {
    engine.onStart = () => {
      engine.say('ready\n')
    }
  })

  test('a container that stays is stable', async () => {
    expect((await observe({ stableForMs: 20 })).stability).toEqual({ kind: 'stable' })
  })

  test('the outcome is told before the wait', async () => {
    let settledAt = 0
    await boot(engine, request({ stableForMs: 200 }), abort.signal, {
      onSettled: () => (settledAt = performance.now())
    })
    expect(performance.now() - settledAt).toBeGreaterThan(150)
  })

  test.each<[string, () => void, object]>([
    [
      'an exit',
      () => {
        engine.die(9)
      },
      { kind: 'exited', exitCode: 9, oomKilled: false }
    ],
    [
      'running out of memory',
      () => {
        engine.die(137, true)
      },
      { kind: 'exited', exitCode: 137, oomKilled: true }
    ],
    [
      'turning unhealthy',
      () => {
        engine.emit('health_status: healthy')
        engine.emit('health_status: unhealthy')
      },
      { kind: 'unhealthy' }
    ]
  ])('%s is told at once', async (_, happens, stability) => {
    const started = performance.now()
    const observed = await boot(engine, request({ stableForMs: 60_000 }), abort.signal, {
      onSettled: () => setTimeout(happens, 10)
    })
    expect(observed.outcome.kind).toBe('ready')
    expect(observed.stability).toEqual(stability)
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  test('an exit in the very moment of ready is not overlooked', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
      queueMicrotask(() => {
        engine.die(1)
      })
    }
    const observed = await observe()
    const how = [observed.outcome.kind, observed.stability?.kind]
    expect([
      ['ready', 'exited'],
      ['exited', undefined]
    ]).toContainEqual(how)
  })

  test('a restart that no event told is seen in the count', async () => {
    engine.state.restartCount = 2
    expect((await observe()).stability).toEqual({ kind: 'restarted', count: 2 })
  })

  test('a health check that never passed does not count where another probe was asked', async () => {
    const observed = await boot(engine, request({ stableForMs: 50 }), abort.signal, {
      onSettled: () => {
        engine.emit('health_status: unhealthy')
      }
    })
    expect(observed.stability).toEqual({ kind: 'stable' })
  })
})

describe('the smoke test', () => {
  let workspace: string
  let server: Server

  beforeEach(async () => {
    workspace = mkdtempSync(join(tmpdir(), 'observe-test-'))
    server = httpServer(200)
    engine.state.publishedPorts = new Map([[8000, await listen(server)]])
    engine.onStart = () => {
      engine.say('ready\n')
    }
  })

  afterEach(async () => {
    await stop(server)
    rmSync(workspace, { recursive: true })
  })

  test('runs after ready and stable, with the address of the service', async () => {
    const { smokeTest, stability } = await observe({
      smokeTest: {
        script: 'echo "$BASE_URL $PORT_8000 $CONTAINER"',
        workspace,
        environment: process.env,
        deadlineMs: 10_000
      }
    })
    const port = engine.state.publishedPorts.get(8000)
    expect(stability).toEqual({ kind: 'stable' })
    expect(smokeTest).toMatchObject({
      exitCode: 0,
      timedOut: false,
      output: `http://127.0.0.1:${port} ${port} under-test`
    })
  })

  test('gives the port that speaks HTTP as the base URL', async () => {
    engine.state.publishedPorts = new Map([[80, 1], ...engine.state.publishedPorts])
    const { smokeTest } = await observe({
      checks: [{ kind: 'http', port: 8000, path: '/' }],
      smokeTest: { script: 'echo "$BASE_URL"', workspace, environment: process.env, deadlineMs: 10_000 }
    })
    expect(smokeTest?.output).toBe(`http://127.0.0.1:${engine.state.publishedPorts.get(8000)}`)
  })

  test('does not run when the container was not stable', async () => {
    engine.state.restartCount = 1
    await observe({
      smokeTest: { script: 'touch ran', workspace, environment: process.env, deadlineMs: 10_000 }
    })
    expect(existsSync(join(workspace, 'ran'))).toBe(false)
  })

  test('is cut short by the death of the container, which is what counts', async () => {
    const observed = await boot(
      engine,
      request({ smokeTest: { script: 'sleep 60', workspace, environment: process.env, deadlineMs: 60_000 } }),
      abort.signal,
      {
        onSettled: () =>
          setTimeout(() => {
            engine.die(139)
          }, 200)
      }
    )
    expect(observed.stability).toMatchObject({ kind: 'exited', exitCode: 139 })
    expect(observed.smokeTest).toBeUndefined()
  })
})

describe('the log', () => {
  const flood = 'x\n'.repeat(10_000)

  test.each([
    ['before ready', 'BAD thing\nready\n'],
    ['in what was dropped from a flood', `${flood}BAD thing\n${flood}ready\n`],
    ['in colour', '\x1b[31mBAD\x1b[0m thing\nready\n'],
    ['in a last line without an end', 'ready\nBAD thing']
  ])('is searched for forbidden lines %s', async (_, said) => {
    engine.onStart = () => {
      engine.say(said)
    }
    const observed = await observe({
      forbidLogs: [
        { pattern: 'absent', flags: '' },
        { pattern: 'bad thing', flags: 'i' }
      ]
    })
    expect(observed.outcome.kind).toBe('ready')
    expect(observed.forbiddenLog).toEqual({ pattern: 'bad thing', line: 'BAD thing' })
  })

  test('is searched for the canary across chunks, dropped lines and escapes', async () => {
    engine.onStart = () => {
      engine.say(`${flood}some can`)
      engine.say('ary-1\n')
      engine.say(`${flood}ready\n`)
    }
    expect((await observe({ canary: 'canary-1' })).canary).toBe(true)
    expect((await observe({ canary: 'canary-2' })).canary).toBe(false)
  })

  test('still counts what was said a moment after ready', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
      setTimeout(() => {
        engine.say('canary-1\n')
      }, 10)
    }
    expect((await observe({ canary: 'canary-1' })).canary).toBe(true)
  })
})

describe('a cancelled run', () => {
  const reason = new Error('cancelled')

  test('is not even begun', async () => {
    abort.abort(reason)
    await expect(observe()).rejects.toBe(reason)
    expect(engine.calls).toEqual([])
  })

  test.each<[string, (cancel: () => void) => void]>([
    ['while it subscribes', (cancel) => (engine.onSubscribe = () => Promise.resolve().then(cancel))],
    ['while it starts', (cancel) => (engine.onStart = cancel)],
    ['while it waits for ready', (cancel) => (engine.onStart = () => void setTimeout(cancel, 30))],
    [
      'while it waits for the log to end',
      (cancel) => {
        engine.onStart = () => {
          engine.vanish(1)
          engine.emit('die', 1)
          setTimeout(cancel, 30)
        }
      }
    ],
    [
      'while it watches stability',
      (cancel) => {
        engine.onStart = () => {
          engine.say('ready\n')
          setTimeout(cancel, 30)
        }
      }
    ]
  ])('rejects with the reason %s', async (_, arrange) => {
    arrange(() => {
      abort.abort(reason)
    })
    await expect(observe({ deadlineMs: 60_000, stableForMs: 60_000 })).rejects.toBe(reason)
  })
})

describe('many boots leave no timer and no socket behind', () => {
  // The test runner has some of its own; what a boot leaves would add up.
  const boots = 20
  const held = () =>
    process
      .getActiveResourcesInfo()
      .filter((resource) => resource === 'Timeout' || resource.startsWith('TCP')).length

  test.each<[string, (engine: FakeEngine) => void]>([
    [
      'that are ready',
      (engine) =>
        (engine.onStart = () => {
          engine.say('ready\n')
        })
    ],
    [
      'that exit',
      (engine) =>
        (engine.onStart = () => {
          engine.die(1)
        })
    ],
    [
      'that die after ready',
      (engine) =>
        (engine.onStart = () => {
          engine.say('ready\n')
          engine.die(1)
        })
    ],
    ['that time out', () => undefined],
    ['that are refused', (engine) => (engine.refusal = new EngineError('start container', 500, 'no'))]
  ])('%s', async (_, arrange) => {
    const before = held()
    const server = tcpServer(() => undefined)
    const port = await listen(server)
    await Promise.all(
      Array.from({ length: boots }, async () => {
        const engine = new FakeEngine()
        arrange(engine)
        engine.state.publishedPorts = new Map([[8000, port]])
        const checks = [
          ready,
          { kind: 'http', port: 8000, path: '/' },
          { kind: 'stays-up', seconds: 600 }
        ] as const
        await boot(engine, request({ checks, deadlineMs: 200, stableForMs: 100 }), abort.signal)
        await boot(engine, request({ deadlineMs: 200, stableForMs: 100 }), abort.signal)
      })
    )
    await stop(server)
    // A socket that was destroyed while it connected is let go in one of the next turns.
    for (let turn = 0; turn < 20 && held() - before >= boots / 2; turn += 1) await nextTurn()
    expect(held() - before).toBeLessThan(boots / 2)
  })
})

describe('a pattern that does not come to an end', () => {
  const patterns = [
    { pattern: '^(a+)+$', flags: '' },
    { pattern: 'FATAL', flags: '' }
  ]
  const ENDLESS = `${'a'.repeat(40)}!`
  const unknown = { kind: 'engine-error', message: expect.stringMatching(/simplify the pattern/) }

  test('leaves nothing known, also where it is the last line, without an end', async () => {
    engine.onStart = () => {
      engine.say(`ready\n${ENDLESS}`)
    }
    expect((await observe({ forbidLogs: patterns, deadlineMs: 20_000 })).outcome).toEqual(unknown)
  }, 20_000)

  test('leaves nothing known, also where it is met last of all', async () => {
    engine.onStart = () => {
      engine.say('ready\n')
    }
    engine.onLogsHeard = () => {
      engine.say(`${ENDLESS}\nFATAL\n`)
      return Promise.resolve()
    }
    expect((await observe({ forbidLogs: patterns, deadlineMs: 20_000 })).outcome).toEqual(unknown)
  }, 20_000)
})

describe('at the deadline', () => {
  const broken: readonly [string, number | undefined, string][] = [
    ['no answer', undefined, 'socket hang up'],
    [
      'no memory',
      500,
      'OCI runtime exec failed: exec failed: fork/exec /proc/self/exe: cannot allocate memory'
    ]
  ]
  test.each(broken)('an engine that cannot run a command is no slow image: %s', async (_, status, words) => {
    engine.onExec = () => Promise.reject(new EngineError('exec', status, words))
    const { outcome } = await observe({ checks: [{ kind: 'exec', command: ['true'] }], deadlineMs: 300 })
    expect(outcome).toMatchObject({ kind: 'engine-error', message: expect.stringContaining(words) })
  })

  test('a command that is not in the image is the image’s', async () => {
    const words =
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "x": not found'
    engine.onExec = () => Promise.reject(new EngineError('exec', 500, words))
    const { outcome } = await observe({ checks: [{ kind: 'exec', command: ['x'] }], deadlineMs: 300 })
    expect(outcome).toMatchObject({ kind: 'timed-out', waitingFor: [expect.stringContaining('exec: "x"')] })
  })

  test('what has been said and not been handed out counts', async () => {
    engine.onLogsHeard = () => {
      engine.say('ready\n')
      return Promise.resolve()
    }
    expect((await observe({ deadlineMs: 200 })).outcome.kind).toBe('ready')
  })
})

test('an inspection that an event overtakes tells nothing of its health', async () => {
  engine.state.health = 'starting'
  const inspect = engine.inspectContainer.bind(engine)
  let isFirst = true
  engine.inspectContainer = async () => {
    const state = await inspect()
    if (!isFirst) return state
    isFirst = false
    engine.state.health = 'healthy'
    engine.emit('health_status: healthy')
    return { ...state, health: 'unhealthy' }
  }
  const observed = await observe({ checks: [{ kind: 'healthcheck' }], stableForMs: 50 })
  expect(observed).toMatchObject({ outcome: { kind: 'ready' }, stability: { kind: 'stable' } })
})

test('a process that the kernel killed for memory is told of, where the container lives on', async () => {
  engine.onStart = () => {
    engine.say('ready\n')
    engine.emit('oom')
  }
  expect((await observe({ stableForMs: 50 })).outOfMemory).toBe(true)
})

describe('what is not known of a boot that looks well', () => {
  const broken = new EngineError('follow output', 500, 'no')

  const becomesReady = (): void => {
    engine.onStart = () => {
      setImmediate(() => {
        engine.say('ready\n')
      })
    }
  }

  test.each([
    [
      'before it is ready',
      () => {
        engine.failLog(broken)
      },
      0
    ],
    [
      'just before it has been stable',
      () =>
        setTimeout(() => {
          engine.failLog(broken)
        }, 150),
      200
    ]
  ])('is what it said, where its log broke off %s', async (_, breakOff, stableForMs) => {
    engine.onStart = () => {
      setImmediate(() => {
        engine.say('ready\n')
        breakOff()
      })
    }
    expect((await observe({ stableForMs })).outcome).toMatchObject({
      kind: 'engine-error',
      message: expect.stringContaining('follow output')
    })
  })

  test('is what it said last, until the engine has handed all of it out', async () => {
    becomesReady()
    engine.onLogsHeard = async () => {
      await nextTurn()
      engine.say('0ld c0de\nFATAL: late\n')
    }
    const forbidLogs = [{ pattern: 'FATAL', flags: '' }]
    expect(await observe({ canary: '0ld c0de' })).toMatchObject({ outcome: { kind: 'ready' }, canary: true })
    engine = new FakeEngine()
    becomesReady()
    engine.onLogsHeard = async () => {
      await nextTurn()
      engine.say('FATAL: late\n')
    }
    expect(await observe({ forbidLogs })).toMatchObject({ forbiddenLog: { line: 'FATAL: late' } })
  })

  test('is nothing where the engine does not say how much there is', async () => {
    becomesReady()
    engine.onLogsHeard = () => Promise.reject(broken)
    expect((await observe({ canary: 'x' })).outcome.kind).toBe('engine-error')
  })

  test('is whether a job was done that somebody else ended', async () => {
    engine.onStart = () => {
      setImmediate(() => {
        engine.emit('kill')
        engine.die(0)
      })
    }
    expect((await observe({ checks: [{ kind: 'exit', code: 0 }] })).outcome.kind).toBe('engine-error')
  })

  test('is whether a job said that it was done, where the end of its log is missing', async () => {
    engine.onStart = () => {
      setImmediate(() => {
        engine.vanish(0)
        engine.emit('die', 0)
        engine.failLog(broken)
      })
    }
    const checks = [{ kind: 'exit', code: 0 } as const, ready]
    expect((await observe({ checks })).outcome).toMatchObject({
      kind: 'engine-error',
      message: expect.stringContaining('the end of the log is missing')
    })
  })

  test('is not its health: it is inspected where the news of it was lost', async () => {
    engine.onStart = () => {
      engine.state.health = 'healthy'
    }
    const checks = [{ kind: 'healthcheck' } as const]
    expect((await observe({ checks, deadlineMs: 300 })).outcome.kind).toBe('ready')
    engine = new FakeEngine()
    engine.onStart = () => {
      setImmediate(() => {
        engine.emit('health_status: healthy')
        engine.state.health = 'unhealthy'
      })
    }
    expect(await observe({ checks })).toMatchObject({ stability: { kind: 'unhealthy' } })
  })
})
