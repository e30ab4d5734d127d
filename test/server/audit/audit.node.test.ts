import { describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import type { SqlValue } from '../../../src/service/database/types.ts'
import { verifyAuditLog, type AuditHead } from '../../../src/server/index.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import {
  abortOperation,
  ClientOperation,
  confirmSet,
  play,
  retireSet,
  type ServerClient,
} from '../../support/server-client.ts'
import { cheat } from '../support/ecdsa.ts'
import { fileWorld } from '../support/file-world.ts'
import { backup, newBackup, newWallet, prove, recover, setIdOf, signEcdsa } from '../support/wallets.ts'
import { createWorld, MASTER_KEY, type World } from '../support/world.ts'

const masterKey = MASTER_KEY.slice(0, 32)
const HOUR = 60 * 60_000

let world: World
fileWorld((made) => (world = made))

const verify = (heads?: readonly AuditHead[]) =>
  verifyAuditLog({ database: world.database, masterKey, ...(heads && { heads }) })
const query = (sql: string, parameters: SqlValue[] = []) => world.database.query(sql, parameters)

/** The events of a client in their order, as `event detail`. */
async function eventsOf({ clientId }: ServerClient): Promise<string[]> {
  const rows = await query('select event, detail from reshare_audit where client_id = $1 order by sequence', [clientId])
  return rows.map(({ event, detail }) => `${event as string} ${detail as string}`.trim())
}

