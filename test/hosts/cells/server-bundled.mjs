// @ts-check
// The signing server and a custodian as one file of esbuild, beside PGlite, and its client in Node.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { quietly, versionOf } from '../support/built.mjs'
import { ran } from '../support/context.mjs'

const OPTIONS = [
  '--bundle',
  '--platform=node',
  '--format=esm',
  '--external:@electric-sql/pglite',
  '--outfile=dist/server.mjs',
]

export const name = 'server-bundled'
export const what = 'the server bundled by esbuild, `@electric-sql/pglite` external'
export const group = 'servers'
export const version = versionOf('esbuild')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = context.folder(name)
  await quietly(context, folder)('esbuild/bin/esbuild', 'story/serve-node.mjs', ...OPTIONS)
  rmSync(join(folder, 'story'), { recursive: true })
  const server = await context.start(process.execPath, ['dist/server.mjs'], { cwd: folder })
  try {
    const { url } = server.ready
    const parameters = ['story/program.mjs', url, await context.token(url)]
    return ran(JSON.parse(await context.run(process.execPath, parameters, { cwd: context.project })))
  } finally {
    await server.stop()
  }
}
