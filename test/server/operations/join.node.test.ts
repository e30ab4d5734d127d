import { describe, expect, test } from 'vitest'
import { verifyAuditLog } from '../../../src/server/index.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { play, setStatus } from '../../support/server-client.ts'
import { deviceServer, newDevices, stateOf, type DeviceServer } from '../support/devices.ts'
import { nobleTakes } from '../support/ecdsa.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin, unfold } from '../support/joins.ts'
import { publicKeysOf } from '../support/owners.ts'
import { newWallet, setIdOf, setup, sign, signEcdsa } from '../support/wallets.ts'
import { MASTER_KEY, type World } from '../support/world.ts'

describe.each(databaseKinds)('a join on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  test('gives another device a set of its own, and both sign by every scheme', async () => {
    const { phone, tablet, tabletId } = newDevices(world, server, 'ann')
    const { signing } = await newWallet(phone)
    const join = await new TestJoin(phone, tablet, signing, { joiningDeviceId: tabletId }).play()
    const { header, messages } = await join.poll(4)
    expect(header).toMatchObject({ round: 4, decision: 'COMMIT' })
    join.inviting.take(unfold(messages))
    expect([join.joining.isDone, join.inviting.isDone]).toEqual([true, true])
    const { share } = join.joining
    const setId = setIdOf(share)
    expect(join.result).toEqual({ setId, state: 'ACTIVE' })
    expect(publicKeysOf(share)).toEqual(publicKeysOf(signing))
    expect([await stateOf(world, setId), await stateOf(world, setIdOf(signing))]).toEqual(['ACTIVE', 'ACTIVE'])
    expect(await setStatus(tablet, setId)).toMatchObject({ deviceId: tabletId, label: 'tablet' })
    for (const scheme of ['ed25519', 'bip340'] as const) {
      await play(sign(tablet, share, scheme))
      await play(sign(phone, signing, scheme))
    }
    await expect(play(sign(phone, share))).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    const { pair } = await play(setup(tablet, { signing: share }))
    expect(nobleTakes(await play(signEcdsa(tablet, { signing: share, pair })), signing)).toBe(true)
    const masterKey = MASTER_KEY.slice(0, 32)
    expect((await verifyAuditLog({ database: world.database, masterKey })).breaks).toEqual([])
  })

  test('of two devices that do not seal their requests makes a set that is bound to none', async () => {
    const { clientId, phone, unsealed, tabletId } = newDevices(world, server, 'bob')
    const { signing } = await newWallet(unsealed)
    const join = await new TestJoin(unsealed, unsealed, signing).play()
    expect(await setStatus(unsealed, join.result!.setId)).toMatchObject({ deviceId: null })
    await play(sign(phone, join.joining.share))
    const bound = await new TestJoin(unsealed, server.client(clientId, tabletId), signing, {
      joiningDeviceId: tabletId,
    }).play()
    expect(await setStatus(phone, bound.result!.setId)).toMatchObject({ deviceId: tabletId })
    const late = new TestJoin(unsealed, unsealed, signing)
    await expect(late.play()).rejects.toMatchObject({ code: 'CHANNEL_FAILED' })
    await expect(new TestJoin(phone, unsealed, signing).play()).rejects.toMatchObject({ code: 'CHANNEL_FAILED' })
  })

  test('that would make an unbound set where it may not is not begun, and no policy is asked', async () => {
    const asked: string[] = []
    const policy = ({ action }: { readonly action: string }) => asked.push(action) > 0
    const strict = deviceServer(world, { policy })
    const { phone, unsealed, tabletId } = newDevices(world, strict, 'eva')
    const { signing } = await newWallet(unsealed)
    asked.length = 0
    // No set of the wallet is bound yet, but the inviting device seals its requests.
    const sealed = new TestJoin(phone, unsealed, signing)
    await expect(sealed.play(1, 1)).rejects.toMatchObject({ code: 'CHANNEL_FAILED' })
    expect(asked).toEqual([])
    await new TestJoin(unsealed, strict.client('eva', tabletId), signing, { joiningDeviceId: tabletId }).play()
    asked.length = 0
    await expect(new TestJoin(unsealed, unsealed, signing).play(1, 1)).rejects.toMatchObject({ code: 'CHANNEL_FAILED' })
    expect(asked).toEqual([])
  })
})
