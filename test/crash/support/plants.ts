import type { ShareStore } from '../../../src/index.ts'
import type { Database, Queryable } from '../../../src/server/database/types.ts'
import { memoryStore } from '../../../src/storage/index.ts'

/** A store that is told when the process that used it has ended. */
export interface EndingStore extends ShareStore {
  ended?(): void
}

/**
 * The bug of a client that goes on before its share is durable: what is written under `share/` can be read at once, and
 * is gone with the process.
 */
export function forgetfulStore(): EndingStore {
  const durable = memoryStore()
  let pending = memoryStore()
  const of = (key: string) => (key.startsWith('share/') ? pending : durable)
  return {
    probe: () => durable.probe(),
    read: (key) => of(key).read(key),
    write: (key, value, version) => of(key).write(key, value, version),
    delete: (key) => of(key).delete(key),
    list: async (prefix) => [...(await pending.list(prefix)), ...(await durable.list(prefix))].sort(),
    ended: () => {
      pending = memoryStore()
    },
  }
}

/** The bug of a server that retires what a new set replaces before the new set has proven that it works. */
export function retiresBeforeProof(database: Database): Database {
  return withStatements(database, async (tx, sql, parameters) => {
    const rows = await tx.query(sql, parameters)
    if (/^\s*insert into reshare_retirements/.test(sql)) {
      await tx.query(`update reshare_sets set state = 'RETIRING' where state = 'ACTIVE' and set_id in
        (select old_set_id from reshare_retirements)`)
    }
    return rows
  })
}

/** The bug of a server that commits without its own half. */
export function losesItsHalf(database: Database): Database {
  return withStatements(database, async (tx, sql, parameters) => {
    const isHalf = /^\s*insert into reshare_shares/.test(sql)
    return isHalf ? [] : tx.query(sql, parameters)
  })
}

type Run = (queryable: Queryable, ...query: Parameters<Queryable['query']>) => ReturnType<Queryable['query']>

function withStatements(database: Database, run: Run): Database {
  const planted = (queryable: Queryable): Queryable => ({ query: (...query) => run(queryable, ...query) })
  return {
    ...planted(database),
    transaction: (work) => database.transaction((tx) => work(planted(tx))),
    migrate: (schema) => database.migrate(schema),
    close: () => database.close(),
  }
}
