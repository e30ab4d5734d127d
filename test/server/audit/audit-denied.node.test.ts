import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { verifyAuditLog } from '../../../src/server/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { play } from '../../support/server-client.ts'
import { deviceServer, newDevice, revokeDevice, type DeviceServer } from '../support/devices.ts'
import { newBackup, newWallet, prove, recover, refresh, setIdOf, walletOf } from '../support/wallets.ts'
import { createWorld, MASTER_KEY, type World } from '../support/world.ts'

let world: World
let server: DeviceServer
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  server = deviceServer(world)
  await world.server().sweep()
  await server.context.audit.open()
})
afterAll(() => world.database.close())

/** A client whose phone has a wallet with a confirmed backup. */
async function owner() {
  const clientId = `client-${toHex(world.random(8))}`
  const [phoneId, tabletId] = [newDevice(world), newDevice(world)]
  const [phone, tablet] = [server.client(clientId, phoneId), server.client(clientId, tabletId)]
  const wallet = await newWallet(phone)
  const half = await newBackup(phone, wallet)
  return { clientId, phoneId, phone, tablet, wallet, half, setId: setIdOf(wallet.signing) }
}

const query = (sql: string, ...values: (string | null)[]) => world.database.query(sql, values)
const breaksOf = async (client: string) => {
  const { breaks } = await verifyAuditLog({ database: world.database, masterKey: MASTER_KEY.slice(0, 32) })
  return breaks.filter(({ clientId }) => clientId === client)
}
const disagrees = (clientId: string, message: string) => [{ reason: 'DISAGREES', clientId, sequence: 0, message }]

describe('the log shows a retirement that whoever writes to the database has denied', () => {
  test('of what a recovery replaces', async () => {
    const { clientId, tablet, half, setId } = await owner()
    const recovered = await play(recover(tablet, half, { existingSets: 'retire' }))
    expect(await breaksOf(clientId)).toEqual([])
    await query('delete from reshare_retirements where old_set_id = $1', setId)
    const laptop = recovered.prepared[0] as WalletShares
    await play(prove(tablet, laptop))
    const message = `set ${setId} has not retired, which set ${setIdOf(laptop)} has replaced`
    expect(await breaksOf(clientId)).toEqual(disagrees(clientId, message))
  })

  test('of what a refresh replaces, and of what it takes over', async () => {
    const { clientId, phone, tablet, wallet, half, setId } = await owner()
    const recovered = walletOf(await play(recover(tablet, half, { existingSets: 'retire' })))
    const refreshed = walletOf(await play(refresh(phone, wallet)))
    const successor = setIdOf(refreshed.signing)
    await query('delete from reshare_retirements where old_set_id = $1', successor)
    await play(prove(tablet, recovered.signing))
    const message = `set ${successor} has not retired, which set ${setIdOf(recovered.signing)} has replaced`
    expect(await breaksOf(clientId)).toEqual(disagrees(clientId, message))
    expect(successor).not.toBe(setId)
  })

  test('and nothing where all went its way, also while a proof is still owed', async () => {
    const { clientId, phone, tablet, wallet, half } = await owner()
    const refreshed = walletOf(await play(refresh(phone, wallet)))
    expect(await breaksOf(clientId)).toEqual([])
    await play(prove(phone, refreshed.signing))
    const recovered = await play(recover(tablet, half, { existingSets: 'retire' }))
    await play(prove(tablet, recovered.prepared[0] as WalletShares))
    expect(await breaksOf(clientId)).toEqual([])
  })
})

describe('the log shows a device that was revoked, and is no more', () => {
  async function revoked() {
    const owned = await owner()
    await play(recover(owned.tablet, owned.half))
    await revokeDevice(owned.tablet, owned.phoneId)
    expect(await breaksOf(owned.clientId)).toEqual([])
    return owned
  }

  test.each([
    ['by its row', 'update reshare_devices set revoked_at = null where client_id = $1 and device = $2', 'revoked in'],
    ['by its row’s absence', 'delete from reshare_devices where client_id = $1 and device = $2', 'in'],
  ])('%s', async (_, change, where) => {
    const { clientId, phoneId } = await revoked()
    await query(change, clientId, phoneId)
    expect(await breaksOf(clientId)).toEqual(disagrees(clientId, `device ${phoneId} is ${where} the log only`))
  })

  test('by a revocation that was kept from completion its sets', async () => {
    const { clientId, phoneId, setId } = await owner()
    await server.context.audit.record(world.database, clientId, [{ event: 'deviceRevoked', detail: phoneId }])
    const refuse = 'update reshare_devices set revoked_at = now() where client_id = $1 and device = $2'
    await query(refuse, clientId, phoneId)
    const message = `set ${setId} is ACTIVE, and its device was revoked`
    expect(await breaksOf(clientId)).toEqual(disagrees(clientId, message))
    await query(`update reshare_devices set revoker = 'x' where client_id = $1 and device = $2`, clientId, phoneId)
    expect(await breaksOf(clientId)).toEqual([])
  })
})
