import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PGlite as OwnPGlite, type PGliteOptions } from '../../node_modules/@electric-sql/pglite/dist/index.js'

/**
 * PGlite for the tests: a new database in memory starts from a copy of an empty one, which takes a quarter of the time that
 * making one takes. All else is PGlite's own.
 */
export class PGlite extends OwnPGlite {
  constructor(folder: string, options?: PGliteOptions) {
    super(folder, folder === 'memory://' ? { ...options, loadDataDir: empty } : options)
  }
}

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
const { version } = JSON.parse(readFileSync(path('node_modules/@electric-sql/pglite/package.json'), 'utf8')) as {
  version: string
}
const kept = path(`build/empty-pglite-${version}.tar`)
if (!existsSync(kept)) await keepEmpty()
const empty = new Blob([readFileSync(kept)])

async function keepEmpty(): Promise<void> {
  const pglite = await OwnPGlite.create('memory://')
  const dump = await pglite.dumpDataDir('none')
  await pglite.close()
  mkdirSync(path('build'), { recursive: true })
  // Other workers may do the same at this moment: each renames a whole file.
  const own = `${kept}.${process.pid}`
  writeFileSync(own, new Uint8Array(await dump.arrayBuffer()))
  renameSync(own, kept)
}
