import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
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

  const value = 'p&s? "x"/y~(z)'
  test.each([
    ['in XML', 'p&amp;s? &quot;x&quot;/y~(z)'],
    ['as a form', 'p%26s%3F+%22x%22%2Fy%7E%28z%29'],
    ['as Python quotes it', 'p%26s%3F%20%22x%22/y~%28z%29'],
    ['with small digits', 'p%26s%3f%20%22x%22%2fy~(z)']
  ])('are masked %s', (_, form) => {
    expect(masker([value])(`a ${form} b`)).toBe('a *** b')
  })

  test.each(['', 'a', 'ab', 'user:', 'Bearer '])(
    'are masked in Base64 of more than themselves: after %j',
    (before) => {
      const secret = 'hunter2-is-no-password'
      const encoded = Buffer.from(`${before}${secret} and more`).toString('base64')
      const masked = masker([secret])(encoded)
      expect(masked).toContain('***')
      // What is left holds no more than two bytes of it at either end.
      for (const part of masked.split('***'))
        expect(Buffer.from(part, 'base64').toString('latin1')).not.toMatch(/hun|ord/)
    }
  )

  test.each([64, 76])('are masked in Base64 that is folded after %i characters', (width) => {
    const secret = Array.from({ length: 40 }, (_, index) => `part ${index * 7919}`).join(',')
    const lines =
      Buffer.from(secret)
        .toString('base64')
        .match(new RegExp(`.{1,${width}}`, 'g')) ?? []
    expect(lines.length).toBeGreaterThan(4)
    expect(lines.slice(0, -1).map(masker([secret]))).toEqual(lines.slice(0, -1).map(() => '***'))
  })

  test('are masked in every form, at every place, whatever they are', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
      .filter((text) => text.trim() === text && !/[\r\n]/.test(text))
    const others = fc.string({ unit: 'grapheme-ascii', maxLength: 10 })
    fc.assert(
      fc.property(secret, others, others, (text, before, after) => {
        const encode = [
          (plain: string) => plain,
          (plain: string) => Buffer.from(plain).toString('base64'),
          (plain: string) => Buffer.from(plain).toString('base64url'),
          (plain: string) => encodeURIComponent(plain),
          (plain: string) => JSON.stringify(plain)
        ]
        for (const encoded of encode) {
          const whole = encoded(`${before}${text}${after}`)
          const masked = masker([text])(whole)
          expect(masked).not.toBe(whole)
        }
      }),
      { numRuns: 300 }
    )
  })
})
