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
