import { PAGE } from './well-behaved.js'

/**
 * Real software, started twice on the same damage: once as it is commonly started, and once with the entrypoint or the
 * setting that makes it recover. Where each cell of the documentation's matrix comes from.
 */
export interface Pair {
  /** Folder of fixtures/software. */
  readonly image: string
  /** In words for the documentation. */
  readonly software: string
  /** The Debian package, and the beginning of its upstream version, unless Debian itself moves it on every few weeks. */
  readonly version: { readonly package: string; readonly begins?: string }
  /** What the fragile one does, in words for the documentation. */
  readonly fragile: string
  /** What the hardened one does instead. */
  readonly hardened: string
  /** Options of the command line for both, but the faults, which come from the cells. */
  readonly args: readonly string[]
  readonly fragileArgs: readonly string[]
  readonly hardenedArgs: readonly string[]
  readonly cells: readonly Cell[]
  /** Built and run in seconds: also among the tests that every change runs. */
  readonly quick?: true
}

/** One scenario of a pair. */
export interface Cell {
  /** Code in the catalogue of what this is an instance of. */
  readonly code: string
  readonly scenario: string
  /** Verdict of the fragile one, and what its log says, where it says anything. */
  readonly fails: string
  readonly says?: RegExp
  /** Verdict of the hardened one. */
  readonly passes: string
}

/** The options for an image whose command takes the variant, and the rest after it. */
function variants(command: string, rest = ''): Pick<Pair, 'fragileArgs' | 'hardenedArgs'> {
  return {
    fragileArgs: ['--command', `${command} fragile${rest}`],
    hardenedArgs: ['--command', `${command} hardened${rest}`]
  }
}

/** The options that choose one of the services of python-data. */
function service(library: string): Pick<Pair, 'image' | 'fragileArgs' | 'hardenedArgs'> {
  return { image: 'python-data', ...variants(library) }
}

/** What the pairs of PostgreSQL share. */
const POSTGRESQL = {
  image: 'postgresql',
  version: { package: 'postgresql-15', begins: '15' },
  hardened: 'takes a lock on the volume, and removes the lock file under it',
  args: ['--cache-paths', '/data/pg', '--ready', 'log:/database system is ready to accept connections/']
} as const

