import { pgliteDatabase } from '../service/database/pglite.ts'
import { postgresDatabase } from '../service/database/postgres.ts'
import type { Database } from '../service/database/types.ts'
import { folder, given } from './program-env.ts'
import { openFolder } from './program-keys.ts'

/** The database of `DATABASE_URL`, or the embedded one in the data folder. */
export function openDatabase(): Database {
  const url = given('DATABASE_URL')
  if (url !== undefined) return postgresDatabase(url)
  openFolder()
  return pgliteDatabase(folder())
}
