import type { BootMode, Family, Fault, Pack, Signature } from '../model.js'
import type { NotPlantable } from './not-plantable.js'

/** Columns of prose, as in the README. */
const WIDTH = 120

const FAMILIES: Readonly<Record<Exclude<Family, 'own'>, string>> = {
  shape: 'something of the wrong kind at the path',
  access: 'a path that start-up may not write to',
  bytecode: 'old or broken Python code and bytecode on a volume',
  crash: 'a container that was killed',
  state: 'damaged files, whoever wrote them',
  download: 'models and packages whose download was cut short',
  jit: 'compiled code of an earlier run',
  database: 'damaged databases',
  lock: 'left-over locks and pid files',
  resource: 'no space left',
  skew: 'state of another version or another system',
  concurrency: 'several containers on one volume'
}

const PACKS: Readonly<Record<Pack, string>> = {
  huggingface: 'Hugging Face caches',
  torch: 'PyTorch checkpoints',
  models: 'ollama and model directories',
  jit: 'Triton, vLLM, numba and matplotlib caches',
  'python-data': 'NLTK, tiktoken, pickles, dbm, native modules',
  database: 'SQLite, Redis, RocksDB, PostgreSQL, Elasticsearch',
  browser: 'Chromium profiles and X servers',
  celery: 'celery’s schedule and pid file',
  git: 'git clones',
  node: 'npm caches and native modules',
  ruby: 'Rails servers'
}

/** The README's tables of families and packs, with a newline at the end. */
export function renderFaultSummary(catalogue: readonly Fault[]): string {
  const families = unique(catalogue.map(({ family }) => family)).map((family) => {
    const own = catalogue.filter((fault) => fault.family === family)
    const inDefault = own.filter((fault) => fault.default)
    return [
      code(family),
      family === 'own' ? '' : FAMILIES[family],
      links(inDefault),
      links(own.filter((fault) => !fault.default))
    ]
  })
  const packs = unique(catalogue.flatMap((fault) => fault.packs ?? [])).map((pack) => [
    code(pack),
    PACKS[pack],
    links(catalogue.filter((fault) => fault.packs?.includes(pack)))
  ])
  return `${table(['family', 'what it plants', 'default set', 'on demand'], families)}\n${table(['pack', 'for', 'faults'], packs)}`

  function links(faults: readonly Fault[]): string {
    return faults.map(({ id }) => `[\`${id}\`](docs/faults.md#${id})`).join(', ')
  }
}

/** The page of all faults, in Markdown: a table, a section for each, and what is not planted. */
export function renderFaultPage(catalogue: readonly Fault[], left: readonly NotPlantable[]): string {
  const rows = catalogue.map((fault) => [
    `[\`${fault.id}\`](#${fault.id})`,
    codes(fault),
    fault.family,
    (fault.packs ?? []).join(', '),
    fault.default ? 'yes' : '',
    fault.title
  ])
  return [
    '# Faults',
    'This page is made from the catalogue in `src/faults`; a test holds it up to date.',
    wrap(
      'The input `faults` takes ids, codes, families and packs; `!NAME` leaves one out. A fault that needs certain files is planted only where the control left them; otherwise the report says what was looked for. What it damages on a data path is user data: start-up may refuse to run on it, and may not destroy what is left of it.'
    ),
    table(['fault', 'code', 'family', 'packs', 'default set', 'what is planted'], rows).trimEnd(),
    ...catalogue.map(section),
    '## What is not planted',
    ...left.map((entry) =>
      [`### ${entry.id}`, `${entry.code}: ${entry.title}.`, wrap(`${entry.reason} ${entry.instead}`)].join(
        '\n\n'
      )
    )
  ]
    .join('\n\n')
    .concat('\n')
}

function section(fault: Fault): string {
  const packs = fault.packs === undefined ? '' : `, packs ${fault.packs.map(code).join(', ')}`
  const set = fault.default ? 'in the default set' : 'on demand'
  const facts = [
    `- Code ${codes(fault)}, family ${code(fault.family)}${packs}; ${set}.`,
    ...(fault.looksFor === undefined ? [] : [`- Looks for ${fault.looksFor}.`]),
    `- Boot modes by default: ${modes(fault.modes)}.`,
    `- On a cache path start-up must ${must(fault.expects('cache'))}; on a data path it must ${must(fault.expects('data'))}.`
  ]
  const threads = fault.evidence.map(link)
  return [
    `## ${fault.id}`,
    `${fault.title}.`,
    facts.map((line) => wrap(line, '  ')).join('\n'),
    wrap(
      `Who met it: ${threads.length === 0 ? 'nobody in a public thread that we know of' : threads.join(', ')}.`
    ),
    ...(fault.signatures.length === 0
      ? ['What the log says: nothing that tells it from other failures, or nothing at all.']
      : ['What the log says:', fault.signatures.map(saying).join('\n')]),
    wrap(`What to do about it: ${fault.remedy}`)
  ].join('\n\n')
}

function saying({ pattern, cause, remedy }: Signature): string {
  return [
    `- ${fenced(pattern)}\n`,
    ...wrap(`${cause} ${remedy}`)
      .split('\n')
      .map((line) => `  ${line}\n`)
  ]
    .join('')
    .trimEnd()
}

/** A code span; none of the patterns holds a backtick. */
function fenced(text: string): string {
  return `\`${text}\``
}

function codes({ code: first, alsoCode }: Fault): string {
  return alsoCode === undefined ? first : `${first}, ${alsoCode}`
}

function modes(own: readonly BootMode[] | undefined): string {
  if (own === undefined) return '`recreate` on a volume, `restart` in the container’s own layer'
  return own.map(code).join(' and ')
}

function must(expectation: ReturnType<Fault['expects']>): string {
  switch (expectation) {
    case 'recover':
      return 'recover'
    case 'recover-or-refuse':
      return 'recover, or refuse to run and keep the data'
    case 'leave-alone':
      return 'leave it alone'
  }
}

/** `owner/repo#1` as a link to the thread (GitHub leads from an issue's address to a pull request's), else the URL itself. */
function link(thread: string): string {
  const [, repository, number] = /^([\w.-]+\/[\w.-]+)#(\d+)$/.exec(thread) ?? []
  if (repository === undefined || number === undefined) return `<${thread}>`
  return `[${thread}](https://github.com/${repository}/issues/${number})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`)
  return `<!-- prettier-ignore -->\n${lines.join('')}`
}

function wrap(text: string, indent = ''): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(lines.length === 0 ? word : `${indent}${word}`)
  }
  return lines.join('\n')
}

function code(word: string): string {
  return `\`${word}\``
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}
