import type { Database, Queryable } from '../../../src/service/database/types.ts'

/** The databases as one process has them, which is killed at a moment. */
export interface MortalProcess {
  of(database: Database): Database
  /** How many moments there have been. */
  moments(): number
}

/**
 * A process that is killed right before its nth statement, or right after a statement or a transaction is committed and before it
 * hears of that. Nothing of a transaction is committed that it dies within.
 *
 * @param nth the moment, from 1, over all its databases
 */
export function mortalProcess(nth: number): MortalProcess {
  let moments = 0
  const moment = () => {
    if (++moments >= nth) throw new Error('the process was killed')
  }
  const mortal = (db: Queryable): Queryable => ({
    async query(sql, parameters) {
      moment()
      return db.query(sql, parameters)
    },
  })
  const committed = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work
    moment()
    return result
  }
  return {
    moments: () => moments,
    of: (database) => ({
      ...database,
      query: (sql, parameters) => committed(mortal(database).query(sql, parameters)),
      transaction: (work, isolation) => committed(database.transaction((tx) => work(mortal(tx)), isolation)),
    }),
  }
}
