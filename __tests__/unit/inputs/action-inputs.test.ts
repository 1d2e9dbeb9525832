import { describe, expect, test } from '@jest/globals'
import { readActionInputs, unknownActionInputs } from '../../../src/inputs.js'
import { INPUT_DEFINITIONS } from '../../../src/inputs/definitions.js'

describe('inputs as the runner passes them', () => {
  test('every input is read from its variable: upper case, hyphens kept', () => {
    const environment = Object.fromEntries(
      INPUT_DEFINITIONS.map(({ name }) => [`INPUT_${name.toUpperCase()}`, `value of ${name}`])
    )
    expect(environment).toHaveProperty(['INPUT_BUILD-ARGS'])
    expect(readActionInputs(environment)).toEqual(
      Object.fromEntries(INPUT_DEFINITIONS.map(({ name }) => [name, `value of ${name}`]))
    )
  })

  test('an empty value is not given, and other variables are none of our business', () => {
    expect(readActionInputs({ INPUT_IMAGE: '', INPUT_FILE: ' \n', PATH: '/bin', GITHUB_TOKEN: 'x' })).toEqual(
      {}
    )
  })

  test('a name that is nearly an input is kept, so that parsing can refuse it', () => {
    const environment = { 'INPUT_CACHE-PATH': '/a', INPUT_BUILD_ARGS: 'A=1' }
    expect(readActionInputs(environment)).toEqual({ 'cache-path': '/a', build_args: 'A=1' })
    expect(unknownActionInputs(environment)).toEqual([])
  })

  test('a name that is nothing like an input is left out, and can be warned of', () => {
    const environment = { INPUT_WEATHER: 'fine', INPUT_IMAGE: 'app', INPUT_: 'x' }
    expect(readActionInputs(environment)).toEqual({ image: 'app' })
    expect(unknownActionInputs(environment)).toEqual(['weather', ''])
  })
})
