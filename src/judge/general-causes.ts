import type { Signature } from '../model.js'

/** Of whatever kind of failure: what the container's end itself says, before its log is read. */
export interface Death {
  /** `oom`, or the exit codes that mean it (a shell and the engine report a death by signal N as 128 + N). */
  readonly when: 'oom' | readonly number[]
  readonly cause: string
  readonly remedy: string
}

const HEAL =
  'Test for it at start-up; throw a cache away and make it anew, and refuse to start on damaged user data.'

export const DEATHS: readonly Death[] = [
  {
    when: 'oom',
    cause: 'The container used more memory than it may, and the kernel killed it.',
    remedy:
      'Give it more memory, or check what start-up reads before it loads all of it: a damaged size field is enough.'
  },
  {
    when: [126],
    cause: 'The program that was to be started cannot be executed.',
    remedy: 'Check its mode (chmod +x), its first line, and that it is made for this processor.'
  },
  {
    when: [127],
    cause: 'The program that was to be started is not there.',
    remedy: 'Check that it is in the image and on PATH, and that nothing on a volume hides it.'
  },
  {
    when: [132],
    cause: 'The process ran an instruction that this processor does not have (SIGILL).',
    remedy: 'Do not keep compiled code on a volume that other machines use, or key it by processor.'
  },
  {
    when: [134],
    cause: 'The process aborted itself (SIGABRT): an assertion in native code failed.',
    remedy: HEAL
  },
  {
    when: [135, 138],
    cause: 'The process read a mapped file beyond its end (SIGBUS): a file was cut.',
    remedy: HEAL
  },
  {
    when: [136, 139],
    cause: 'Native code of the process crashed (SIGSEGV or SIGFPE), often on damaged binary data.',
    remedy: HEAL
  }
]

