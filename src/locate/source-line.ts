import type { Frame } from '../judge/traceback.js'

const SHELL_SHEBANG = /^#!.*\b(?:ba|da|a|k|z)?sh\b/
const BASH_SHEBANG = /^#!.*\bbash\b/
/** `. ./lib.sh` and `source lib.sh`, also behind a condition. */
const SOURCES = /(?:^|[;&|({]|\b(?:then|do|else))\s*(?:\.|source)\s+\S/m

/**
 * The line of a proven file that a frame names.
 * @returns undefined when the file has nothing on such a line, or when the frame cannot be about this file
 */
export function lineOf(content: Buffer, { line, language, path }: Frame): string | undefined {
  const text = content.toString('utf8')
  if (language === 'shell' && !isTrusted(text, path)) return undefined
  // Languages differ in whether a lone CR ends a line.
  if (/\r(?!\n)/.test(text)) return undefined
  const source = text.split(/\r?\n/)[line - 1]
  return source === undefined || source.trim() === '' ? undefined : source
}

/**
 * dash and ash give lines of a sourced file under the name of the script that sources it (dash 0.5.12, busybox 1.35); bash
 * names the sourced file.
 */
function isTrusted(text: string, path: string): boolean {
  const isShell = SHELL_SHEBANG.test(text) || /\.(?:sh|bash)$/.test(path)
  return isShell && (BASH_SHEBANG.test(text) || !SOURCES.test(text))
}
