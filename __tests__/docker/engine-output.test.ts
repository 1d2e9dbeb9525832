import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from '../../src/engine/docker.js'
import type { Engine } from '../../src/engine/engine.js'
import { heldBytes } from '../memory.js'
import { Bench, docker, outputOf } from './engine-fixture.js'

let engine: Engine
let bench: Bench

beforeAll(async () => {
  engine = await connect(process.env)
  bench = new Bench(engine)
})

afterEach(() => bench.clear())

afterAll(() => {
  engine.close()
})

/** Prints a token of its own at each start. */
const TOKEN = 'token=$(cat /proc/sys/kernel/random/uuid)'

describe('following output', () => {
  test('both streams arrive while the container runs, and following ends with it', async () => {
    const id = await bench.script(
      'echo out; echo err >&2; until [ -e /seen ]; do sleep 0.1; done; printf unfinished'
    )
    await engine.startContainer(id)
    const seen: string[] = []
    let whileRunning: boolean | undefined
    await engine.followLogs(
      id,
      (chunk) => {
        seen.push(chunk.toString())
        if (whileRunning !== undefined) return
        whileRunning = docker('inspect', '--format', '{{.State.Running}}', id) === 'true'
        docker('exec', id, 'touch', '/seen')
      },
      new AbortController().signal
    )
    expect(whileRunning).toBe(true)
    expect(seen.join('').split('\n').sort()).toEqual(['err', 'out', 'unfinished'])
    expect((await engine.inspectContainer(id)).running).toBe(false)
  })

  test('what was printed before is there, also when the container has stopped', async () => {
    const id = await bench.script('echo early')
    await engine.startContainer(id)
    expect(await outputOf(engine, id)).toBe('early\n')
    expect(await outputOf(engine, id)).toBe('early\n')
  })

  test('a container that was never started has none', async () => {
    expect(await outputOf(engine, await bench.script('echo x'))).toBe('')
  })

  test.each([
    ['without a tty', false, '\n'],
    ['with a tty', true, '\r\n']
  ])('after a restart there is all of the last start and nothing else, %s', async (_title, tty, newline) => {
    const id = await bench.script(`${TOKEN}; for i in $(seq 300); do echo "$token $i"; done; echo end`, {
      Tty: tty
    })
    const tokens = new Set<string>()
    for (let start = 0; start < 6; start++) {
      await engine.startContainer(id)
      const lines = (await outputOf(engine, id)).split(newline)
      const token = lines[0]?.split(' ')[0] ?? ''
      expect(lines).toEqual([...Array.from({ length: 300 }, (_, i) => `${token} ${i + 1}`), 'end', ''])
      tokens.add(token)
    }
    expect(tokens.size).toBe(6)
  })

  test('nothing is lost or mixed when a flood is killed and the container starts again', async () => {
    const flood = 'import itertools,uuid\nt=uuid.uuid4()\nfor i in itertools.count(): print(t, i)'
    const id = await bench.container(['python3', '-c', flood])
    for (let start = 0; start < 3; start++) {
      await engine.startContainer(id)
      const chunks: Buffer[] = []
      let ended: Promise<void> | undefined
      await new Promise<void>((begun) => {
        const keep = (chunk: Buffer): void => {
          if (chunks.push(chunk) > 100) begun()
        }
        ended = engine.followLogs(id, keep, new AbortController().signal)
      })
      await engine.killContainer(id)
      await ended
      // The last line may be cut, since the process was.
      const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -2)
      const token = lines[0]?.split(' ')[0] ?? 'none'
      const wrong = lines.findIndex((line, index) => line !== `${token} ${index}`)
      expect([wrong, lines.length > 0]).toEqual([-1, true])
    }
  })

  test('a container that another client started again shows its last start', async () => {
    const id = await bench.script(`${TOKEN}; echo "$token"; sleep 0.5`)
    docker('start', '--attach', id)
    docker('start', '--attach', id)
    docker('start', id)
    const other = await connect(process.env)
    try {
      expect((await outputOf(other, id)).trim().split('\n')).toHaveLength(1)
    } finally {
      other.close()
    }
  })

  test('an aborted signal ends it without an error, and nothing is heard any more', async () => {
    const id = await bench.script('while :; do echo x; done')
    await engine.startContainer(id)
    const controller = new AbortController()
    let heard = 0
    const following = engine.followLogs(
      id,
      () => {
        heard += 1
        controller.abort()
      },
      controller.signal
    )
    await following
    expect(heard).toBe(1)
    await engine.followLogs(id, () => (heard += 1), controller.signal)
    expect(heard).toBe(1)
  })

  test('100 MB go through in bounded memory, to the last line', async () => {
    const line = 'x'.repeat(99)
    const id = await bench.container([
      'python3',
      '-c',
      `for i in range(1000000): print("${line}")\nprint("the end")`
    ])
    await engine.startContainer(id)
    const before = heldBytes()
    let bytes = 0
    let chunks = 0
    let most = 0
    let tail = ''
    await engine.followLogs(
      id,
      (chunk) => {
        bytes += chunk.length
        tail = (tail + chunk.toString('latin1')).slice(-8)
        chunks += 1
        if (chunks % 200_000 === 0) most = Math.max(most, heldBytes())
      },
      new AbortController().signal
    )
    expect([bytes, tail]).toEqual([100_000_008, 'the end\n'])
    expect(most).toBeGreaterThan(0)
    expect(most - before).toBeLessThan(10_000_000)
  })

  test('lines longer than a message of the log arrive whole', async () => {
    const id = await bench.container(['python3', '-c', 'print("a" * 100000); print("b" * 40000, end="")'])
    await engine.startContainer(id)
    const whole = `${'a'.repeat(100_000)}\n${'b'.repeat(40_000)}`
    expect((await outputOf(engine, id)) === whole).toBe(true)
  })

  test('a log driver that keeps nothing is an error when followed, and when started again', async () => {
    const id = await bench.script('true', { HostConfig: { LogConfig: { Type: 'none' } } })
    await engine.startContainer(id)
    await expect(outputOf(engine, id)).rejects.toMatchObject({ name: 'EngineError', status: 501 })
    await engine.stopContainer(id)
    // Else the output of the first start would be taken for that of the second.
    await expect(engine.startContainer(id)).rejects.toMatchObject({ name: 'EngineError', status: 501 })
  })

  test('a missing container is an error', async () => {
    await expect(outputOf(engine, 'engine-test-absent')).rejects.toMatchObject({ status: 404 })
  })
})
