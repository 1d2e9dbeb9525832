import { test } from '@jest/globals'
import { cells, holdCell } from '../verdicts/examples-table.js'

test.concurrent.each(cells(['python3.9']))(
  '%s on %s comes out as the table says, and leaves nothing on the engine',
  async (name, base) => {
    await holdCell(name, base)
  }
)