/** What logs commonly say, whatever the fault was. Within one line the first that matches wins. */
export const GENERAL_SIGNATURES: readonly Signature[] = [
  {
    pattern: String.raw`No space left on device|\bENOSPC\b|\bErrno 28\b|os error 28\b|Disk quota exceeded`,
    cause: 'The disk, or its number of files, is full.',
    remedy: 'Treat a cache that cannot be written as a miss: go on without it and log one warning.'
  },
  {
    pattern: String.raw`Read-only file system|\bEROFS\b|\bErrno 30\b|os error 30\b`,
    cause: 'Start-up writes where it may only read.',
    remedy: 'Probe by writing; when it fails, use a temporary directory and log one warning.'
  },
  {
    pattern: String.raw`Permission denied|\bEACCES\b|\bErrno 13\b|os error 13\b|AccessDeniedException`,
    cause: 'Something belongs to another user, or is closed to this one.',
    remedy:
      'Fall back to a directory that can be written, or give the path to the user that the image runs as.'
  },
  {
    pattern: String.raw`Operation not permitted|\bEPERM\b|\bErrno 1\]`,
    cause: 'Start-up does something that only the owner or root may do, such as chown or chmod.',
    remedy: 'Let it fail: only the outcome matters, so test by writing.'
  },
  {
    pattern: String.raw`Too many levels of symbolic links|\bELOOP\b|\bErrno 40\b`,
    cause: 'A symbolic link leads to itself.',
    remedy: 'Test with lstat; unlink a link that cannot be resolved, then create what belongs there.'
  },
  {
    pattern: String.raw`Is a directory|\bEISDIR\b|\bErrno 21\b`,
    cause: 'A directory stands where a file is expected.',
    remedy: 'Test what is there before opening it; remove it only if it is empty or a cache.'
  },
  {
    pattern: String.raw`Not a directory|\bENOTDIR\b|\bErrno 20\b|NotDirectoryException|Directory nonexistent|nonexistent directory`,
    cause: 'A file or a dangling link stands where a directory is expected.',
    remedy: 'Test with lstat whether it is a directory; unlink whatever else is there, then create it.'
  },
  {
    pattern: String.raw`File exists|\bEEXIST\b|\bErrno 17\b|FileAlreadyExistsException`,
    cause: 'Something is already there: a file, or a dangling link, for which exists() is false.',
    remedy: 'Test with lstat and remove what does not belong there; make links with ln -sfn.'
  },
  {
    pattern: String.raw`Address already in use|\bEADDRINUSE\b|\bErrno 98\b`,
    cause: 'The port or socket is taken, perhaps by a socket file that an earlier process left.',
    remedy: 'Remove a socket file that nobody listens on before binding.'
  },
  {
    pattern: String.raw`Too many open files|\bEMFILE\b|\bENFILE\b|\bErrno 24\b`,
    cause: 'The process opened more files than it may.',
    remedy: 'Close files after use, and do not retry without a limit.'
  },
  {
    pattern: String.raw`JSONDecodeError|(?:Unexpected end of|in|not valid) JSON|Expecting value: line|JsonSyntaxException|JsonParseException|looking for beginning of value`,
    cause: 'A JSON file is empty, cut or damaged.',
    remedy:
      'Catch it: make a cache anew; keep users’ files aside and say which one. Write by rename, so that none is half.'
  },
  {
    pattern: String.raw`yaml\.(?:scanner|parser|reader)\.|YAMLException|YAMLParseError|TOMLDecodeError|MissingSectionHeaderError`,
    cause: 'A configuration file is damaged.',
    remedy: 'Catch it and name the file; never write defaults over it.'
  },
  {
    pattern: String.raw`UnpicklingError|pickle data was truncated|Ran out of input|unsupported pickle protocol|invalid load key`,
    cause: 'A pickle is empty, cut, damaged, or of a newer Python.',
    remedy: 'Treat a pickle that does not load as a miss, and write by rename.'
  },
  {
    pattern: String.raw`bad marshal data|marshal data too short|EOF read where object expected|bad magic number in`,
    cause: 'Python loads damaged bytecode, or bytecode of another version.',
    remedy: 'Keep no bytecode on volumes, or purge it before the interpreter starts.'
  },
  {
    pattern: String.raw`database disk image is malformed|file is not a database|SQLITE_(?:CORRUPT|NOTADB)`,
    cause: 'An SQLite database is damaged.',
    remedy: 'Make a cache anew; move users’ data aside with its -wal and -shm, and refuse to start.'
  },
  {
    pattern: String.raw`database is locked|SQLITE_BUSY`,
    cause: 'Another process holds the database.',
    remedy: 'Set a busy timeout, and let one replica at a time migrate.'
  },
  {
    pattern: String.raw`BadZipFile|not a zip file|failed finding central directory|zlib\.error|incorrect header check|not in gzip format|unexpected end of (?:archive|zlib)`,
    cause: 'An archive or compressed file is cut or damaged.',
    remedy: 'Check a download before use; fetch it again when it does not open. Write by rename.'
  },
  {
    pattern: String.raw`invalid ELF header|[Ee]xec format error|file too short|wrong ELF class`,
    cause: 'Compiled code is damaged, or made for another processor.',
    remedy: 'Keep no compiled code on volumes, or key it by version and processor.'
  },
  {
    pattern: String.raw`error while loading shared libraries|cannot open shared object file`,
    cause: 'A shared library is missing.',
    remedy: 'Install it into the image; see that no volume hides it.'
  },
  {
    pattern: String.raw`ModuleNotFoundError|Cannot find (?:module|package)|ERR_MODULE_NOT_FOUND|ClassNotFoundException|NoClassDefFoundError|ImportError: cannot import`,
    cause: 'Code that start-up imports is not there.',
    remedy: 'Install it into the image; see that no volume and no older copy hides it.'
  },
  {
    pattern: String.raw`MemoryError|heap out of memory|OutOfMemoryError|Cannot allocate memory|\bENOMEM\b|std::bad_alloc`,
    cause: 'The process ran out of memory.',
    remedy: 'Give it more, or check sizes before reading: a damaged size field is enough.'
  },
  {
    pattern: String.raw`UnicodeDecodeError|invalid utf-?8|MalformedInputException`,
    cause: 'A text file holds bytes that are no text.',
    remedy: HEAL
  },
  {
    pattern: String.raw`[Aa]lready running|appears to be in use by|[Pp]id ?file\b.*exists|[Ll]ock ?file\b.*exists|(?:[Uu]nable to|[Cc]ould not|[Ff]ailed to) (?:acquire|obtain|get)\b.*lock`,
    cause: 'A lock of an earlier process is taken for one that is held.',
    remedy:
      'Use locks that end with their holder (flock), or check that the holder lives and is the same program.'
  },
  {
    pattern: String.raw`Name or service not known|\bEAI_AGAIN\b|\bENOTFOUND\b|Temporary failure in name resolution|Connection refused|\bECONNREFUSED\b`,
    cause: 'Start-up needs another machine, which cannot be reached from here.',
    remedy: 'Start what is needed beside it, or do not fetch at start-up what the image could bring.'
  },
  {
    pattern: String.raw`unbound variable|parameter not set|KeyError: '[A-Z][A-Z0-9_]+'`,
    cause: 'An environment variable is not set.',
    remedy: 'Set it under env, or give it a default.'
  },
  {
    pattern: String.raw`(?:command )?not found$`,
    cause: 'A command is not in the image, or not on PATH.',
    remedy: 'Install it into the image; see that no volume hides it.'
  },
  {
    pattern: String.raw`No such file or directory|\bENOENT\b|\bErrno 2\b|FileNotFoundError|NoSuchFileException|os error 2\b`,
    cause: 'A file or directory that start-up expects is not there, or a link to it dangles.',
    remedy: 'Create what is missing, parents included, every time that it is needed.'
  },
  {
    pattern: String.raw`\b(?:Syntax|Indentation|Tab)Error\b|[Ss]yntax error`,
    cause: 'Code cannot be compiled: it is damaged, or of another version.',
    remedy: 'Keep no code on volumes; see that no older copy hides the image’s.'
  },
  {
    pattern: String.raw`Segmentation fault|core dumped`,
    cause: 'Native code crashed, often on damaged binary data.',
    remedy: HEAL
  }
]
