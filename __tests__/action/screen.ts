/** What a terminal of some width makes of output. */
export interface Screen {
  /** Lines as they are left at the end; one that was wider than the terminal is one line here. */
  readonly lines: readonly string[]
  /** Every state of a line that did not fit, so that the terminal broke it. */
  readonly broken: readonly string[]
  /** Every state of a line that was wiped to draw another. */
  readonly wiped: readonly string[]
}

/**
 * As much of a terminal as the command line tool asks for: new lines, back to the start of a line, wiping a line, colours.
 * @throws Error for any other control character
 */
export function shown(output: string, columns: number): Screen {
  const lines: string[] = []
  const broken: string[] = []
  const wiped: string[] = []
  let line = ''
  // Wide characters, which take two columns, are not in what the tests print.
  const finish = (): void => {
    if (line.length > columns) broken.push(line)
  }
  // eslint-disable-next-line no-control-regex
  for (const [part] of output.matchAll(/\r\n|\r\u001b\[2K|\u001b\[\d+m|[^\r\n\u001b]+|[^]/g)) {
    if (part === '\r\n') {
      finish()
      lines.push(line)
      line = ''
    } else if (part === '\r\u001b[2K') {
      finish()
      if (line !== '') wiped.push(line)
      line = ''
    } else if (!part.startsWith('\u001b[')) {
      // eslint-disable-next-line no-control-regex
      if (/[\u0000-\u001f]/.test(part)) throw new Error(`${JSON.stringify(part)} moves the cursor`)
      line += part
    }
  }
  finish()
  return { lines: line === '' ? lines : [...lines, line], broken, wiped }
}
