import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildImage } from '../../src/image/build.js'

const context = fileURLToPath(new URL('../fixtures/build/contexts/shop', import.meta.url))

/** A small Python program in an image of its own. */
export interface ShopImage {
  readonly tag: string
  remove(): Promise<void>
}

/** @param base a local image with Python 3 */
export async function buildShop(base: string, labels: Readonly<Record<string, string>>): Promise<ShopImage> {
  const tag = `cache-crash-test-shop-${process.pid}:${base.replace(/[^\w.-]/g, '-')}`
  const temporaryDirectory = await mkdtemp(join(tmpdir(), 'shop-'))
  try {
    await buildImage(
      {
        kind: 'build',
        context,
        file: join(context, 'Dockerfile'),
        buildArgs: [`BASE_IMAGE=${base}`],
        secrets: {},
        cacheFrom: [],
        cacheTo: []
      },
      { tag, labels, temporaryDirectory, environment: process.env, log: () => undefined }
    )
  } finally {
    await rm(temporaryDirectory, { recursive: true, force: true })
  }
  return {
    tag,
    remove: async () => {
      await promisify(execFile)('docker', ['image', 'rm', '--force', tag])
    }
  }
}
