/**
 * When whatever is planted or seeded was last written, in seconds since 1970, unless something else is asked for: an old date, as
 * of state that an earlier deploy left.
 */
export const PLANTED_MTIME = 1_700_000_000
