/**
 * What the runner would obey in a line (actions/runner, src/Runner.Common/ActionCommand.cs, TryParseV2 and TryParse): a
 * trimmed line that starts with `::` and has a second one, and `##[`, anywhere, with a `]` behind it. .NET compares by culture
 * there, so characters without weight are skipped first. That the name must be a registered one is left out: stricter.
 */
export function runnerCommand(line: string): string | undefined {
  const seen = line.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cc}]/gu, (character) =>
    /\s/.test(character) ? character : ''
  )
  return /^\s*::.*::/su.exec(seen)?.[0] ?? /##\[.*\]/su.exec(seen)?.[0]
}

/** A stream as the runner reads it: CR, LF and CRLF end a line. */
export function runnerLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/)
}
