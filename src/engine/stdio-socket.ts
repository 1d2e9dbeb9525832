import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { Duplex, type Readable, type Writable } from 'node:stream'

/** What the command said before it died, for errors. */
const STDERR_BOUND = 4096

/**
 * The standard streams of a command as a socket, with the methods that `node:http` calls on one. With
 * `docker system dial-stdio` it is a connection to whatever daemon the CLI would use.
 */
export class StdioSocket extends Duplex {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  #stderr = ''

  /** Starts the command at once; a failure to start arrives as the event `error`. */
  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
    super()
    const child = spawn(command, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stderr.length < STDERR_BOUND) this.#stderr += text.slice(0, STDERR_BOUND)
    })
    // EPIPE when the command has died: 'close' follows, and knows why.
    child.stdin.on('error', () => undefined)
    child.on('error', (error) => this.destroy(error))
    // Not at the end of stdout: only 'close' has the exit status and all of stderr.
    child.on('close', (code) => {
      if (code === 0) this.push(null)
      else this.destroy(new Error(this.#stderr.trim() || `${command} ended with status ${String(code)}`))
    })
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, (error) => {
      // A broken pipe is reported by 'close', with the command's own words.
      if (error) setImmediate(done)
      else done()
    })
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => {
      done()
    })
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill('SIGKILL')
    done(error)
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  /** Deadlines are kept by the requests, not by the socket. */
  setTimeout(): this {
    return this
  }

  ref(): this {
    this.#child.ref()
    for (const stream of this.#streams()) stream.ref()
    return this
  }

  unref(): this {
    this.#child.unref()
    for (const stream of this.#streams()) stream.unref()
    return this
  }

  #streams(): Socket[] {
    return [this.#child.stdin, this.#child.stdout, this.#child.stderr].filter(
      (stream) => stream instanceof Socket
    )
  }
}
