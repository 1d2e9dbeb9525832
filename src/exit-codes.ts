/** What an engine reports of a process that SIGKILL ended: 128 + 9. */
export const SIGKILLED = 137

/**
 * What an engine, or a shell, reports of a process that crashed in native code: by SIGILL, SIGBUS (7 on x86 and Arm, 10 on MIPS),
 * SIGFPE or SIGSEGV. SIGABRT, 134, is not among them: a process sends it to itself, as a database does that refuses its files.
 */
export const NATIVE_CRASHES: readonly number[] = [132, 135, 136, 138, 139]
