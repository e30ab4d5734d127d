import { describe, expect, test } from 'vitest'
import { sqlState } from '../../../src/service/database/serialization.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { abortOperation, codeOf, serverClient } from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { newWallet, refresh } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

// PGlite has one connection: nothing else runs within a transaction.
const postgres = databaseKinds.find(({ name }) => name === 'PostgreSQL')

describe.skipIf(postgres === undefined)('an abort on PostgreSQL', () => {
  let world: World
  fileWorld(
    (made) => (world = made),
    () => postgres!.open(),
  )

  /** The database, which calls `before` with each statement of a transaction, and tells why transactions are rolled back. */
  function watched(before: (sql: string) => unknown, rolledBack: (string | undefined)[]): Database {
    const transaction: Database['transaction'] = (work, isolation) =>
      world.database.transaction(async (tx) => {
        const query: Queryable['query'] = async (sql, parameters) => {
          await before(sql)
          return tx.query(sql, parameters)
        }
        return work({ query }).catch((error: unknown) => {
          rolledBack.push(sqlState(error))
          throw error
        })
      }, isolation)
    return { ...world.database, transaction }
  }

  test('and the last round of its operation never wait for each other', async () => {
    const rolledBack: (string | undefined)[] = []
    const client = world.client()
    const operation = refresh(client, await newWallet(client))
    for (const _ of [1, 2]) operation.take(await operation.post())
    const clientOn = (database: Database) => {
      const server = world.server({ database })
      return serverClient((request) => server.fetch(request), client.clientId, world.random)
    }
    let reached = () => {}
    const writes = new Promise<void>((resolve) => (reached = resolve))
    const aborting = clientOn(
      watched((sql) => {
        if (sql.includes('update reshare_operations')) reached()
      }, rolledBack),
    )
    let aborted: ReturnType<typeof abortOperation> | undefined
    const playing = clientOn(
      watched(async (sql) => {
        if (!sql.includes('into reshare_decisions') || aborted !== undefined) return
        aborted = abortOperation(aborting, operation.operationId)
        await Promise.race([aborted, writes])
      }, rolledBack),
    )
    expect(codeOf(await operation.post(playing))).toBe('PROTOCOL_ABORTED')
    expect(await aborted).toEqual({ decision: 'ABORT' })
    expect(rolledBack).not.toContain('40P01')
  })
})
