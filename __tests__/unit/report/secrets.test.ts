import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  buildVariables,
  containerSecrets,
  optionVariables,
  isSecret,
  isSecretName,
  masker,
  secretForms,
  secretValues
} from '../../../src/report/secrets.js'

const ofImageOnly = (env: Readonly<Record<string, string>>): ReturnType<typeof containerSecrets> =>
  containerSecrets({ env, givenEnv: {} })

describe('secrets', () => {
  test.each([
    ['API_KEY', true],
    ['github_token', true],
    ['DB_PASSWD', true],
    ['AWS_CREDENTIALS', true],
    ['CLIENT_SECRET_ID', true],
    ['DB_PASS', true],
    ['REDIS_AUTH', true],
    ['SSH_PASSPHRASE', true],
    ['MSSQL_SA_PWD', true],
    ['SENTRY_DSN', true],
    ['HOME', false],
    ['PWD', false],
    ['OLDPWD', false],
    ['COMPASS', false],
    ['AUTHOR', false],
    ['PASSENGER_ENV', false],
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

  test.each([
    ['a password in a URL', 'postgres://app:s3cr3t-pw@db/x', true],
    ['a token in a URL', 'https://ghs16characters0@github.com/o/r', true],
    ['a user in a URL', 'ssh://git@github.com/o/r', false],
    ['an @ in a path', 'https://registry/@scope/package', false],
    ['an empty password', 'redis://user:@db', false],
    ['a GitHub token', `ghp_${'a1'.repeat(18)}`, true],
    ['an npm token', `npm_${'a1'.repeat(18)}`, true],
    ['a JSON Web Token', 'eyJhbGciOi.eyJzdWIiOi.c2ln', true],
    ['a commit', 'f3a1'.repeat(10), false]
  ])('%s is a secret whatever its name: %s, %s', (_, value, secret) => {
    expect(isSecret('SETTING', value)).toBe(secret)
  })

  test('of a URL, the password is masked by itself', () => {
    expect(masker(['postgres://app:s3cr3t%40pw@db/x'])('password is s3cr3t%40pw.')).toBe('password is ***.')
  })

  test('of an image are masked as far as there is time', () => {
    const env = Object.fromEntries(
      Array.from({ length: 150 }, (_, at): [string, string] => [`K${at}_KEY`, `value-${at}`])
    )
    const { ofImage, left } = ofImageOnly({ LONG_KEY: 'x'.repeat(10_000), ...env })
    expect([ofImage.length, ofImage[0], left]).toEqual([100, 'value-0', 51])
    const lines = 'abcd\n'.repeat(60)
    expect(ofImageOnly({ A_KEY: lines, B_KEY: `${lines}.`, C_KEY: 'short' })).toEqual({
      given: [],
      ofImage: [lines, 'short'],
      left: 1
    })
    const long = { A_KEY: 'a'.repeat(5_000), B_KEY: 'b'.repeat(5_000), C_KEY: 'short' }
    expect(ofImageOnly(long).ofImage).toEqual([long.A_KEY, 'short'])
  })

  test('of an image are masked in the forms of common languages, and at a cut', () => {
    const value = 'p&s? "x"/y'
    const mask = masker([], [value, 'another-one'])
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
      expect(mask(`a ${form} b`)).toBe('a *** b')
    expect(mask(`token ${Buffer.from(value).toString('base64')}`)).toBe('token ***')
    expect(mask('it is anoth …')).toBe('it is *** …')
    expect(mask('it is ano …')).toBe('it is ano …')
  })

  test('of an image cost no more than there is time for, whatever they are', () => {
    const env = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`A${at}_KEY`, `${'&'.repeat(900)}x${at}`])
    )
    const mask = masker([], ofImageOnly(env).ofImage)
    // As expressions, all of them took minutes for one such line.
    const line = '&'.repeat(2_000)
    for (let times = 0; times < 100; times++) expect(mask(line)).toBe(line)
  })

  test('of a container are the user’s in any number, and the image’s beside them', () => {
    const givenEnv = Object.fromEntries(
      Array.from({ length: 150 }, (_, at): [string, string] => [`K${at}_KEY`, `value-${at}`])
    )
    const env = { 1: 'ghp_0123456789abcdefghij', ...givenEnv, SAME_KEY: 'value-7' }
    const { given, ofImage, left } = containerSecrets({ env, givenEnv })
    expect([given.length, ofImage, left]).toEqual([150, [env[1]], 0])
  })

  test('with backslashes take no more time where they are escaped again, and never end', () => {
    const value = Array.from({ length: 40 }, (_, at) => `\\"k${at}\\"`).join(':')
    const mask = masker([value])
    const twice = JSON.stringify(JSON.stringify(value))
    expect(mask(`it is ${twice.slice(3, -3)}.`)).toBe('it is ***.')
    // With each backslash to be divided up among its neighbours, this took longer than anybody waits.
    const broken = `it is ${twice.slice(3, -60)}?`
    expect(mask(broken)).toBe(broken)
    const attack = `${'\\'.repeat(5)}"`.repeat(60)
    expect(masker(['\\"'.repeat(60)])(`${attack.slice(0, -1)}?`)).toMatch(/\?$/)
  })

  test('with a backslash that is escaped in another way than what follows it', () => {
    const mask = masker(["p\\&ss'w0rd!"])
    expect(mask("postgres://u:p%5C\\u0026ss'w0rd!@db")).toBe('postgres://u:***@db')
    expect(mask("p\\\\\\u0026ss'w0rd!")).toBe('***')
  })

  test('of which only the beginning is left by a cut of ours are masked', () => {
    const mask = masker(['S3cr3t-Value'])
    expect(mask('it is S3cr3t-… (6 characters cut)')).toBe('it is ***… (6 characters cut)')
  })

  test('of options are the variables that they give', () => {
    const options = ['--env', 'A=1=2', '-e', 'B', '--env=C=3', '-eD=4', '-v', 'E=5', '--env']
    expect(optionVariables(options, { B: 'from outside' })).toEqual({
      A: '1=2',
      B: 'from outside',
      C: '3',
      D: '4'
    })
  })

  test('of a build are its arguments, with those of the environment, and its context', () => {
    const build = { context: 'https://x:t0ken@host/r', buildArgs: ['A=b=c', 'NPM_TOKEN', 'NONE'] }
    const variables = { CONTEXT: build.context, A: 'b=c', NPM_TOKEN: 'from outside', NONE: '' }
    expect(buildVariables(build, { NPM_TOKEN: 'from outside' })).toEqual(variables)
    expect(buildVariables(build)).toMatchObject({ NPM_TOKEN: '' })
    expect(buildVariables(undefined)).toEqual({})
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

  test.each([
    ['Go’s JSON', 'p&ssw<rd>17', 'p\\u0026ssw\\u003crd\\u003e17'],
    ['PHP’s JSON', 'wJalr/K7MDENG/bPx', 'wJalr\\/K7MDENG\\/bPx'],
    ['Python’s JSON', 'gr\u00fcn-haus-\u{1f511}', 'gr\\u00fcn-haus-\\ud83d\\udd11'],
    ['JSON in JSON', 'say "x" \\ y', 'say \\\\\\"x\\\\\\" \\\\\\\\ y'],
    ['Go’s url.UserPassword', 'a$b&c@d-tiger', 'a$b&c%40d-tiger'],
    ['encodeURI', 'a?b c-tiger', 'a?b%20c-tiger'],
    ['URLSearchParams', 'a~b*c d', 'a%7Eb*c+d'],
    ['digits of both cases', 'a+b/c=d-tiger', 'a%2Bb%2fc%3Dd-tiger'],
    ['a shell', "hun'ter2x y", "hun'\\''ter2x y"],
    ['XML by numbers', 'a<b\u00fcc-tiger', 'a&#x3c;b&#252;c-tiger'],
    ['hexadecimal digits', 'hunter2-hunter2', '68756e746572322d68756e74657232'],
    ['a blank end taken off, and Base64', 'hunter2secret-abc\n', 'aHVudGVyMnNlY3JldC1hYmM='],
    ['a blank end taken off, and a URL', 'hunter2 secret@abc\n', 'hunter2%20secret%40abc'],
    ['Base64 of one line of several', 'first line\nhunter2 secret', 'aHVudGVyMiBzZWNyZXQ=']
  ])('are masked in the form of %s', (_, secret, form) => {
    expect(masker([secret])(`before ${form} after`)).toBe('before *** after')
  })

  test.each([
    ['token=npm_4uQx81TfLk29ZsWvB7eHdRy0Cg …', 'token=*** …'],
    ['token=npm_4uQx81TfLk29ZsWv…', 'token=***…'],
    ['...npm_4uQx81TfLk29ZsWvB [… 6 more bytes]', '...*** [… 6 more bytes]'],
    ['npm… and more', 'npm… and more'],
    ['going on …', 'going on …']
  ])('are masked where a cut left only their beginning: %j', (text, masked) => {
    expect(masker(['npm_4uQx81TfLk29ZsWvB7eHdRy0CgPm5AaJ'])(text)).toBe(masked)
  })

  test.each([
    ['backslashes', '\\'.repeat(500)],
    ['quotes', "'".repeat(500)],
    ['ampersands', '&amp;'.repeat(100)],
    ['percents', '%25'.repeat(200)],
    ['blanks', `x${' '.repeat(500)}y`]
  ])('are looked for in linear time, also those of many %s', (_, secret) => {
    const mask = masker([secret])
    const hostile = [1, 2, 3].map((times) => secret.repeat(times * 10).slice(0, -1))
    const began = performance.now()
    for (const text of [...hostile, ...hostile.map((one) => one.replaceAll('\\', '\\\\'))]) mask(text)
    // Exponential time would not end at all.
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test('leave nothing of them that tells, in every form, at every place, whatever they are', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
      .filter((text) => text.trim() === text && !/[\r\n\ud800-\udfff]/.test(text))
    const others = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '1', ':'), maxLength: 10 })
    const url = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2)
    const ascii = (text: string): string =>
      JSON.stringify(text).replace(
        /[\u007f-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      )
    const forms = [
      (plain: string) => plain,
      encodeURIComponent,
      encodeURI,
      url,
      (plain: string) => JSON.stringify(plain),
      ascii,
      (plain: string) => ascii(plain).replaceAll('/', '\\/'),
      (plain: string) => Buffer.from(plain).toString('hex')
    ]
    fc.assert(
      fc.property(secret, others, others, (text, before, after) => {
        const mask = masker([text])
        for (const form of forms) {
          const inside = (whole: string): string => form(whole).replace(/^"|"$/g, '')
          expect(mask(form(`${before}${text}${after}`)).replace(/^"|"$/g, '')).toBe(
            `${inside(before)}***${inside(after)}`
          )
        }
        for (const alphabet of ['base64', 'base64url'] as const) {
          const whole = Buffer.from(`${before}${text}${after}`).toString(alphabet)
          expect(mask(whole)).not.toBe(whole)
        }
      }),
      { numRuns: 300 }
    )
  })
})
