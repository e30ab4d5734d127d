import type { Database } from '../../../src/service/database/types.ts'

/** Calls `meanwhile` once, before the nth transaction or query of whoever uses the database. */
export function interruptedDatabase(
  inner: Database,
  nth: number,
  meanwhile: () => Promise<void>,
): { database: Database; reached: () => boolean } {
  let calls = 0
  const before = async () => {
    if (++calls === nth) await meanwhile()
  }
  const database: Database = {
    ...inner,
    query: async (sql, parameters) => {
      await before()
      return inner.query(sql, parameters)
    },
    transaction: async (work, isolation) => {
      await before()
      return inner.transaction(work, isolation)
    },
  }
  return { database, reached: () => calls >= nth }
}
