/**
 * Cuts a line between words: half of a password would not be recognised as one, and shown.
 * @param longest UTF-16 units that are kept at most
 * @returns the text as it is where it is no longer, else the words that fit, with ` …`
 */
export function cutBetweenWords(text: string, longest: number): string {
  if (text.length <= longest) return text
  let end = longest
  while (end > 0 && !/\s/.test(text[end] ?? '')) end--
  return `${text.slice(0, end).trimEnd()} …`
}
