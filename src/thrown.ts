/**
 * Node's code of something that was thrown (`ESRCH`, `ENOENT`, …), if it has one. Looks at the value's shape, since an error
 * of another realm (`vm`, a test runner) is no `instanceof Error`.
 */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}

/** What was thrown, in words. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message)
  return String(thrown)
}
