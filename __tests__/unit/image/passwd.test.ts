import { describe, expect, test } from '@jest/globals'
import { resolveUser } from '../../../src/image/passwd.js'

const files = {
  passwd: [
    'root:x:0:0:root:/root:/bin/bash',
    'app:x:1000:1001:App,,,:/home/app:/bin/sh',
    '# a comment',
    'broken:x:abc:1:::',
    '2000:x:3000:3000::/home/digits:/bin/sh',
    'homeless:x:1234:1234:::',
    'short:x:77:78',
    ''
  ].join('\n'),
  group: 'root:x:0:\nstaff:x:50:app\napp:x:1001:\n+:::\n'
}
const none = { passwd: '', group: '' }

describe('the user of a container', () => {
  test.each([
    ['', 0, 0, '/root'],
    ['root', 0, 0, '/root'],
    ['app', 1000, 1001, '/home/app'],
    ['1000', 1000, 1001, '/home/app'],
    ['app:staff', 1000, 50, '/home/app'],
    ['app:7', 1000, 7, '/home/app'],
    ['1000:50', 1000, 50, '/home/app'],
    ['4242', 4242, 0, undefined],
    ['4242:4343', 4242, 4343, undefined],
    [':staff', 0, 50, '/root'],
    // A name that looks like a number is a name (GetExecUser).
    ['2000', 3000, 3000, '/home/digits'],
    ['homeless', 1234, 1234, ''],
    ['short', 77, 78, '']
  ])('%j is uid %i, gid %i, home %j', (spec, uid, gid, home) => {
    expect(resolveUser(spec, files)).toEqual({ spec, uid, gid, home })
  })

  test.each([
    ['', 0, 0],
    ['65532:65532', 65532, 65532]
  ])('%j needs no account files', (spec, uid, gid) => {
    expect(resolveUser(spec, none)).toEqual({ spec, uid, gid, home: undefined })
  })

  test.each([
    ['nobody', 'the image\'s user is "nobody", and its /etc/passwd has no such name'],
    ['broken', 'the image\'s user is "broken", and its /etc/passwd has no such name'],
    ['app:wheel', 'the image\'s group is "wheel", and its /etc/group has no such name'],
    ['9999999999', 'the image\'s user is "9999999999", and its /etc/passwd has no such name'],
    ['-1', 'the image\'s user is "-1", and its /etc/passwd has no such name']
  ])('%j is refused', (spec, message) => {
    expect(() => resolveUser(spec, files)).toThrow(expect.objectContaining({ name: 'UserError', message }))
  })
})
