import type { ImageUser } from '../model.js'

export interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

export interface GroupEntry {
  readonly name: string
  readonly gid: number
}

/** The text of /etc/passwd and /etc/group; empty where the image has none. */
export interface AccountFiles {
  readonly passwd: string
  readonly group: string
}

/** A user that the image does not know. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** Entries in order; lines that are none are left out. */
export function parsePasswd(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home] = line.trim().split(':')
    const [user, group] = [number(uid), number(gid)]
    if (name === undefined || name === '' || user === undefined || group === undefined) return []
    return [{ name, uid: user, gid: group, home: home ?? '' }]
  })
}

/** Entries in order; lines that are none are left out. */
function parseGroup(text: string): GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid] = line.trim().split(':')
    const group = number(gid)
    return name === undefined || name === '' || group === undefined ? [] : [{ name, gid: group }]
  })
}

/**
 * Who a container's process is, by the rule of Docker and runc (`GetExecUser` in moby/sys/user): a name or a number, with
 * an optional group; a number need not be known and then has group 0; empty means uid 0.
 * @param spec `USER` of the image or `--user`: ``, `name`, `uid`, `name:group`, `uid:gid`
 * @throws UserError when the image does not know a name
 */
export function resolveUser(
  spec: string,
  files: AccountFiles
): ImageUser & { readonly home: string | undefined } {
  const [who = '', groupSpec = ''] = spec.split(':')
  const uid = number(who)
  const entry = parsePasswd(files.passwd).find((candidate) =>
    who === '' ? candidate.uid === 0 : candidate.name === who || candidate.uid === uid
  )
  if (entry === undefined && who !== '' && uid === undefined) {
    throw new UserError(`the image's user is "${who}", and its /etc/passwd has no such name`)
  }
  return {
    spec,
    uid: entry?.uid ?? uid ?? 0,
    gid: groupSpec === '' ? (entry?.gid ?? 0) : resolveGroup(groupSpec, files.group),
    home: entry?.home
  }
}

function resolveGroup(spec: string, text: string): number {
  const gid = number(spec)
  const entry = parseGroup(text).find((candidate) => candidate.name === spec || candidate.gid === gid)
  const found = entry?.gid ?? gid
  if (found === undefined) {
    throw new UserError(`the image's group is "${spec}", and its /etc/group has no such name`)
  }
  return found
}

/** A user or group id: 31 bits, as Docker limits it. */
function number(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const value = Number(text)
  return value <= 2_147_483_647 ? value : undefined
}
