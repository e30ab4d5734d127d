import { beforeEach, describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { codeOf, play } from '../../support/server-client.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { approve, listApprovals, onConditions, requiredIn } from '../support/approvals.ts'
import { deviceServer, newDevice, type DeviceServer } from '../support/devices.ts'
import { fileDevices } from '../support/file-devices.ts'
import { limitedDevices } from '../support/limited-sets.ts'
import { refresh, setIdOf, sign } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

describe.each(databaseKinds)('who may approve, on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  const { newClientId, plant } = fileDevices((made) => (world = made.world), open)

  beforeEach(() => {
    server = deviceServer(world, onConditions({ approval: 'any', reason: 'a new recipient' }, 'sign', 'export'))
  })

  test('whoever has the share of a set without a device does not approve with devices that he makes from it', async () => {
    const id = newClientId()
    const unbound = await plant({ clientId: id, device: null })
    const made = { clientId: id, walletId: toHex(unbound.walletId) }
    const [first, second, joined] = [newDevice(world), newDevice(world), newDevice(world)]
    const wallet = { walletId: made.walletId, signing: unbound }
    const [own] = (await play(refresh(server.client(id, first), wallet))).prepared
    await play(refresh(server.client(id, second), wallet))
    // Dealt by the first device for another one, which is a decision of its own.
    await plant({ ...made, device: joined, sourceSetId: setIdOf(own!) })
    world.pass(1)
    const asked = [
      requiredIn(await sign(server.client(id, first), own!).post()),
      requiredIn(await sign(server.client(id, first), unbound, 'bip340').post()),
      requiredIn(await sign(server.client(id, null), unbound).post()),
    ]
    const forger = server.client(id, second)
    expect((await listApprovals(forger)).map(({ mayApprove }) => mayApprove)).toEqual([false, false, false])
    for (const approvalId of asked) {
      expect(codeOf(await forger.send('POST', paths.approve(approvalId)))).toBe('AUTH_FAILED')
      await approve(server.client(id, joined), approvalId)
    }
    const ofJoined = { ...(await plant({ ...made, device: joined })), walletId: unbound.walletId }
    await approve(forger, requiredIn(await sign(server.client(id, joined), ofJoined, 'bip340').post()))
  })

  test.each([
    ['a scope', { scope: 'agent' }],
    ['an expiry', { expiresAt: '2100-01-01T00:00:00.000Z' }],
  ])('a set with %s neither sees nor decides what another device asks for', async (_, limits) => {
    const made = await limitedDevices(world, server, newClientId(), limits)
    const { phone: asks, agent, limited } = made
    world.pass(1)
    const approvalId = requiredIn(await sign(asks, made.wallet.signing).post())
    expect(await listApprovals(agent)).toEqual([])
    for (const path of [paths.approve(approvalId), paths.deny(approvalId)]) {
      expect(codeOf(await agent.send('POST', path))).toBe('AUTH_FAILED')
    }
    // It asks itself, and another device decides.
    const own = requiredIn(await sign(agent, limited.signing).post())
    expect((await listApprovals(agent)).map((asked) => [asked.approvalId, asked.mayApprove])).toEqual([[own, false]])
    expect(await approve(asks, own)).toMatchObject({ state: 'READY' })
  })
})
