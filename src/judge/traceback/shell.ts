import { lineNumber, type Failure } from './failure.js'

/** bash (`start.sh: line 3: …`) and busybox (`start.sh: cd: line 3: …`). */
const NUMBERED = /(?:^|\s)(\S{1,4096}): (?:\S{1,80}: )?line (\d{1,7}): ?(.*)$/
/** dash: `start.sh: 3: …`. Much else is printed that way, so it must look like the path of a script. */
const DASH = /(?:^|\s)((?:\.{0,2}\/\S{1,4096}|\S{1,200}\.(?:sh|bash))): (\d{1,7}): \S/
const CHILD =
  /^\s*\d{1,10} (?:Killed|Segmentation fault|Aborted|Terminated|Bus error|Illegal instruction|Trace\/breakpoint trap)\b/

/**
 * What shells print of the line that they stopped at: bash, dash and busybox's ash. A command that merely fails under
 * `set -e` has no line; neither has what was given by `-c`, whose name is that of the shell.
 */
export function shellFailures(lines: readonly string[]): Failure[] {
  return lines.flatMap((text, at): Failure[] => {
    const [, numbered, numberedLine, message = ''] = NUMBERED.exec(text) ?? []
    const [, plain, plainLine] = numbered === undefined ? (DASH.exec(text) ?? []) : []
    const path = numbered ?? plain
    const line = lineNumber(numberedLine ?? plainLine)
    if (path === undefined || line === undefined || !isScript(path)) return []
    return [
      {
        language: 'shell',
        frames: [{ language: 'shell', path, line, function: undefined }],
        first: at,
        last: at,
        ...(CHILD.test(message) ? { ofChild: true } : {})
      }
    ]
  })
}

function isScript(path: string): boolean {
  return path.includes('/') || /\.(?:sh|bash)$/.test(path)
}
