import { cpSync, existsSync, readdirSync } from 'node:fs'
import type { PGliteOptions } from '../../node_modules/@electric-sql/pglite/dist/index.js'
import { emptyFolder } from './empty-pglite.ts'
import { PGlite as FromCopy } from './pglite-from-copy.ts'

const empty = await emptyFolder()

/** PGlite for the programs that tests start: a new database in a folder, too, starts from a copy of an empty one. */
export class PGlite extends FromCopy {
  constructor(folder: string, options?: PGliteOptions) {
    if (existsSync(folder) && readdirSync(folder).length === 0) cpSync(empty, folder, { recursive: true })
    super(folder, options)
  }
}
