// @ts-check

/**
 * A database that counts what it is asked. `begin` and `commit` are no statements; a statement by itself is no transaction.
 *
 * @param {import('reshare/server').Database} database
 */
export function countedDatabase(database) {
  const none = () => ({ statements: 0, transactions: 0 })
  let counts = none()
  /** @param {Pick<import('reshare/server').Database, 'query'>} inner */
  const counted = (inner) => ({
    /** @type {import('reshare/server').Database['query']} */
    query(sql, parameters) {
      counts.statements += 1
      return inner.query(sql, parameters)
    },
  })
  /** @type {import('reshare/server').Database} */
  const wrapped = {
    ...database,
    ...counted(database),
    transaction(work, isolation) {
      counts.transactions += 1
      return database.transaction((tx) => work(counted(tx)), isolation)
    },
  }
  return {
    database: wrapped,
    /** What was asked since the last call. */
    take() {
      const taken = counts
      counts = none()
      return taken
    },
  }
}
