/** An image of real software that starts well on whatever state the default faults leave. */
export interface WellBehaved {
  /** Folder of fixtures/software. */
  readonly image: string
  /** In words for the documentation. */
  readonly software: string
  /** The Debian package, and the beginning of its upstream version; undefined where the image has no package database. */
  readonly version: { readonly package: string; readonly begins: string } | undefined
  /** What it stands for, in words for the documentation. */
  readonly about: string
  /** Options of the command line, as its operator would give them. */
  readonly args: readonly string[]
  /** Built and run in seconds: also among the tests that every change runs. */
  readonly quick?: true
}

/**
 * The faults that they meet: those that every run has by default, and whatever can be learned from what they wrote.
 */
export const WELL_BEHAVED_FAULTS = ['--faults', 'default', '--faults', 'F0'] as const

/** Asks for the page as browsers do, which makes the server fill its cache. */
export const PAGE = [
  '--smoke-test',
  'curl --fail --silent --show-error --compressed --max-time 10 "$BASE_URL/"'
] as const

export const WELL_BEHAVED: readonly WellBehaved[] = [
  {
    image: 'apache2',
    software: 'Apache',
    version: { package: 'apache2', begins: '2.4' },
    about: 'disk cache on a volume',
    args: ['--cache-paths', '/var/cache/apache2', ...PAGE]
  },
  {
    image: 'lighttpd',
    software: 'lighttpd, started on an empty cache',
    version: { package: 'lighttpd', begins: '1.4' },
    about: 'cache of compressed pages on a volume',
    args: ['--cache-paths', '/var/cache/lighttpd/compress', ...PAGE],
    quick: true
  },
  {
    image: 'nginx',
    software: 'nginx, started on an empty cache',
    version: { package: 'nginx', begins: '1.22' },
    about: 'proxy cache on a volume',
    args: ['--cache-paths', '/var/cache/nginx/proxy', ...PAGE]
  },
  {
    image: 'haproxy',
    software: 'HAProxy',
    version: { package: 'haproxy', begins: '2.6' },
    about: 'read-only root, its own user',
    args: ['--options', '--read-only --tmpfs /run']
  },
  {
    image: 'dnsmasq',
    software: 'dnsmasq',
    version: { package: 'dnsmasq-base', begins: '2.90' },
    about: 'leases on a volume',
    args: ['--options', '--cap-add NET_ADMIN', '--data-paths', '/var/lib/misc']
  },
  {
    image: 'memcached',
    software: 'memcached',
    version: { package: 'memcached', begins: '1.6' },
    about: 'no volume, its own user',
    args: []
  },
  {
    image: 'redis',
    software: 'Redis',
    version: { package: 'redis-server', begins: '7.0' },
    about: 'append-only file on a volume, its own user, health check',
    args: ['--data-paths', '/data']
  },
  {
    image: 'mosquitto',
    software: 'Mosquitto',
    version: { package: 'mosquitto', begins: '2.0' },
    about: 'retained messages on a volume, its own user',
    args: ['--data-paths', '/data']
  },
  {
    image: 'prosody',
    software: 'Prosody',
    version: { package: 'prosody', begins: '0.12' },
    about: 'accounts on a volume, its own user',
    args: ['--data-paths', '/var/lib/prosody']
  },
  {
    image: 'node',
    software: 'Node.js and Express',
    version: { package: 'nodejs', begins: '18' },
    about: 'a cache and users’ data on one volume, its own user',
    args: ['--cache-paths', '/data/cache', '--data-paths', '/data/visits.json']
  },
  {
    image: 'python',
    software: 'Gunicorn and Flask',
    version: { package: 'gunicorn', begins: '20.1' },
    about: 'needs 15 s to be ready; a cache and users’ data on one volume, its own user',
    args: ['--cache-paths', '/data/cache', '--data-paths', '/data/documents.json']
  },
  {
    image: 'no-shell',
    software: 'Busybox as a web server',
    version: undefined,
    about: 'one static C binary in an empty image: no shell, no libraries, no /etc/passwd',
    args: [],
    quick: true
  }
]
