import type { Database, Queryable } from '../../../src/service/database/types.ts'

/**
 * The database as a process has it that is killed at one of its steps: before a statement, or right after a commit. From then
 * on nothing reaches the database, and a transaction under way is rolled back.
 *
 * @param nth the step, from 1
 */
export function dyingDatabase(inner: Database, nth: number): { database: Database; isDead: () => boolean } {
  let steps = 0
  const step = () => {
    if (++steps >= nth) throw new Error('the process was killed')
  }
  const dying = (db: Queryable): Queryable => ({
    query: async (sql, parameters) => {
      step()
      return db.query(sql, parameters)
    },
  })
  const database: Database = {
    ...inner,
    ...dying(inner),
    transaction: async (work, isolation) => {
      const result = await inner.transaction((tx) => work(dying(tx)), isolation)
      step()
      return result
    },
  }
  return { database, isDead: () => steps >= nth }
}
