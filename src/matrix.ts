/** Jobs that GitHub runs of one matrix at most. */
export const MOST_JOBS = 256
