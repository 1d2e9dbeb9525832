const NANOSECONDS = 1_000_000_000n

/**
 * @param time RFC 3339 with up to nine decimals, as the daemon writes times
 * @returns nanoseconds since 1970; 0 for anything else, and for Go's zero time, which means never
 */
export function nanoseconds(time: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time)
  const seconds = match === null ? NaN : Date.parse(`${match[1] ?? ''}${match[3] ?? ''}`) / 1000
  if (!Number.isSafeInteger(seconds) || seconds < 0) return 0n
  return BigInt(seconds) * NANOSECONDS + BigInt((match?.[2] ?? '').padEnd(9, '0'))
}

/** @returns `seconds.nanoseconds`, as the Engine API takes `since` */
export function timestamp(nanos: bigint): string {
  return `${String(nanos / NANOSECONDS)}.${String(nanos % NANOSECONDS).padStart(9, '0')}`
}
