import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PGlite } from '../../node_modules/@electric-sql/pglite/dist/index.js'

// Found by the package, because programs that tests bundle have this module too.
const installed = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'))
const build = join(installed, '../../../../build')
const { version } = JSON.parse(readFileSync(join(installed, '../package.json'), 'utf8')) as { version: string }

/** Makes an empty database and keeps it below `build`, if it is not there yet. */
async function keep(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const kept = join(build, name)
  if (existsSync(kept)) return kept
  mkdirSync(build, { recursive: true })
  // Other processes may do the same at this moment: each renames a whole one, and a folder that is there stays.
  const own = `${kept}.${process.pid}`
  await make(own)
  try {
    renameSync(own, kept)
  } catch (error) {
    if (!existsSync(kept)) throw error
    rmSync(own, { recursive: true })
  }
  return kept
}

/** The archive of an empty database, which one in memory can start from. */
export const emptyArchive = (): Promise<string> =>
  keep(`empty-pglite-${version}.tar`, async (path) => {
    const pglite = await PGlite.create('memory://')
    const dump = await pglite.dumpDataDir('none')
    await pglite.close()
    writeFileSync(path, new Uint8Array(await dump.arrayBuffer()))
  })

/** The folder of an empty database. */
export const emptyFolder = (): Promise<string> =>
  keep(`empty-pglite-${version}`, async (path) => {
    const pglite = await PGlite.create(path)
    await pglite.close()
  })