export const PAIRS: readonly Pair[] = [
  {
    image: 'nginx',
    software: 'nginx',
    version: { package: 'nginx', begins: '1.22' },
    fragile: 'takes what is there for its cache',
    hardened: 'is started on an empty cache',
    args: ['--cache-paths', '/var/cache/nginx/proxy', ...PAGE],
    fragileArgs: ['--command', 'nginx -g "daemon off;"'],
    hardenedArgs: [],
    cells: [
      {
        code: 'A2',
        scenario: 'dangling-symlink@/var/cache/nginx/proxy/recreate',
        fails: 'failed: crashed',
        says: /stat\(\) "\/var\/cache\/nginx\/proxy" failed \(2: No such file or directory\)/,
        passes: 'recovered'
      },
      {
        code: 'A3',
        scenario: 'symlink-loop@/var/cache/nginx/proxy/recreate',
        fails: 'failed: crashed',
        says: /Too many levels of symbolic links/,
        passes: 'recovered'
      },
      {
        code: 'F0',
        scenario: 'truncated@/var/cache/nginx/proxy/recreate',
        fails: 'failed: wrong-answer',
        passes: 'recovered'
      }
    ]
  },
  {
    image: 'lighttpd',
    software: 'lighttpd',
    version: { package: 'lighttpd', begins: '1.4' },
    fragile: 'sends what its cache holds',
    hardened: 'is started on an empty cache',
    args: ['--cache-paths', '/var/cache/lighttpd/compress', ...PAGE],
    fragileArgs: ['--command', 'lighttpd -D -f /etc/lighttpd/lighttpd.conf'],
    hardenedArgs: [],
    cells: ['zero-length', 'zeroed', 'bit-flip'].map((fault) => ({
      code: 'F0',
      scenario: `${fault}@/var/cache/lighttpd/compress/recreate`,
      fails: 'failed: wrong-answer',
      passes: 'recovered'
    })),
    quick: true
  },
  {
    ...service('joblib'),
    software: 'joblib',
    version: { package: 'python3-joblib', begins: '1.2' },
    fragile: 'loads the model wherever there is one',
    hardened: 'trains again when the model cannot be loaded',
    args: ['--cache-paths', '/data/cache'],
    cells: [
      {
        code: 'F2',
        scenario: 'truncated@/data/cache/recreate',
        fails: 'failed: crashed',
        says: /EOFError|pickle data was truncated|UnpicklingError/,
        passes: 'recovered'
      },
      {
        code: 'F2',
        scenario: 'zero-length@/data/cache/recreate',
        fails: 'failed: crashed',
        says: /EOFError/,
        passes: 'recovered'
      }
    ],
    quick: true
  },
  {
    ...service('nltk'),
    software: 'NLTK',
    version: { package: 'python3-nltk', begins: '3.8' },
    fragile: 'downloads a corpus unless its zip exists',
    hardened: 'downloads it unless the zip is whole',
    args: ['--cache-paths', '/data/nltk_data'],
    cells: [
      {
        code: 'D5',
        scenario: 'truncated@/data/nltk_data/recreate',
        fails: 'failed: crashed',
        says: /BadZipFile/,
        passes: 'recovered'
      },
      {
        code: 'D5',
        scenario: 'zero-length@/data/nltk_data/recreate',
        fails: 'failed: crashed',
        says: /BadZipFile: File is not a zip file/,
        passes: 'recovered'
      },
      {
        code: 'D5',
        scenario: 'nltk-zip-empty@/data/nltk_data/recreate',
        fails: 'failed: crashed',
        says: /BadZipFile: File is not a zip file/,
        passes: 'recovered'
      }
    ],
    quick: true
  },
  {
    ...service('diskcache'),
    software: 'diskcache (SQLite)',
    version: { package: 'python3-diskcache', begins: '5.4' },
    fragile: 'opens the cache wherever there is one',
    hardened: 'makes the cache anew when it cannot be used',
    args: ['--cache-paths', '/data/cache'],
    cells: [
      {
        code: 'G1',
        scenario: 'truncated@/data/cache/recreate',
        fails: 'failed: crashed',
        says: /database disk image is malformed|disk I\/O error/,
        passes: 'recovered'
      },
      {
        code: 'G1',
        scenario: 'zeroed@/data/cache/recreate',
        fails: 'failed: crashed',
        says: /file is not a database/,
        passes: 'recovered'
      },
      {
        code: 'G1',
        scenario: 'sqlite-cut@/data/cache/recreate',
        fails: 'failed: crashed',
        says: /database disk image is malformed|disk I\/O error/,
        passes: 'recovered'
      }
    ],
    quick: true
  },
  {
    ...service('django'),
    software: 'Django (SQLite)',
    version: { package: 'python3-django', begins: '3.2' },
    fragile: 'removes a database that cannot be read, and makes a new one',
    hardened: 'refuses to start on it',
    args: ['--data-paths', '/data/notes.sqlite3'],
    cells: [
      {
        code: 'G1',
        scenario: 'truncated@/data/notes.sqlite3/recreate',
        fails: 'failed: data-lost',
        passes: 'refused'
      }
    ],
    quick: true
  },
  {
    image: 'git',
    software: 'git',
    version: { package: 'git', begins: '2.39' },
    fragile: 'fetches and resets its clone at every start',
    hardened: 'removes left-over locks first',
    args: ['--cache-paths', '/data/cache', '--ready', 'log:/^ready$/'],
    ...variants('/start'),
    cells: [
      {
        code: 'H6',
        scenario: 'git-index-lock@/data/cache/recreate',
        fails: 'failed: crashed',
        says: /Unable to create '.*index\.lock': File exists/,
        passes: 'recovered'
      },
      {
        code: 'H6',
        scenario: 'git-shallow-lock@/data/cache/recreate',
        fails: 'failed: crashed',
        says: /Unable to create '.*shallow\.lock': File exists/,
        passes: 'recovered'
      }
    ]
  },
  {
    ...POSTGRESQL,
    software: 'PostgreSQL',
    fragile: 'is started on a data directory with an empty lock file',
    ...variants('/start'),
    cells: [
      {
        code: 'H2',
        scenario: 'postgres-pid-empty@/data/pg/recreate',
        fails: 'failed: crashed',
        says: /lock file "postmaster\.pid" is empty/,
        passes: 'recovered'
      }
    ]
  },
  {
    ...POSTGRESQL,
    software: 'PostgreSQL under a supervisor',
    fragile: 'is started on a lock file with the pid of its supervisor’s supervisor',
    ...variants('/start', ' supervised'),
    cells: [
      {
        code: 'H2',
        scenario: 'postgres-pid@/data/pg/recreate',
        fails: 'failed: crashed',
        says: /lock file "postmaster\.pid" already exists/,
        passes: 'recovered'
      }
    ]
  },
  {
    image: 'xvfb',
    software: 'Xvfb',
    version: { package: 'xvfb', begins: '21' },
    fragile: 'is the first process, and finds its own lock after a kill',
    hardened: 'removes the lock first',
    args: ['--ready', 'exec:test -S /tmp/.X11-unix/X99'],
    ...variants('/start'),
    cells: [
      {
        code: 'A9',
        scenario: 'killed@container/restart',
        fails: 'failed: crashed',
        says: /already active for display 99/,
        passes: 'recovered'
      }
    ]
  },
  {
    image: 'redis',
    software: 'Redis as a cache',
    version: { package: 'redis-server', begins: '7.0' },
    fragile: 'loads its append-only file at every start',
    hardened: 'lets redis-check-aof cut off a damaged tail first',
    args: ['--cache-paths', '/data'],
    fragileArgs: [],
    hardenedArgs: [
      '--command',
      `sh -c 'for log in appendonlydir/*.incr.aof; do [ ! -s "$log" ] || echo y | redis-check-aof --fix "$log"; done; exec redis-server --dir /data --appendonly yes'`
    ],
    cells: [
      {
        code: 'G4',
        scenario: 'redis-aof-tail@/data/recreate',
        fails: 'failed: crashed',
        says: /Bad file format reading the append only file/,
        passes: 'recovered'
      }
    ]
  },
  {
    image: 'chromium',
    software: 'Chromium',
    version: { package: 'chromium' },
    fragile: 'keeps its profile on a volume, under a fixed host name',
    hardened: 'removes the locks of the profile first',
    // Without the fixed name it does not even start twice on healthy state: it leaves its lock behind.
    args: [
      '--options',
      '--hostname browser',
      '--cache-paths',
      '/data/profile',
      '--ready',
      'log:/DevTools listening/'
    ],
    ...variants('/start'),
    cells: [
      {
        code: 'H3',
        scenario: 'chromium-singleton-lock@/data/profile/recreate',
        fails: 'failed: crashed',
        says: /The profile appears to be in use by another Chromium process \(32\) on another computer \(oldhost\)/,
        passes: 'recovered'
      }
    ]
  },
  {
    image: 'npm',
    software: 'npm',
    version: { package: 'npm', begins: '9.2' },
    fragile: 'installs offline once there is a cache (npm ci --offline)',
    hardened: 'prefers the cache, and asks the registry for what it cannot use (npm ci --prefer-offline)',
    args: ['--cache-paths', '/data/npm'],
    ...variants('/start'),
    cells: [
      {
        code: 'D9',
        scenario: 'npm-cache-flipped@/data/npm/recreate',
        fails: 'failed: crashed',
        says: /seems to be corrupted[^]*ENOTCACHED/,
        passes: 'recovered'
      },
      {
        code: 'D9',
        scenario: 'zeroed@/data/npm/recreate',
        fails: 'failed: crashed',
        says: /ENOTCACHED/,
        passes: 'tolerated'
      }
    ]
  },
  {
    image: 'jupyter',
    software: 'Jupyter Notebook',
    version: { package: 'jupyter-notebook', begins: '6.4' },
    fragile: 'writes its configuration where there is none',
    hardened: 'writes it again unless it is JSON in a directory',
    args: ['--cache-paths', '/data/home/.jupyter'],
    ...variants('/start'),
    cells: [
      {
        code: 'A2',
        scenario: 'dangling-symlink@/data/home/.jupyter/recreate',
        fails: 'failed: crashed',
        says: /FileExistsError: \[Errno 17\] File exists: '\/data\/home\/\.jupyter'/,
        passes: 'recovered'
      },
      {
        code: 'F1',
        scenario: 'json-cut@/data/home/.jupyter/recreate',
        fails: 'failed: crashed',
        says: /JSONDecodeError: Unterminated string/,
        passes: 'recovered'
      },
      {
        code: 'F1',
        scenario: 'json-empty@/data/home/.jupyter/recreate',
        fails: 'failed: crashed',
        says: /JSONDecodeError: Expecting value/,
        passes: 'recovered'
      }
    ]
  },
  {
    image: 'apt-cacher-ng',
    software: 'apt-cacher-ng',
    version: { package: 'apt-cacher-ng', begins: '3.7' },
    fragile: 'takes what is there for its cache, and sends the packages in it as they are',
    hardened: 'removes what is no directory, and packages that cannot be unpacked',
    args: [
      '--cache-paths',
      '/data/cache',
      // The package by itself: with its description (.head) damaged as well, it is downloaded again.
      '--cache-paths',
      '/data/cache/127.0.0.1/hello.deb',
      '--smoke-test',
      'docker exec "$CONTAINER" /fetch'
    ],
    ...variants('/start'),
    cells: [
      ...Object.entries({ A1: 'file-for-directory', A2: 'dangling-symlink', A3: 'symlink-loop' }).map(
        ([code, fault]) => ({
          code,
          scenario: `${fault}@/data/cache/recreate`,
          fails: 'failed: crashed',
          says: /Cannot create any directory in \/data\/cache/,
          passes: 'recovered'
        })
      ),
      ...['zeroed', 'bit-flip'].map((fault) => ({
        code: 'F0',
        scenario: `${fault}@/data/cache/127.0.0.1/hello.deb/recreate`,
        fails: 'failed: wrong-answer',
        passes: 'recovered'
      }))
    ]
  }
]

/** The faults of a pair's cells, as options of the command line. */
export function faultsOf({ cells }: Pick<Pair, 'cells'>): string[] {
  const ids = new Set(cells.map(({ scenario }) => scenario.slice(0, scenario.indexOf('@'))))
  return [...ids].flatMap((id) => ['--faults', id])
}
