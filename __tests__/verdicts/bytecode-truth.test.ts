import { afterAll, test } from '@jest/globals'
import { holdTable, INTERPRETERS } from './bytecode-table.js'
import { holdRow, ROWS } from './bytecode-truth.js'
import { FixtureImages } from '../action/fixture-images.js'

// Other versions of Python are in the tests that take long.
const images = new FixtureImages('images', 'python3.11')
afterAll(async () => {
  await images.remove()
})

test.concurrent.each(ROWS)('$situation', async (row) => {
  await holdRow(images, row)
})

test.concurrent.each(INTERPRETERS)('old bytecode on a volume and $name', async (interpreter) => {
  await holdTable(images, interpreter)
})
