import { moveClient } from '../../../src/server/moves/move-client.ts'
import { serverContext } from '../../../src/server/create-server.ts'
import type { Database } from '../../../src/service/database/types.ts'

/** Two databases with one client, which is in either of them. */
export interface TwoHomes {
  /** The database that the client is in. */
  readonly database: Database
  /** Moves the client to the other database. Servers that were started before look at rows that they do not know. */
  move(world: { readonly masterKey: Uint8Array; now(): number }, clientId: string): Promise<void>
}

export async function openTwoHomes(open: () => Promise<Database>): Promise<TwoHomes> {
  let home = await open()
  let other = await open()
  return {
    database: {
      query: (sql, parameters) => home.query(sql, parameters),
      transaction: (work, isolation) => home.transaction(work, isolation),
      migrate: (schema) => home.migrate(schema),
      async close() {
        for (const database of [home, other]) await database.close()
      },
    },
    async move({ masterKey, now }, clientId) {
      const contextOf = (database: Database) =>
        serverContext({ database, masterKey, now, authenticate: () => undefined, onError: () => {} })
      const source = contextOf(home)
      const target = contextOf(other)
      await moveClient({ source, target, clientId, drainMs: 0, unused: true })
      ;[home, other] = [other, home]
    },
  }
}
