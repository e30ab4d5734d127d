import { describe, expect, test } from 'vitest'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, play } from '../../support/server-client.ts'
import { deviceServer, newDevice, plantSet, revokeDevice, stateOf, type DeviceServer } from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import { newBackup, newWallet, prove, recover, setIdOf, sign } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

describe.each(databaseKinds)('a join on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  test.each(['before', 'after'])('begun %s a recovery that retires makes a set that it retires, too', async (when) => {
    const client = world.client()
    const stolen = await newWallet(client)
    const backup = await newBackup(client, stolen)
    const join = new TestJoin(client, client, stolen.signing)
    if (when === 'before') await join.play(1, 3)
    const [laptop] = (await play(recover(client, backup, { existingSets: 'retire' }))).prepared as [WalletShares]
    await join.play(when === 'before' ? 4 : 1, 4)
    await play(prove(client, laptop))
    expect(await stateOf(world, setIdOf(stolen.signing))).not.toBe('ACTIVE')
    await expect(play(sign(client, join.joining.share))).rejects.toMatchObject({ code: 'SET_RETIRED' })
  })

  test.each([
    ['inviting', 4],
    ['joining', 3],
  ])('makes no set once its %s device is revoked, before its operations are aborted', async (who, last) => {
    const clientId = `client-${newDevice(world).slice(0, 16)}`
    const [phone, tablet, watch] = [newDevice(world), newDevice(world), newDevice(world)]
    const signing = await plantSet(world, server.context, { clientId, device: phone, proven: true })
    const walletId = Buffer.from(signing.walletId).toString('hex')
    for (const device of [watch, tablet]) {
      await plantSet(world, server.context, { clientId, device, walletId, proven: true })
    }
    const revoked = who === 'inviting' ? phone : tablet
    const devices = [server.client(clientId, phone), server.client(clientId, tablet)] as const
    const join = new TestJoin(...devices, signing, { joiningDeviceId: tablet })
    await join.play(1, last - 1)
    await join.make(last)
    // What the first transaction of a revocation writes.
    await world.database.query(
      `update reshare_devices set revoked_at = $3, revoker = $4 where client_id = $1 and device = $2`,
      [clientId, revoked, new Date(world.now()), watch],
    )
    expect(codeOf(await join.post(last))).toBe('PROTOCOL_ABORTED')
    await revokeDevice(server.client(clientId, watch), revoked)
    const made = await world.database.query('select state from reshare_sets where operation_id = $1', [
      join.operationId,
    ])
    expect(made).toEqual([{ state: 'ABORTED' }])
  })
})
