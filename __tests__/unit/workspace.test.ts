import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WorkspaceFiles } from '../../src/inputs/image-source.js'
import { workspaceFiles } from '../../src/workspace.js'

let top: string
let workspace: string
let files: WorkspaceFiles

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'workspace-'))
  workspace = join(top, 'workspace')
  await mkdir(join(workspace, 'inner'), { recursive: true })
  await mkdir(join(top, 'outside'))
  await writeFile(join(top, 'outside/credentials'), 'secret')
  await writeFile(join(workspace, 'inner/file'), 'text')
  await symlink('inner/file', join(workspace, 'to-file'))
  await symlink('../outside/credentials', join(workspace, 'to-credentials'))
  await symlink('../outside', join(workspace, 'to-outside'))
  await symlink('../nowhere', join(workspace, 'to-nowhere'))
  // The workspace itself may be reached by a link.
  await symlink('workspace', join(top, 'link'))
  files = workspaceFiles({ GITHUB_WORKSPACE: join(top, 'link') })
})
afterAll(async () => {
  await rm(top, { recursive: true, force: true })
})

const inWorkspace = (path: string): string => join(top, 'link', path)

describe('a path in the workspace', () => {
  test.each(['inner', 'inner/file', 'to-file', 'not-there/yet', ''])('%j stays in it', (path) => {
    expect(files.leadsOut(inWorkspace(path))).toBe(false)
  })

  test.each(['to-credentials', 'to-outside', 'to-outside/new', 'to-nowhere', 'to-nowhere/new'])(
    '%j leads out of it',
    (path) => {
      expect(files.leadsOut(inWorkspace(path))).toBe(true)
    }
  )
})

test('a link leads out also of a workspace that is named by what its own link leads to', () => {
  expect(files.leadsOut(join(workspace, 'to-outside'))).toBe(true)
  expect(files.leadsOut(join(workspace, 'inner'))).toBe(false)
})

test('what is below a file, or in a workspace that is not there, leads nowhere', () => {
  expect(files.leadsOut(inWorkspace('inner/file/Dockerfile'))).toBe(false)
  const gone = join(top, 'gone')
  expect(workspaceFiles({ GITHUB_WORKSPACE: gone }).leadsOut(join(gone, 'x'))).toBe(false)
})

test('a checkout is a job’s where the runner says so', () => {
  expect(files.isOfJob).toBe(true)
  expect(workspaceFiles({}).isOfJob).toBe(false)
})

test('a path elsewhere is the user’s own', () => {
  expect(files.leadsOut(join(top, 'outside/credentials'))).toBe(false)
  expect(files.readText(join(top, 'outside/credentials'), 100)).toEqual({ kind: 'text', text: 'secret' })
})

describe('a text', () => {
  test('is read', () => {
    expect(files.readText(inWorkspace('to-file'), 4)).toEqual({ kind: 'text', text: 'text' })
  })

  test.each([
    ['to-credentials', 'is a link that leads out of the workspace'],
    ['inner/file', 'is larger than 3 bytes'],
    ['inner', 'is not a file'],
    ['inner/file/below', 'does not exist'],
    ['nothing', 'does not exist']
  ])('%s is not: %s', (path, complaint) => {
    expect(files.readText(inWorkspace(path), 3)).toEqual({ kind: 'unreadable', complaint })
  })

  test('that has no size has a limit all the same', () => {
    expect(files.readText('/proc/self/status', 10)).toEqual({
      kind: 'unreadable',
      complaint: 'is larger than 10 bytes'
    })
  })
})
