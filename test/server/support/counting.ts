import type { Database, Queryable } from '../../../src/service/database/types.ts'

/** What was asked of a database. `begin` and `commit` are no statements; a statement by itself is no transaction. */
export interface Counts {
  statements: number
  transactions: number
  /** The first words of each statement. */
  readonly said: string[]
}

/** The database, with a count of what is asked of it. */
export function countingDatabase(database: Database): Database & { take(): Counts } {
  const none = (): Counts => ({ statements: 0, transactions: 0, said: [] })
  let counts = none()
  const counted = (db: Queryable): Queryable => ({
    query(sql, parameters) {
      counts.statements += 1
      counts.said.push(sql.trim().split(/\s+/).slice(0, 6).join(' '))
      return db.query(sql, parameters)
    },
  })
  return {
    ...database,
    ...counted(database),
    transaction(work, isolation) {
      counts.transactions += 1
      return database.transaction((tx) => work(counted(tx)), isolation)
    },
    take() {
      const taken = counts
      counts = none()
      return taken
    },
  }
}
