import type { Database, Queryable } from '../../../src/service/database/types.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import type { Transport } from '../../../src/transport/types.ts'
import type { Fuse } from './fuse.ts'

/** A store whose process may end before or after each durable change. */
export function fusedStore(store: ShareStore, fuse: Fuse): ShareStore {
  const change = async <T>(what: string, key: string, work: () => Promise<T>): Promise<T> => {
    const point = `${what} ${key.split('/')[0]}`
    fuse.pass(`before ${point}`)
    const result = await work()
    fuse.pass(`after ${point}`)
    return result
  }
  const look = async <T>(work: () => Promise<T>): Promise<T> => {
    fuse.check()
    return work()
  }
  return {
    probe: () => look(() => store.probe()),
    read: (key) => look(() => store.read(key)),
    list: (prefix) => look(() => store.list(prefix)),
    write: (key, value, version) => change('write', key, () => store.write(key, value, version)),
    delete: (key) => change('delete', key, () => store.delete(key)),
  }
}

/** A transport whose process may end before it has sent a request or after it has heard the answer. */
export function fusedTransport(transport: Transport, fuse: Fuse): Transport {
  return {
    async request(request) {
      const point = `${request.method} ${request.path.replace(/[0-9a-f]{32,64}/, ':id')}`
      fuse.pass(`send ${point}`)
      const response = await transport.request(request)
      fuse.pass(`receive ${point}`)
      return response
    },
  }
}

/** A database whose server may end before each statement that changes something, and after each that is durable. */
export function fusedDatabase(database: Database, fuse: Fuse): Database {
  const statement = (sql: string) => sql.trim().split(/\s+/).slice(0, 3).join(' ')
  const isChange = (sql: string) => !/^\s*select/i.test(sql)
  const fused = (queryable: Queryable, durable: boolean): Queryable => ({
    async query(sql, parameters) {
      fuse.check()
      if (!isChange(sql)) return queryable.query(sql, parameters)
      fuse.pass(`before ${statement(sql)}`)
      const rows = await queryable.query(sql, parameters)
      if (durable) fuse.pass(`after ${statement(sql)}`)
      return rows
    },
  })
  return {
    ...fused(database, true),
    async transaction(work, isolation) {
      fuse.check()
      const before = fuse.points.length
      const result = await database.transaction((tx) => work(fused(tx, false)), isolation)
      if (fuse.points.length > before) fuse.pass('after commit')
      return result
    },
    migrate: (schema) => database.migrate(schema),
    close: () => database.close(),
  }
}
