/**
 * Removes secrets from a stream of output. A runner masks what it prints, a terminal does not, and neither masks what is
 * kept for an error message.
 *
 * Output is passed on a line at a time, since a value may be cut by a chunk's end. Every line of a secret of several
 * lines is masked; lines under four characters are left, or the braces of a JSON key would mask all braces.
 */
export interface Mask {
  /** @returns the masked complete lines so far */
  write(chunk: Buffer): Buffer
  /** @returns the masked rest */
  end(): Buffer
}

/** A line that is longer is masked and passed on in pieces. */
const longestLine = 1_048_576

/** @param secrets values that must not be printed; empty values are ignored */
export function mask(secrets: readonly string[]): Mask {
  const values = secrets
    .flatMap((secret) => {
      const lines = secret.split(/\r?\n/)
      return lines.length === 1 ? lines : lines.filter((line) => line.trim().length > 3)
    })
    .filter((value) => value !== '')
    .map((value) => Buffer.from(value))
    .sort((a, b) => b.length - a.length)
  const longestValue = values[0]?.length ?? 0
  let rest: Buffer = Buffer.alloc(0)
  const masked = (line: Buffer): Buffer => values.reduce(replaceAll, line)
  return {
    write(chunk) {
      const all = Buffer.concat([rest, chunk])
      if (all.length - all.lastIndexOf(0x0a) > longestLine) {
        // Whole values are masked by now; what is held back may be the start of one.
        const line = masked(all)
        const end = Math.max(0, line.length - longestValue + 1)
        rest = line.subarray(end)
        return line.subarray(0, end)
      }
      const end = all.lastIndexOf(0x0a) + 1
      rest = all.subarray(end)
      return masked(all.subarray(0, end))
    },
    end() {
      const last = masked(rest)
      rest = Buffer.alloc(0)
      return last
    }
  }
}

const stars = Buffer.from('***')

/** On bytes, so that output that is not UTF-8 passes unchanged. */
function replaceAll(text: Buffer, value: Buffer): Buffer {
  const parts: Buffer[] = []
  let from = 0
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, from)) {
    parts.push(text.subarray(from, at), stars)
    from = at + value.length
  }
  return parts.length === 0 ? text : Buffer.concat([...parts, text.subarray(from)])
}
