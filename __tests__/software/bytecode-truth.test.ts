import { afterAll, describe, test } from '@jest/globals'
import { holdTable, INTERPRETERS } from '../verdicts/bytecode-table.js'
import { holdRow, ROWS } from '../verdicts/bytecode-truth.js'
import { FixtureImages } from '../action/fixture-images.js'

describe.each(['python3.9', 'python3.13'] as const)('%s', (base) => {
  const images = new FixtureImages('images', base)
  afterAll(async () => {
    await images.remove()
  })

  test.concurrent.each(ROWS)('$situation', async (row) => {
    await holdRow(images, row)
  })

  test.concurrent.each(INTERPRETERS)('old bytecode on a volume and $name', async (interpreter) => {
    await holdTable(images, interpreter)
  })
})
