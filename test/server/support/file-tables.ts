import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { seededRandom } from '../../support/random.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { createTables, type Tables } from './tables.ts'

/**
 * The tables that all tests of a file use, which are closed after the last of them. A test fails if it leaves an error that it
 * has not looked at.
 *
 * @param take gets the tables before the first test
 */
export function fileTables(
  take: (tables: Tables) => void,
  open = async (): Promise<Database> => pgliteDatabase(),
): void {
  let tables: Tables
  beforeAll(async () => {
    tables = await createTables(await open(), seededRandom())
    take(tables)
  })
  afterEach(() => expect(tables.errors.splice(0)).toEqual([]))
  afterAll(() => tables.database.close())
}
