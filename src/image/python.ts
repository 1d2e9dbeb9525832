/** What the image's own Python tells, in the order in which a run asks. */
export { readPythonFacts, type PythonAnswer, type PythonOptions } from './python-facts.js'
export { parseVerboseImports, type ImportRecord } from './verbose-imports.js'
export { chooseModules, type ModuleChoice } from './modules.js'
export { compileBytecode } from './bytecode.js'
