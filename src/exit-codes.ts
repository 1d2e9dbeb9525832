/** What an engine reports of a process that SIGKILL ended: 128 + 9. */
export const SIGKILLED = 137
