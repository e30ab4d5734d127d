import type { Custodian } from '../../../src/custodian/types.ts'
import type { MpcError, ShareStore, Transport } from '../../../src/index.ts'
import type { Database } from '../../../src/service/database/types.ts'

type Gate = (point: string) => Promise<void>

/** A store at each use of which the other of two may be let go first. */
export function blockedStore(store: ShareStore, gate: Gate): ShareStore {
  const use = async <T>(what: string, key: string, work: () => Promise<T>): Promise<T> => {
    await gate(`${what} ${key.split('/')[0]}`)
    return work()
  }
  return {
    probe: () => store.probe(),
    read: (key) => use('read', key, () => store.read(key)),
    list: (prefix) => use('list', prefix, () => store.list(prefix)),
    write: (key, value, version) => use('write', key, () => store.write(key, value, version)),
    delete: (key) => use('delete', key, () => store.delete(key)),
  }
}

/** A network on which the other may be let go before a request leaves, and before its answer is heard. */
export function blockedTransport(transport: Transport, gate: Gate): Transport {
  return {
    async request(request) {
      const point = `${request.method} ${request.path.replace(/[0-9a-f]{32,64}/, ':id')}`
      await gate(`send ${point}`)
      const response = await transport.request(request)
      await gate(`receive ${point}`)
      return response
    },
  }
}

/** A database on which the other may be let go before each statement, and before each transaction, which is one step. */
export function blockedDatabase(database: Database, gate: Gate): Database {
  return {
    async query(sql, parameters) {
      await gate(sql.trim().split(/\s+/).slice(0, 3).join(' '))
      return database.query(sql, parameters)
    },
    async transaction(work, isolation) {
      await gate('transaction')
      return database.transaction(work, isolation)
    },
    migrate: (schema) => database.migrate(schema),
    close: () => database.close(),
  }
}

/** A custodian before each call of which the other may be let go. */
export function blockedCustodian(custodian: Custodian, gate: Gate): Custodian {
  return {
    async store(backup) {
      await gate('webhook store')
      await custodian.store(backup)
    },
    async fetch(clientId, setId) {
      await gate('webhook fetch')
      return custodian.fetch(clientId, setId)
    },
    async delete(clientId, setId) {
      await gate('webhook delete')
      await custodian.delete?.(clientId, setId)
    },
  }
}

/** A store for a tab with modules, and with them an error class, of its own. */
export function storeOfTab(store: ShareStore, Own: typeof MpcError): ShareStore {
  const translated = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (error instanceof Own || !(error instanceof Error && 'code' in error)) throw error
      throw new Own(error.code as MpcError['code'], error.message, { cause: error })
    }
  }
  return {
    probe: () => translated(store.probe()),
    read: (key) => translated(store.read(key)),
    list: (prefix) => translated(store.list(prefix)),
    write: (key, value, version) => translated(store.write(key, value, version)),
    delete: (key) => translated(store.delete(key)),
  }
}
