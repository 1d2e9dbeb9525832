import { describe, expect, test } from '@jest/globals'
import { isSecretName, masker, secretForms, secretValues } from '../../../src/report/secrets.js'

describe('secrets', () => {
  test.each([
    ['API_KEY', true],
    ['github_token', true],
    ['DB_PASSWD', true],
    ['AWS_CREDENTIALS', true],
    ['CLIENT_SECRET_ID', true],
    ['HOME', false],
    ['LOG_LEVEL', false]
  ])('the name %s says secret: %s', (name, secret) => {
    expect(isSecretName(name)).toBe(secret)
  })

  test('are values under telling names, and all that are declared', () => {
    const env = {
      API_KEY: 'k-51b7c0de',
      LOG_LEVEL: 'debug',
      USE_TOKEN: 'true',
      EMPTY_SECRET: '',
      SHORT_KEY: 'us'
    }
    expect([...secretValues(env, { npm: 'x1', none: '' })]).toEqual([
      ['k-51b7c0de', 'API_KEY'],
      ['x1', 'npm']
    ])
  })

  const pem = '-----BEGIN KEY-----\nMIIabc+/=\n}\n-----END KEY-----\n'

  test.each([
    ['as they are', (value: string) => value],
    ['as Base64', (value: string) => Buffer.from(value).toString('base64')],
    ['as Base64 for URLs', (value: string) => Buffer.from(value).toString('base64url')],
    ['URL-encoded', (value: string) => encodeURIComponent(value)],
    ['in JSON', (value: string) => JSON.stringify(value)],
    ['one line of several', () => 'got MIIabc+/= from the file']
  ])('are masked %s', (_, form) => {
    const masked = masker([pem, 'p&s? "x"/y'])
    expect(masked(form(pem))).not.toContain('MII')
    expect(masked(`before ${form('p&s? "x"/y')} after`)).toMatch(/\*\*\*|from the file/)
  })

  test.each(['', 'a', 'ab', 'user:', 'a longer lead'])(
    'are masked in the Base64 of something that begins with %j',
    (lead) => {
      const secret = 'sup3r-s3cret>>value??'
      for (const tail of ['', 'x', 'xy', '@host'])
        for (const alphabet of ['base64', 'base64url'] as const) {
          const leaked = Buffer.from(lead + secret + tail).toString(alphabet)
          const masked = masker([secret])(`Authorization: Basic ${leaked}`)
          expect(masked).toContain('***')
          // What is left are groups that the secret shares with its neighbours.
          const left = masked
            .replace(/^.*Basic /, '')
            .split('***')
            .map((part) => Buffer.from(part, 'base64').toString())
          expect(left.join()).not.toMatch(/3r-s3|cret|value/)
        }
    }
  )

  test('in braces leave braces alone, and the longer of two is masked whole', () => {
    expect(masker([pem])('{ } -----')).toBe('{ } -----')
    expect(masker(['secret', 'secret-and-more'])('a secret-and-more b')).toBe('a *** b')
    expect(secretForms('')).toEqual([])
  })
})
