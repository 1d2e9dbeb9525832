import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

test('the list of fixture images has a row for each, and for no other', () => {
  const folder = '__tests__/fixtures/images'
  const listed = [...readFileSync(`${folder}/README.md`, 'utf8').matchAll(/^\| `([\w-]+)`/gm)].map(
    ([, name = '']) => name
  )
  const images = readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/Dockerfile`))
  expect(listed.sort()).toEqual(images.sort())
})
