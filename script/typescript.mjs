// Lets Node run the TypeScript of the tests as a program: node --import ./script/typescript.mjs FILE.ts
// Node 20 cannot leave types out by itself. Nothing is checked here: `npm run typecheck` does that.
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import typescript from 'typescript'

// This file is both: what Node is told to import, and the hooks that it then runs in a thread of their own.
if (process.env.TYPESCRIPT_HOOKS === undefined) {
  process.env.TYPESCRIPT_HOOKS = 'registered'
  register(import.meta.url)
  delete process.env.TYPESCRIPT_HOOKS
}

/** Sources import each other as what they are compiled to. */
export async function resolve(specifier, context, next) {
  const isOurs = context.parentURL?.endsWith('.ts') && /^\..*\.js$/.test(specifier)
  return await next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context)
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return await next(url, context)
  const { outputText } = typescript.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), {
    compilerOptions: { module: 'esnext', target: 'es2022', verbatimModuleSyntax: true, inlineSourceMap: true }
  })
  return { format: 'module', source: outputText, shortCircuit: true }
}