describe('what is logged', () => {
  test('a wallet from its making to the end of its first set', async () => {
    const client = world.client()
    const phone = await newWallet(client)
    const half = await newBackup(client, phone)
    const unconfirmed = setIdOf((await play(backup(client, phone))).prepared[0]!)
    const laptop = (await play(recover(client, half, { existingSets: 'retire' }))).prepared[0]!
    await play(prove(client, laptop))
    await play(prove(client, laptop))
    expect(await eventsOf(client)).toEqual([
      'prepared generate',
      'activated generate',
      'prepared backup',
      'committed backup',
      'confirmed',
      'prepared backup',
      'committed backup',
      'recoveryStarted',
      'prepared recover',
      'activated recover',
      `replaces ${setIdOf(phone.signing)}`,
      'proven',
      `destroyed ${setIdOf(laptop)}`,
      `retiring ${setIdOf(laptop)}`,
      'destroyed',
    ])
    const ended = await query(`select set_id from reshare_audit where client_id = $1 and event = 'destroyed'`, [
      client.clientId,
    ])
    expect(ended.map((row) => row['set_id'])).toEqual([unconfirmed, setIdOf(phone.signing)])
    expect((await verify()).breaks).toEqual([])
  })

  test('backups that take the place of others, a set retired by hand, an abort, a dry run', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const older = await newBackup(client, wallet)
    const newer = await newBackup(client, wallet)
    const started = backup(client, wallet)
    started.take(await started.post())
    await started.post()
    await abortOperation(client, started.operationId)
    await play(recover(client, newer, { dryRun: true }))
    await retireSet(client, setIdOf(wallet.signing))
    await retireSet(client, setIdOf(wallet.signing))
    await confirmSet(client, setIdOf(newer))
    expect((await eventsOf(client)).slice(5)).toEqual([
      'prepared backup',
      'committed backup',
      'confirmed',
      `destroyed ${setIdOf(newer)}`,
      'prepared backup',
      'aborted',
      'recoveryStarted dryRun',
      'retiring',
      'destroyed',
    ])
    expect(await query(`select set_id from reshare_audit where detail = $1`, [setIdOf(newer)])).toEqual([
      { set_id: setIdOf(older) },
    ])
    expect((await verify()).breaks).toEqual([])
  })

  test('a ban, once, by the process that banned or by the sweep after it', async () => {
    const bans = async (client: ServerClient) =>
      (await eventsOf(client)).filter((event) => event.startsWith('poisoned'))
    const banned = async () => {
      const client = world.client()
      const wallet = await newWallet(client)
      const operation = signEcdsa(client, wallet)
      operation.take(await operation.post())
      cheat(operation)
      await operation.post()
      return { client, wallet }
    }
    const { client, wallet } = await banned()
    expect(await bans(client)).toEqual(['poisoned 1'])

    const { database } = world
    const silent = world.server({
      database: {
        ...database,
        transaction: (work, isolation) =>
          database.transaction(
            (tx) =>
              work({
                query: (sql, parameters) => {
                  if (sql.includes('set ban_logged')) throw new Error('the process has ended')
                  return tx.query(sql, parameters)
                },
              }),
            isolation,
          ),
      },
    })
    const other = world.client([silent])
    const set = await newWallet(other)
    const operation = signEcdsa(other, set)
    operation.take(await operation.post())
    cheat(operation)
    await operation.post()
    expect(await bans(other)).toEqual([])
    expect((await verify()).breaks).toEqual([])
    world.errors.length = 0
    await world.server().sweep()
    await world.server().sweep()
    expect([await bans(other), await bans(client)]).toEqual([['poisoned 1'], ['poisoned 1']])
    expect((await verify()).breaks).toEqual([])

    // Who takes a ban back is seen.
    await query('update reshare_ot_states set poisoned = false where set_id = $1', [setIdOf(wallet.signing)])
    expect((await verify()).breaks).toMatchObject([{ reason: 'DISAGREES', message: expect.stringContaining('banned') }])
    await query('update reshare_ot_states set poisoned = true where set_id = $1', [setIdOf(wallet.signing)])
  })

  test('a lock-out, and that it was taken back', async () => {
    const lockOut = { failures: 1, withinMs: HOUR, lockedMs: HOUR }
    const client = world.client([world.server({ limits: { rates: null, lockOut } })])
    const wallet = await newWallet(client)
    const wrong = { ...wallet.signing, shares: (await newWallet(client)).signing.shares }
    const { request } = prove(client, wallet.signing)
    const operation = new ClientOperation(client, request, wrong, { begins: wallet.signing })
    operation.take(await operation.post())
    await operation.post()
    expect((await eventsOf(client)).at(-1)).toMatch(/^lockedOut \d{4}-/)
  })

  test('nothing, where its key does not open; what changes no set goes on', async () => {
    const stranger = world.client([world.server({ masterKey: { current: { id: 9, key: masterKey } } })])
    await expect(newWallet(stranger)).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
    expect(await query('select 1 from reshare_sets where client_id = $1', [stranger.clientId])).toEqual([])
    const { status } = await stranger.send('GET', paths.sets('00'.repeat(16)))
    expect(status).toBe(401)
  })

  test('only what is added: the database refuses to change or remove anything of it', async () => {
    for (const table of ['reshare_audit', 'reshare_audit_heads', 'reshare_audit_key']) {
      await expect(query(`delete from ${table}`)).rejects.toThrow('only added to')
      await expect(query(`truncate ${table}`)).rejects.toThrow('only added to')
    }
    for (const change of [
      `reshare_audit set detail = 'another'`,
      `reshare_audit_heads set sequence = sequence - 1`,
      `reshare_audit_heads set client_id = 'another'`,
      `reshare_audit_key set sealed = sealed || sealed`,
      `reshare_audit_key set sealed = set_byte(sealed, 40, 0)`,
    ]) {
      await expect(query(`update ${change}`)).rejects.toThrow('only added to')
    }
  })
})

describe('many at once make one unbroken chain', () => {
  const makeMany = async (busy: World) => {
    const client = busy.client([busy.server(), busy.server()])
    await Promise.all(Array.from({ length: 3 }, () => newWallet(client)))
    const { heads } = await verifyAuditLog({ database: busy.database, masterKey })
    expect(heads).toContainEqual(expect.objectContaining({ clientId: client.clientId, sequence: 2 * 3 }))
    expect(busy.errors).toEqual([])
  }

  test('on PGlite', () => makeMany(world))

  test.skipIf(databaseKinds.length === 1)('on PostgreSQL', async () => {
    const busy = createWorld(await databaseKinds[1]!.open(), seededRandom())
    await makeMany(busy)
    await busy.database.close()
  })
})
