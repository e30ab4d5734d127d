import type { Database, Queryable } from '../../../src/service/database/types.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import type { Transport } from '../../../src/transport/types.ts'
import type { CrashPoint } from './crash-point.ts'

/** A store whose process may end before or after each durable change. */
export function crashingStore(store: ShareStore, crashPoint: CrashPoint): ShareStore {
  const change = async <T>(what: string, key: string, work: () => Promise<T>): Promise<T> => {
    const point = `${what} ${key.split('/')[0]}`
    crashPoint.pass(`before ${point}`)
    const result = await work()
    crashPoint.pass(`after ${point}`)
    return result
  }
  const look = async <T>(work: () => Promise<T>): Promise<T> => {
    crashPoint.check()
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
export function crashingTransport(transport: Transport, crashPoint: CrashPoint): Transport {
  return {
    async request(request) {
      const point = `${request.method} ${request.path.replace(/[0-9a-f]{32,64}/, ':id')}`
      crashPoint.pass(`send ${point}`)
      const response = await transport.request(request)
      crashPoint.pass(`receive ${point}`)
      return response
    },
  }
}

/** A database whose server may end before each statement that changes something, and after each that is durable. */
export function crashingDatabase(database: Database, crashPoint: CrashPoint): Database {
  const statement = (sql: string) => sql.trim().split(/\s+/).slice(0, 3).join(' ')
  const isChange = (sql: string) => !/^\s*select/i.test(sql)
  const crashing = (queryable: Queryable, durable: boolean): Queryable => ({
    async query(sql, parameters) {
      crashPoint.check()
      if (!isChange(sql)) return queryable.query(sql, parameters)
      crashPoint.pass(`before ${statement(sql)}`)
      const rows = await queryable.query(sql, parameters)
      if (durable) crashPoint.pass(`after ${statement(sql)}`)
      return rows
    },
  })
  return {
    ...crashing(database, true),
    async transaction(work, isolation) {
      crashPoint.check()
      const before = crashPoint.points.length
      const result = await database.transaction((tx) => work(crashing(tx, false)), isolation)
      if (crashPoint.points.length > before) crashPoint.pass('after commit')
      return result
    },
    migrate: (schema) => database.migrate(schema),
    close: () => database.close(),
  }
}
