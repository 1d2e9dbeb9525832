import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { execute, root } from '../action/runner.js'

/** Verdict, with the reason, of every scenario by id. */
export type Verdicts = Readonly<Record<string, string>>

/** Where the verdicts of a well-behaved image are kept: beside its Dockerfile. `UPDATE=1` writes them. */
export function verdictsFile(image: string): string {
  return join(root, '__tests__/fixtures/software', image, 'verdicts.json')
}

/** @returns the verdicts that are kept; with `UPDATE=1` those that were found, after they were written */
export async function keptVerdicts(image: string, found: Verdicts): Promise<Verdicts> {
  const file = verdictsFile(image)
  if (process.env.UPDATE === '1') {
    await writeFile(file, `${JSON.stringify(found, undefined, 2)}\n`)
    return found
  }
  return verdictsOf(await readFile(file, 'utf8'))
}

/** The content of such a file. */
export function verdictsOf(text: string): Verdicts {
  return z.record(z.string(), z.string()).parse(JSON.parse(text))
}

/** The upstream version of a Debian package in an image, without epoch and Debian's own revision. */
export async function versionIn(tag: string, packageName: string): Promise<string> {
  const query = ['dpkg-query', '--show', '--showformat', '${Version}', packageName]
  const [program = '', ...args] = query
  const run = ['run', '--rm', '--entrypoint', program, tag, ...args]
  const { exitCode, stdout, output } = await execute('docker', run)
  if (exitCode !== 0) throw new Error(`no version of ${packageName}: ${output}`)
  return stdout.replace(/^\d+:/, '').replace(/-[^-]*$/, '')
}

/** Those of a table that every change runs, or all the others. */
export function quick<T extends { readonly quick?: true }>(table: readonly T[], isQuick: boolean): T[] {
  return table.filter((entry) => (entry.quick === true) === isQuick)
}
