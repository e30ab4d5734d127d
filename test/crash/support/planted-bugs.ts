import type { ShareStore } from '../../../src/index.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
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

/** The bug of a client that keeps one share only: a new one is written over the one before it. */
export function oneShareStore(): EndingStore {
  const store = memoryStore()
  const sessionIndex = (key: string) => (key.startsWith('share/') ? 'share/of this device' : key)
  return {
    probe: () => store.probe(),
    read: (key) => store.read(sessionIndex(key)),
    list: async (prefix) => {
      const keys = await store.list(prefix.startsWith('share/') ? 'share/' : prefix)
      return keys.map((key) => (key === sessionIndex('share/') && prefix !== '' ? prefix : key))
    },
    write: async (key, value, version) => {
      const isShare = key.startsWith('share/')
      return store.write(
        sessionIndex(key),
        value,
        isShare ? ((await store.read(sessionIndex(key)))?.version ?? null) : version,
      )
    },
    delete: (key) => (key.startsWith('share/') ? Promise.resolve() : store.delete(key)),
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

/** The bug of a server that commits without its own share. */
export function losesItsHalf(database: Database): Database {
  return withStatements(database, async (tx, sql, parameters) => {
    const rows = await tx.query(sql, parameters)
    if (sql.includes('insert into reshare_shares')) {
      await tx.query('delete from reshare_shares where sealed = $1', [rows[0]?.['stored'] ?? null])
    }
    return rows
  })
}

/** The bug of a server that computes with a preprocessing and keeps it. */
export function keepsPreprocessings(database: Database): Database {
  return withStatements(database, async (tx, sql, parameters) => {
    const isTaken = /delete from reshare_preprocessings\s+where set_id = \$1 and preprocessing_id/.test(sql)
    const kept = sql.replace('delete from', 'select * from').replace(/returning.*/, '')
    return tx.query(isTaken ? kept : sql, parameters)
  })
}

/** The bug of a server that does not remember what it has answered, or that it has. */
export function forgetsAnswers(database: Database): Database {
  return withStatements(database, async (tx, sql, parameters) => {
    if (sql.startsWith('with used as')) {
      await tx.query(
        'delete from reshare_operations where client_id = $1 and operation_id = $2',
        parameters?.slice(0, 2),
      )
      return [{}]
    }
    if (/^\s*insert into reshare_responses/.test(sql)) return []
    if (/^\s*with decided as/.test(sql) && sql.includes('insert into reshare_responses')) {
      const forgetting = sql.replace(/insert into reshare_responses[\s\S]*$/, 'select 1 from ended')
      return tx.query(forgetting, parameters?.slice(0, 7))
    }
    if (/^\s*insert into reshare_decisions/.test(sql)) return [{ decision: parameters?.[2] ?? null }]
    if (!/^\s*update reshare_operations set round = \$5/.test(sql)) return tx.query(sql, parameters)
    const [clientId, operationId] = parameters ?? []
    return tx.query(
      `update reshare_operations set lease_token = null, lease_hash = null, lease_expires_at = null
       where client_id = $1 and operation_id = $2 returning round`,
      [clientId!, operationId!],
    )
  })
}

/** The bug of a store whose compare-and-set does not compare. */
export function overwritingStore(): ShareStore {
  const store = memoryStore()
  return {
    ...store,
    write: async (key, value) => store.write(key, value, (await store.read(key))?.version ?? null),
  }
}

/** The bug of a server that does not see which process has claimed a round, and answers without compare-and-set. */
export function ignoresClaims(database: Database): Database {
  return withStatements(database, async (tx, sql, parameters) => {
    const claimed = 'and round = $3 and lease_token = $4'
    const unchecked = sql.replaceAll(claimed, 'and $3::int is not null and $4::bytea is not null')
    const hasServerStatus = sql.includes('insert into reshare_responses')
    const twice = 'on conflict (client_id, operation_id, round) do update set sealed = excluded.sealed'
    const answered = sql.endsWith('returning 1')
      ? unchecked.replace(/returning 1$/, `${twice} returning 1`)
      : `${sql} ${twice}`
    const rows = await tx.query(hasServerStatus ? answered : unchecked, parameters)
    return rows.map((row) => ('lease_expires_at' in row ? { ...row, lease_expires_at: null } : row))
  })
}

type Run = (queryable: Queryable, ...query: Parameters<Queryable['query']>) => ReturnType<Queryable['query']>

function withStatements(database: Database, run: Run): Database {
  const planted = (queryable: Queryable): Queryable => ({ query: (...query) => run(queryable, ...query) })
  return {
    ...planted(database),
    transaction: (work, isolation) => database.transaction((tx) => work(planted(tx)), isolation),
    migrate: (schema) => database.migrate(schema),
    close: () => database.close(),
  }
}
