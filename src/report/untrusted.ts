/**
 * Escapes for text that others wrote: container output, names, env, answers. Pure and idempotent.
 *
 * The runner takes `::command::` at the start of a line (after white space) and `##[command]` anywhere in a line for
 * commands, on both streams (actions/runner, src/Runner.Common/ActionCommand.cs). It compares with .NET's
 * culture-sensitive StartsWith and IndexOf, which skip characters without weight (zero-width, soft hyphen, variation
 * selectors), so an escape that looks for the plain bytes alone is not enough.
 */

/** Longest line that is printed, in UTF-16 units; what is beyond is cut and counted. */
export const LONGEST_LINE = 2_000

// CSI, then OSC/DCS/SOS/PM/APC with their terminator, then every shorter escape (ECMA-48, 7 and 8 bit forms). A string
// sequence without an end must not swallow what follows, hence the bound.
const ANSI = new RegExp(
  [
    String.raw`(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]`,
    String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\r\n]{0,512}(?:\x07|\x1b\\|\x9c)`,
    String.raw`\x1b[ -/]{0,4}[0-Z\\^-~]`
  ].join('|'),
  'g'
)

/** Emoji joiner and emoji variation selectors: harmless, and a reader would not miss them. */
const EMOJI_GLUE = /\u200d|\ufe0e|\ufe0f/g
/** Controls, formats (bidi overrides among them), characters without width, separators of lines, lone surrogates. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Makes a text printable on one line: ANSI sequences are removed, tabs become spaces, other characters that cannot be
 * seen become visible (`␀`, `␍`, `\u{202e}`), a line's own trailing CR and LF are dropped.
 */
export function visible(text: string): string {
  return withoutLineEnd(text)
    .replace(ANSI, '')
    .replace(/\t/g, '    ')
    .replace(EMOJI_GLUE, '')
    .replace(INVISIBLE, shown)
}

/** The lines of a text, each made printable; CRLF, LF and CR all end a line, as they do for the runner. */
export function visibleLines(text: string): string[] {
  return withoutLineEnd(text)
    .split(/\r\n|\n|\r/)
    .map(visible)
}

/** An expression for line ends before the end takes quadratic time where many are not at the end. */
function withoutLineEnd(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--
  return text.slice(0, end)
}

/** A text as one printable line: line ends become spaces. */
export function oneLine(text: string): string {
  // Split rather than replaced: an expression that looks for blanks before a line end takes quadratic time on blanks alone.
  // Trimmed once it is visible: blanks behind a colour would begin a code block of Markdown.
  const lines = text.split(/[\r\n]+/).map((line) => visible(line).trim())
  return lines.filter((line) => line !== '').join(' ')
}

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '␡'
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  return `\\u{${code.toString(16)}}`
}

/** Cuts a text to at most `longest` UTF-16 units, between characters, and says how much is missing. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  const kept = text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')
  return `${kept}… (${text.length - kept.length} characters cut)`
}

// Between the characters anything may hide that is no plain sign and no letter: better to break a harmless `#·#[`.
const RUNNER_PREFIX = /#(?=[^\x20-\x7e\p{L}\p{N}]*#[^\x20-\x7e\p{L}\p{N}]*\[)/gu
const RUNNER_START = /^([^\x21-\x7e\p{L}\p{N}]*:)(?=[^\x20-\x7e\p{L}\p{N}]*:)/u

/**
 * Where a space breaks what a problem matcher looks for that GitHub's own actions add for the rest of a job (`setup-python`,
 * `setup-node`, `setup-go`, `setup-java`, `setup-dotnet`, by their files of 2026): else a container could annotate any file of the
 * repository. A digit is whatever .NET takes for one.
 */
const MATCHED = new RegExp(
  [
    // The end of a traceback: `raise Error('…')`.
    String.raw`(?<=^\s*raise\s.*\('.*')(?=\)$)`,
    // `file.ts(1,2): error TS1: …`, `file.cs(1,2): warning CS1: … [project]`, `file.ts:1:2 - error TS1: …`
    String.raw`(?<=[(:])(?=\p{Nd}+(?:,\p{Nd}+){0,3}\)\s*:\s+(?:error|warning|info)\s)`,
    String.raw`(?<=[(:])(?=\p{Nd}+[,:]\p{Nd}+\s+-\s+(?:error|warning|info)\s)`,
    // `file.js: line 1, col 2, Error - … (rule)`, and below the name of a file `  1:2  error  …  rule`.
    String.raw`(?<=:\sline)(?=\s\p{Nd}+,\scol\s)`,
    String.raw`(?<=^\s*\p{Nd}+)(?=:\p{Nd}+\s+(?:error|warning|info)\s)`,
    // `./file.go:1:2: …`, `/file.go: …`
    String.raw`(?<=\.go)(?=:(?:\p{Nd}+:\p{Nd}+:)? )`,
    // `Exception in thread "main" java.lang.Error: …`
    String.raw`(?<=^\s*Exception in thread)(?= ")`
  ].join('|'),
  'gu'
)

/** A printable line that the runner takes for nothing but text, cut to a length that is bearable in a log. */
export function logLine(line: string, longest = LONGEST_LINE): string {
  return cut(visible(line), longest)
    .replace(RUNNER_PREFIX, '# ')
    .replace(RUNNER_START, '$1 ')
    .replace(MATCHED, ' ')
}

/** The lines of a text as `logLine` makes them. */
export function logLines(text: string, longest = LONGEST_LINE): string[] {
  return visibleLines(text).map((line) => logLine(line, longest))
}
