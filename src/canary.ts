/**
 * A Python statement that says that planted code ran. It writes to the file descriptor, so that neither buffering nor a
 * redefined `print` silences it; where the descriptor is closed, the module still works.
 *
 * @param canary printable ASCII; it is written with a newline
 * @returns a whole statement, with newlines around it: it may follow any complete module
 */
export function canaryStatement(canary: string): string {
  return `
try:
    __import__('os').write(2, ${JSON.stringify(`${canary}\n`)}.encode())
except OSError:
    pass
`
}

/**
 * Python source that also says that it runs, at its beginning, since a program that serves comes to no end, and at its end.
 *
 * @param source of a module, in whatever encoding; nothing but a comment and a `from __future__` may come before a statement that
 *   has to come first
 * @param canary as above
 * @returns source that means the same, but for its docstring
 */
export function withCanary(source: Buffer, canary: string): Buffer {
  const text = source.toString('latin1')
  // Bounded: of a forged file, each of many brackets that are never closed would be looked for to its end.
  const future = [...text.matchAll(/^from __future__ import (?:\([^)]{0,1000}\)|[^\n]*)/gm)].at(-1)
  const comments = /^(?:\xef\xbb\xbf)?(?:[^\S\n]*(?:#[^\n]*)?\n)*/.exec(text)
  const at = future === undefined ? (comments?.[0].length ?? 0) : future.index + future[0].length
  const statement = canaryStatement(canary)
  return Buffer.from(text.slice(0, at) + statement + text.slice(at) + statement, 'latin1')
}
