/** Bytes that are collected before they are searched. */
const SEARCH_BYTES = 64 * 1024

/** Looks for a byte sequence in a stream, across the borders of its chunks. */
export class ByteSearch {
  #found = false
  readonly #needle: Buffer
  /** The end of what was searched, as far as a match could begin in it, and what came since. */
  readonly #window: Buffer
  #filled = 0

  /** An empty needle is never found. */
  constructor(needle: string) {
    this.#needle = Buffer.from(needle)
    this.#window = Buffer.allocUnsafe(this.#needle.length === 0 ? 0 : SEARCH_BYTES + this.#needle.length)
  }

  /** Whether it was in what came so far. */
  get found(): boolean {
    this.#search()
    return this.#found
  }

  push(chunk: Buffer): void {
    if (this.#found || this.#needle.length === 0) return
    for (let from = 0; from < chunk.length;) {
      const copied = chunk.copy(this.#window, this.#filled, from)
      this.#filled += copied
      from += copied
      if (this.#filled === this.#window.length) this.#search()
    }
  }

  #search(): void {
    if (this.#filled < this.#needle.length || this.#needle.length === 0) return
    this.#found ||= this.#window.subarray(0, this.#filled).includes(this.#needle)
    const rest = this.#needle.length - 1
    this.#window.copyWithin(0, this.#filled - rest, this.#filled)
    this.#filled = rest
  }
}
