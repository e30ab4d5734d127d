import { describe, expect, test } from 'vitest'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, confirmSet, play, retireSet, type ClientOperation } from '../../support/server-client.ts'
import { deviceServer, newDevice, revokeDevice, type DeviceServer } from '../support/devices.ts'
import { newExport, postRound } from '../support/exports.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import { limitedDevices } from '../support/limited-sets.ts'
import { backup, prove, setIdOf, sign } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const failing = (operation: ClientOperation) => expect(play(operation)).rejects
const newClientId = (world: World) => `client-${newDevice(world).slice(0, 16)}`

describe.each(databaseKinds)('a limited set on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  test.each<[string, object]>([
    ['a scope alone', { scope: 'agent' }],
    ['an expiry alone', { expiresAt: '2100-01-01T00:00:00.000Z' }],
  ])('with %s makes no backup, key or set for another device', async (_, limits) => {
    const { clientId, phone, wallet, agent, limited, setId } = await limitedDevices(
      world,
      server,
      newClientId(world),
      limits,
    )
    const before = await world.database.query('select operation_id from reshare_operations where set_id = $1', [setId])
    await failing(backup(agent, limited)).toMatchObject({ code: 'POLICY_DENIED', message: /cannot backup/ })
    const other = newDevice(world)
    const options = { joiningDeviceId: other, ...limits }
    const join = new TestJoin(agent, server.client(clientId, other), limited.signing, options)
    await expect(join.play()).rejects.toMatchObject({ code: 'POLICY_DENIED', message: /cannot join/ })
    const exported = newExport(world, { ...limited, setId, half: limited.signing }, 'ed25519')
    expect(codeOf(await postRound(agent, exported, 1, exported.first))).toBe('POLICY_DENIED')
    const after = await world.database.query('select operation_id from reshare_operations where set_id = $1', [setId])
    expect(after).toEqual(before)
    await play(sign(agent, limited.signing))
    await play(sign(phone, wallet.signing))
  })

  test('manages no other set and no other device, and can be ended by another at once', async () => {
    const { phone, phoneId, wallet, agent, agentId, limited, setId } = await limitedDevices(
      world,
      server,
      newClientId(world),
    )
    const [unconfirmed] = (await play(backup(phone, wallet))).prepared
    await expect(retireSet(agent, setIdOf(wallet.signing))).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await expect(confirmSet(agent, setIdOf(unconfirmed!))).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await expect(revokeDevice(agent, phoneId)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await play(prove(agent, limited.signing))
    // It does not count as a set that is left.
    await expect(retireSet(phone, setIdOf(wallet.signing))).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await expect(revokeDevice(phone, phoneId)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await play(prove(phone, wallet.signing))
    expect(await retireSet(phone, setId)).toMatchObject({ state: 'DESTROYED' })
    await failing(sign(agent, limited.signing)).toMatchObject({ code: 'SET_RETIRED' })
    expect(await revokeDevice(phone, agentId)).toMatchObject({ deviceId: agentId, setIds: [] })
  })
})
