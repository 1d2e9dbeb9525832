// Exits 0 if node_modules is what package-lock.json says. `npm ci` would remove and reinstall it every time.
import { readFileSync } from 'node:fs'

/** @returns what a lock file says of each package below node_modules, or undefined when it cannot be read */
function packagesIn(path) {
  try {
    const { packages } = JSON.parse(readFileSync(path, 'utf8'))
    return new Map(Object.entries(packages).filter(([name]) => name !== ''))
  } catch {
    return undefined
  }
}

const wanted = packagesIn('package-lock.json')
// npm keeps this beside what it installed, since version 7.
const installed = packagesIn('node_modules/.package-lock.json')

const isCurrent =
  wanted !== undefined &&
  installed !== undefined &&
  [...wanted].every(([name, { integrity, optional }]) => {
    const found = installed.get(name)
    // Optional packages are for other platforms where they are missing.
    return found === undefined ? optional === true : found.integrity === integrity
  }) &&
  [...installed.keys()].every((name) => wanted.has(name))

process.exit(isCurrent ? 0 : 1)
