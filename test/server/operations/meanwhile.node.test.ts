import { describe, expect, test } from 'vitest'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf } from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { newBackup, newWallet, prove, recover, setIdOf } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

describe.each(databaseKinds)('what changes between two rounds of an operation, on $name', ({ open }) => {
  let world: World
  fileWorld((made) => (world = made), open)

  test('a backup that is superseded in the middle of a recovery from it gives no set', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const operation = recover(client, await newBackup(client, wallet), { existingSets: 'retire' })
    for (const _ of [1, 2]) operation.take(await operation.post())
    await newBackup(client, wallet)
    expect(codeOf(await operation.post())).toBe('BACKUP_SUPERSEDED')
    const made = 'select state from reshare_sets where operation_id = $1'
    expect(await world.database.query(made, [operation.operationId])).toEqual([{ state: 'ABORTED' }])
  })

  test('a request that names another set than its operation, as a writer of the database may have it, uses none', async () => {
    const client = world.client()
    const [mine, other] = [await newWallet(client), await newWallet(client)]
    const operation = prove(client, mine.signing)
    operation.take(await operation.post())
    await world.database.query(
      'update reshare_operations set request = replace(request, $1, $2) where operation_id = $3',
      [setIdOf(mine.signing), setIdOf(other.signing), operation.operationId],
    )
    expect(codeOf(await operation.post())).toBe('AUTH_FAILED')
    const proven = 'select set_id from reshare_sets where set_id = $1 and proven_at is not null'
    expect(await world.database.query(proven, [setIdOf(other.signing)])).toEqual([])
  })
})
