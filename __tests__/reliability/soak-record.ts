import { existsSync, readFileSync } from 'node:fs'

/** What the machine and the engine do meanwhile: a third of the runs each, and each example in every third round. */
export const CONDITIONS = ['idle', 'load', 'faults'] as const
export type Condition = (typeof CONDITIONS)[number]

/** What one example came out as in one round. */
export interface SoakEntry {
  readonly round: number
  readonly condition: Condition
  readonly example: string
  /** First digits of the SHA-256 of the dist/index.js that ran. */
  readonly bundle: string
  /** Version of the Docker Engine. */
  readonly engine: string
  /** How many runs were made side by side; without it, one after the other. */
  readonly sideBySide?: number
  /** How many trials of a run might boot at a time; without it, as many as by default. */
  readonly maxParallel?: number
  readonly seconds: number
  /** Scenarios that came out as they must, that could not be known, and that came out wrong. */
  readonly right: number
  readonly inconclusive: number
  readonly wrong: readonly string[]
  /** Null when there was no verdict: then the job fails, and says why. */
  readonly verdict: string | null
  readonly exitCode: number | null
  /** Requests that were made to go wrong. */
  readonly injected: number
  readonly leftBehind: number
}

/** The runs that a file tells of, a line each; none where there is no such file. */
export function readSoak(file: string): SoakEntry[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SoakEntry)
}

/** The runs that were made with a bundle: those of another one say nothing about it. */
export function ofBundle(entries: readonly SoakEntry[], bundle: string): SoakEntry[] {
  return entries.filter((entry) => entry.bundle === bundle)
}

/** Whether there are runs, and none of them was wrong or left anything. */
export function isClean(entries: readonly SoakEntry[]): boolean {
  return (
    entries.length > 0 && entries.every(({ wrong, leftBehind }) => wrong.length === 0 && leftBehind === 0)
  )
}

/** The runs in numbers, as Markdown: a row for each condition, and with what they were made. */
export function renderSoak(entries: readonly SoakEntry[]): string {
  const sum = (of: readonly SoakEntry[], number: (entry: SoakEntry) => number): number =>
    of.reduce((total, entry) => total + number(entry), 0)
  const lines = CONDITIONS.map((condition) => {
    const some = entries.filter((entry) => entry.condition === condition)
    const cells = [
      `\`${condition}\``,
      some.length,
      sum(some, ({ right }) => right),
      sum(some, ({ inconclusive }) => inconclusive),
      sum(some, ({ wrong }) => wrong.length),
      some.filter(({ verdict }) => verdict === null).length,
      sum(some, ({ injected }) => injected),
      sum(some, ({ leftBehind }) => leftBehind)
    ]
    return `| ${cells.join(' | ')} |`
  })
  const bundles = new Map<string, number>()
  for (const { bundle, engine, sideBySide = 1, maxParallel } of entries) {
    const manner =
      (sideBySide > 1 ? `, ${sideBySide} side by side` : '') +
      (maxParallel === undefined ? '' : `, with \`max-parallel: ${maxParallel}\``)
    const key = `\`dist/index.js\` ${bundle} on Docker ${engine}${manner}`
    bundles.set(key, (bundles.get(key) ?? 0) + 1)
  }
  const made = [...bundles].map(([which, runs]) => `- ${runs} runs of ${which}`)
  return [
    '<!-- prettier-ignore -->',
    '| condition | runs | scenarios right | inconclusive | wrong | runs without a verdict | requests that went wrong | left behind |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    ...made
  ].join('\n')
}
