import { beforeEach, describe, expect, test } from 'vitest'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { codeOf, type ServerClient } from '../../support/server-client.ts'
import { deviceServer, newDevice, newDevices, plantSet, type DeviceServer } from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { readShare } from '../support/read-share.ts'
import { TestJoin } from '../support/joins.ts'
import { secretsOf, watchScalars } from '../support/scalars.ts'
import { setIdOf } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

describe('the memory of the server after a round of a join', () => {
  let world: World
  let server: DeviceServer
  let clientId: string
  let signing: WalletShares
  let join: TestJoin
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  })

  beforeEach(async () => {
    clientId = `client-${newDevice(world).slice(0, 16)}`
    const { phone, phoneId, tablet, tabletId } = newDevices(world, server, clientId)
    signing = await plantSet(world, server.context, { clientId, device: phoneId })
    join = new TestJoin(phone, tablet, signing, { joiningDeviceId: tabletId })
  })

  const secretsOfSet = async (setId: string) =>
    secretsOf(await readShare(server.context, world.database, clientId, setId))

  test('has nothing of the share that deals, and nothing of the new one', async () => {
    const watched = []
    for (const round of [1, 2, 3, 4]) {
      await join.make(round)
      const posted = await watchScalars(() => join.post(round))
      watched.push(posted)
      join.take(round, posted.result)
    }
    const dealt = await secretsOfSet(setIdOf(signing))
    const [first] = watched.map((one) => one.count(dealt))
    expect([first!.seen > 0, first!.left]).toEqual([true, 0])
    const made = await secretsOfSet(join.result!.setId)
    const counts = watched.map((one) => one.count(made))
    expect(counts.map(({ left }) => left)).toEqual([0, 0, 0, 0])
    expect(counts.map(({ seen }) => seen > 0)).toEqual([false, false, true, true])
  })

  test.each([2, 3, 4])('has no scalar of its sessions if round %i fails', async (round) => {
    await join.play(1, round - 1)
    await join.make(round)
    const { messages } = decodeRoundBody(join.bodies[round]!)
    // The last session is restored and gets nothing.
    const body = encodeRoundBody({ header: {}, messages: messages.filter(({ sessionIndex }) => sessionIndex !== 1) })
    const client: ServerClient = join.clientOf(round)
    const watched = await watchScalars(() => join.post(round, client, body))
    expect(codeOf(watched.result)).toBe('BAD_REQUEST')
    expect(watched.count()).toMatchObject({ left: 0 })
  })
})
