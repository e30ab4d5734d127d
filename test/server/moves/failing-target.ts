import type { ServerContext } from '../../../src/server/context.ts'
import type { Shard } from './two-shards.ts'

/** A shard as a mover sees it whose connection fails at a statement within a transaction. */
export function failingAt({ world: { database }, context }: Shard, statement: string): ServerContext {
  return context({
    ...database,
    transaction: (work, isolation) =>
      database.transaction(
        (tx) =>
          work({
            query: async (sql, parameters) => {
              if (sql.startsWith(statement)) throw new Error('the target is down')
              return tx.query(sql, parameters)
            },
          }),
        isolation,
      ),
  })
}
