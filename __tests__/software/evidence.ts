import { PAIRS, type Cell, type Pair } from './pairs.js'
import { WELL_BEHAVED, type WellBehaved } from './well-behaved.js'
import type { Verdicts } from './crash-test.js'

/** `docs/evidence.md`, from the tables that the tests use. @param kept the verdicts of the well-behaved images, by name */
export function renderEvidence(kept: ReadonlyMap<string, Verdicts>): string {
  return `# What was shown with real software

Made from the tables that the tests use: \`UPDATE=1 npm run jest -- --selectProjects unit\` writes this page. The images are in
[fixtures/software](../__tests__/fixtures/software), on Debian 12 and with its packages. The tests marked with ✓ are among
\`script/test verdicts\`, the others \`script/test software\`.

## Detection

The same software, started twice on the same damage: as it is commonly started, and with the entrypoint or the setting that makes it
recover. All of these are the real thing. The images in [fixtures/images](../__tests__/fixtures/images), which hold the faults that are
not in this table, are imitations: small scripts that behave as software was seen to.

<!-- prettier-ignore -->
| fault | software | fragile: it … | comes out as | hardened: it … | comes out as | |
| --- | --- | --- | --- | --- | --- | --- |
${PAIRS.flatMap((pair) => pair.cells.map((cell) => pairRow(pair, cell))).join('\n')}

## No false alarm

Every default fault and every fault that is learned from the image itself, at images that start well. None fails.

<!-- prettier-ignore -->
| software | what it stands for | scenarios | of these | |
| --- | --- | --- | --- | --- |
${WELL_BEHAVED.map((entry) => wellBehavedRow(entry, kept.get(entry.image) ?? {})).join('\n')}

## Found on the way

What a first run of these images showed, and what was done about it. Each is the software's own behaviour; the images above have the
setting that helps.

${FOUND.map((found) => `- ${found}`).join('\n')}
`
}

const FOUND: readonly string[] = [
  '**nginx** dies of a dangling link or a loop at `proxy_cache_path`:\n' +
    '  `stat() "/var/cache/nginx/proxy" failed (2: No such file or directory)`.',
  '**nginx** sends a page from a cache file that was cut in half with the length of the whole one: clients wait for the rest.\n' +
    '  Nothing in a cache entry lets it tell, so the entrypoint starts on an empty cache.',
  '**lighttpd** sends what `deflate.cache-dir` holds as it is, also where it was emptied, zeroed or has flipped bits:\n' +
    '  `curl: (61) Error while processing content unencoding`. Again an empty cache at every start is what helps.',
  '**Gunicorn** starts a worker again, for ever, whose application refuses to start by `sys.exit`, and never ends itself: the\n' +
    '  container is up and never ready. With `--preload` the application is loaded by the master, and its refusal ends the container.',
  '**A removed database**: an entrypoint that deletes a SQLite file which fails `PRAGMA integrity_check`, and makes a new one,\n' +
    '  starts well and has thrown away what could still be read: `data-lost`.',
  '**Chromium** leaves `SingletonLock` in its profile, with the name of its host, also when it is ended with SIGTERM. In a new container,\n' +
    '  whose host name is another, it then exits with 21: without `--hostname` the image fails the control, since it starts once and not twice.',
  '**npm** 9 repairs its cache where a registry can be reached: `seems to be corrupted. Refreshing cache.` With `--offline` the same line\n' +
    '  is followed by `ENOTCACHED`, and the install fails; `EINTEGRITY` was not seen.',
  '**Jupyter Notebook** dies of a `jupyter_notebook_config.json` that is cut short or empty. An empty cookie secret, or an empty or cut\n' +
    '  `nbconfig/notebook.json`, did not keep it from starting.',
  '**apt-cacher-ng** sends a cached package with flipped bits, or all NUL bytes, with status 200. It downloads again what is shorter than\n' +
    '  its description says, or has a damaged description.'
]

function pairRow(pair: Pair, cell: Cell): string {
  const fault = `${cell.code} \`${cell.scenario.slice(0, cell.scenario.indexOf('@'))}\``
  const software = [pair.software, pair.version.begins ?? ''].join(' ').trim()
  return row([fault, software, pair.fragile, cell.fails, pair.hardened, cell.passes, mark(pair)])
}

function wellBehavedRow(entry: WellBehaved, verdicts: Verdicts): string {
  const all = Object.values(verdicts)
  const kinds = [...new Set(all)].sort()
  const counts = kinds.map((kind) => `${all.filter((verdict) => verdict === kind).length} ${kind}`)
  const software = named(entry)
  return row([software, entry.about, `${all.length}`, counts.join(', '), mark(entry)])
}

/** The version stands behind the name, not behind how it is started. */
function named({ software, version }: WellBehaved): string {
  if (version === undefined) return software
  const [name = '', ...rest] = software.split(',')
  return [`${name} ${version.begins}`, ...rest].join(',')
}

function mark(entry: { readonly quick?: true }): string {
  return entry.quick === true ? '✓' : ''
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
}
