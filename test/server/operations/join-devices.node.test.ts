import { beforeEach, describe, expect, test } from 'vitest'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { abortOperation, codeOf } from '../../support/server-client.ts'
import {
  deviceServer,
  listDevices,
  newDevice,
  newDevices,
  plantSet,
  revokeDevice,
  type DeviceServer,
} from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import type { World } from '../support/world.ts'

describe.each(databaseKinds)('the devices of a join on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  let devices: ReturnType<typeof newDevices>
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  beforeEach(() => {
    devices = newDevices(world, server, `client-${newDevice(world).slice(0, 16)}`)
  })

  const plant = (device: string | null, walletId?: string) =>
    plantSet(world, server.context, {
      clientId: devices.clientId,
      device,
      proven: true,
      ...(walletId !== undefined && { walletId }),
    })
  const joinOf = (signing: WalletShares) =>
    new TestJoin(devices.phone, devices.tablet, signing, { joiningDeviceId: devices.tabletId })
  const listed = async () => (await listDevices(devices.phone)).map(({ deviceId }) => deviceId)
  const walletIdOf = ({ walletId }: WalletShares) => Buffer.from(walletId).toString('hex')

  test('are not both listed before it is committed, nor after it was aborted', async () => {
    const join = await joinOf(await plant(devices.phoneId)).play(1, 3)
    expect(await listed()).toEqual([devices.phoneId])
    await abortOperation(devices.phone, join.operationId)
    expect(await listed()).toEqual([devices.phoneId])
    await joinOf(await plant(devices.phoneId)).play()
    // Two devices that first appear in one millisecond are listed in the order of their ids.
    expect((await listed()).sort()).toEqual([devices.phoneId, devices.tabletId].sort())
  })

  test('are both revocable once a share is prepared, and listed if revoked', async () => {
    const join = await joinOf(await plant(devices.phoneId)).play(1, 3)
    const { deviceId, revokedAt } = await revokeDevice(devices.phone, devices.tabletId)
    expect([deviceId, revokedAt]).toEqual([devices.tabletId, expect.any(String)])
    expect(await listed()).toContain(devices.tabletId)
    await expect(join.play(4)).rejects.toMatchObject({ code: 'DEVICE_REVOKED' })
  })

  test('are not begun with if the joining one was revoked', async () => {
    const signing = await plant(devices.phoneId)
    await plant(devices.tabletId, walletIdOf(signing))
    await revokeDevice(devices.phone, devices.tabletId)
    const join = joinOf(signing)
    await join.make(1)
    for (const _ of ['sent', 'sent again']) expect(codeOf(await join.post(1))).toBe('DEVICE_REVOKED')
    expect((await join.poll(1, devices.phone)).header).toEqual({ round: 0, decision: null, expiresAt: null })
  })

  test.each([1, 2, 3])(
    'have nothing left for each other in the database once aborted after round %i',
    async (round) => {
      const join = await joinOf(await plant(devices.phoneId)).play(1, round)
      const left = async () => {
        const [row] = await world.database.query(
          'select count(for_other_device)::int as left from reshare_responses where operation_id = $1',
          [join.operationId],
        )
        return row!['left']
      }
      expect(await left()).toBe(round)
      await abortOperation(devices.tablet, join.operationId)
      expect(await left()).toBe(0)
    },
  )

  test('are not without a key where the wallet has got a set of one in the meantime', async () => {
    const { unsealed } = devices
    const signing = await plant(null)
    const join = await new TestJoin(unsealed, unsealed, signing).play(1, 3)
    await plant(devices.phoneId, walletIdOf(signing))
    await expect(join.play(4)).rejects.toMatchObject({ code: 'CHANNEL_FAILED' })
    const made = await world.database.query('select state from reshare_sets where operation_id = $1', [
      join.operationId,
    ])
    expect(made).toEqual([{ state: 'ABORTED' }])
  })

  test('may be without a key if no set of the wallet has one', async () => {
    const { unsealed } = devices
    const join = await new TestJoin(unsealed, unsealed, await plant(null)).play()
    expect(join.result).toMatchObject({ state: 'ACTIVE' })
  })
})
