import type { ContainerBody, Engine } from '../../src/engine/engine.js'
import type { BootObservation } from '../../src/model.js'
import { boot, learnReadyChecks, type BootPhases, type BootRequest } from '../../src/trial/observe.js'
import type { ReadyCheck } from '../../src/trial/probes/probe.js'

/** Debian with Python; `script/test` makes it. */
const IMAGE = 'cache-crash-test-base:python3.11'

const LABEL = 'cache-crash-test.observe-test'

/** Said by every server once it answers. */
export const SERVING = 'serving'

/** An HTTP server on port 8000 that answers GET with what a Python expression of `self` says. */
export function pythonServer(status = '200', before = ''): string {
  return `
import http.server, os, sys, threading, time
${before}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(${status})
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'ok')
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(('', 8000), Handler)
print('${SERVING}', flush=True)
server.serve_forever()
`
}

/** Boots containers of one test file, and removes them. */
export class Boots {
  readonly #engine: Engine
  readonly #containers: string[] = []

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Creates a container that runs a Python program; port 8000 is published. */
  async python(program: string, more: ContainerBody = {}): Promise<string> {
    return await this.create({ Cmd: ['python3', '-u', '-c', program], ...more })
  }

  async create(more: ContainerBody): Promise<string> {
    const { HostConfig, ...rest } = more
    const id = await this.#engine.createContainer({
      Image: IMAGE,
      Labels: { [LABEL]: 'yes' },
      ExposedPorts: { '8000/tcp': {} },
      HostConfig: { PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }, ...HostConfig },
      ...rest
    })
    this.#containers.push(id)
    return id
  }

  request(containerId: string, overrides: Partial<BootRequest> = {}): BootRequest {
    return {
      containerId,
      name: 'under-test',
      checks: [{ kind: 'http', port: 8000, path: '/' }],
      deadlineMs: 60_000,
      stableForMs: 0,
      forbidLogs: [],
      canary: undefined,
      smokeTest: undefined,
      ...overrides
    }
  }

  async boot(
    containerId: string,
    overrides: Partial<BootRequest> = {},
    phases: BootPhases = {},
    signal = new AbortController().signal
  ): Promise<BootObservation> {
    return await boot(this.#engine, this.request(containerId, overrides), signal, phases)
  }

  async learn(containerId: string, ports: readonly number[], hasHealthcheck = false) {
    const request = { ...this.request(containerId), ports, hasHealthcheck }
    return await learnReadyChecks(this.#engine, request, new AbortController().signal)
  }

  async clear(): Promise<void> {
    await Promise.all(this.#containers.splice(0).map((id) => this.#engine.removeContainer(id)))
  }
}

/** A boot with one check. */
export const only = (check: ReadyCheck, deadlineMs = 60_000): Partial<BootRequest> => ({
  checks: [check],
  deadlineMs
})
