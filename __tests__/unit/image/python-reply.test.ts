import { describe, expect, test } from '@jest/globals'
import { readReply } from '../../../src/image/python-reply.js'

const token = '6f9d'

/** What the script in the container prints, in pieces of this length. */
function printed(value: unknown, length = 1000): string[] {
  const text = Buffer.from(JSON.stringify(value)).toString('base64')
  const pieces = text.match(new RegExp(`.{1,${length}}`, 'g')) ?? []
  return pieces.map((piece, at) => `${token} ${at + 1}/${pieces.length} ${piece}`)
}

describe('the answer of a Python in a container', () => {
  const value = { name: 'café', list: [1, 2, 3] }
  const lines = printed(value, 8)

  test.each<[string, string[]]>([
    ['in one piece', printed(value)],
    ['in many pieces', lines],
    [
      'between lines of the image',
      ['warning', ...lines.flatMap((line) => [line, '# import noise', '']), 'bye']
    ],
    ['behind text without a newline', ['', ...lines.map((line) => `noise${line}`)]],
    ['with carriage returns', lines.map((line) => `${line}\r`)],
    ['behind a forged piece out of turn', [`${token} 9/9 AAAA`, ...lines]]
  ])('is found %s', (_, output) => {
    expect(readReply(token, output.join('\n'))).toEqual(value)
  })

  test.each<[string, string[]]>([
    ['nothing was printed', []],
    ['a piece is missing', lines.filter((_, at) => at !== 1)],
    ['it was cut', lines.slice(0, -1)],
    ['the token is another', lines.map((line) => line.replace(token, 'ffff'))],
    ['it is no JSON', [`${token} 1/1 ${Buffer.from('{').toString('base64')}`]],
    ['it is no base64', [`${token} 1/1 <script>`]]
  ])('is none when %s', (_, output) => {
    expect(readReply(token, output.join('\n'))).toBeUndefined()
  })
})
