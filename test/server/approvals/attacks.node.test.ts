import { beforeEach, describe, expect, test } from 'vitest'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { logBans } from '../../../src/server/sets/ot-states.ts'
import { encodeIntent } from '../../../src/wire/intent.ts'
import { paths } from '../../../src/wire/paths.ts'
import { encodeRoundBody } from '../../../src/wire/round-body.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { codeOf, play, type ServerClient } from '../../support/server-client.ts'
import { ClientOperation } from '../../support/server-client.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { approve, deny, listApprovals, onConditions, requiredIn } from '../support/approvals.ts'
import { deviceServer, newDevice, revokeDevice, type DeviceServer } from '../support/devices.ts'
import { fileDevices } from '../support/file-devices.ts'
import { generate, setIdOf, sign } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe.each(databaseKinds)('requests for approval, on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  let other: DeviceServer
  const { newClient, newClientId, plant } = fileDevices((made) => (world = made.world), open)
  let clientId: string
  let phoneId: string
  let tabletId: string
  let phone: ServerClient
  let tablet: ServerClient
  let signing: Awaited<ReturnType<typeof plant>>
  let walletId: string

  beforeEach(async () => {
    server = deviceServer(world, onConditions({ approval: 'any', reason: 'a new recipient' }, 'sign', 'export'))
    other = deviceServer(world, onConditions({ approval: 'any' }, 'sign', 'export'))
    ;({ clientId, phoneId, tabletId } = newClient())
    phone = server.client(clientId, phoneId)
    tablet = other.client(clientId, tabletId)
    signing = await plant({ clientId, device: phoneId, proven: true })
    walletId = toHex(signing.walletId)
    await plant({ clientId, walletId, device: tabletId, proven: true })
    // Sets that are planted are as old as the clock of the test.
    world.pass(1)
  })

  const rows = async (table: string) =>
    (await world.database.query(`select 1 from reshare_${table} where client_id = $1`, [clientId])).length

  test('a delay alone is seen by another device, which cannot approve it and can cancel it', async () => {
    const { client } = deviceServer(world, onConditions({ delayMs: HOUR }, 'sign'))
    const operation = sign(client(clientId, phoneId), signing)
    const approvalId = requiredIn(await operation.post())
    const [listed] = await listApprovals(tablet)
    expect(listed).toMatchObject({ approvalId, state: 'WAITING', approver: null, mayApprove: false })
    await expect(approve(tablet, approvalId)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await deny(tablet, approvalId)
    expect(codeOf(await operation.post())).toBe('POLICY_DENIED')
  })

  test('those that were cancelled come after one that waits, and hide none', async () => {
    const { client } = deviceServer(world, onConditions({ delayMs: HOUR }, 'sign'))
    const thief = client(clientId, phoneId)
    const waits = requiredIn(await sign(thief, signing, 'ed25519', 'the real one').post())
    for (const text of ['one', 'another']) {
      world.pass(1)
      await deny(thief, requiredIn(await sign(thief, signing, 'ed25519', text).post()))
    }
    expect((await listApprovals(tablet)).map(({ state }) => state)).toEqual(['WAITING', 'CANCELLED', 'CANCELLED'])
    expect((await listApprovals(tablet))[0]).toMatchObject({ approvalId: waits })
  })

  test('what waits has ended after the database was restored', async () => {
    const operation = sign(phone, signing)
    const approvalId = requiredIn(await operation.post())
    await approve(tablet, approvalId)
    await bumpEpoch(world.database)
    expect((await listApprovals(tablet))[0]).toMatchObject({ approvalId, state: 'ENDED' })
    expect(codeOf(await operation.post())).not.toBeUndefined()
    expect(await rows('operations')).toBe(0)
  })

  test('nothing is begun before, the same request goes on after, and once', async () => {
    const operation = sign(phone, signing)
    const approvalId = requiredIn(await operation.post())
    expect(requiredIn(await operation.post())).toBe(approvalId)
    for (const table of ['operations', 'responses', 'decisions', 'rates', 'reservations']) {
      expect([table, await rows(table)]).toEqual([table, 0])
    }
    const [listed] = await listApprovals(tablet)
    expect(listed).toMatchObject({
      ...{ approvalId, state: 'WAITING', action: 'sign', walletId, setId: setIdOf(signing), deviceId: phoneId },
      ...{ mayApprove: true, reason: 'a new recipient', approver: 'any', readyAt: null },
      details: { scheme: 'ed25519', path: 'm', intent: { kind: 'raw', verified: false } },
    })
    await approve(tablet, approvalId)
    await play(operation)
    expect((await listApprovals(phone))[0]).toMatchObject({ state: 'USED', approvedBy: tabletId })
    // A copy of the request gets the same response, and a further one has to ask again.
    expect(requiredIn(await sign(phone, signing).post())).not.toBe(approvalId)
  })

  test('a client that has restarted goes on with a new operation for the same', async () => {
    const approvalId = requiredIn(await sign(phone, signing).post())
    await approve(tablet, approvalId)
    await play(sign(server.client(clientId, phoneId), signing))
  })

  test('another message, path or scheme does not ride on it, even in the same operation', async () => {
    const operation = sign(phone, signing)
    const approvalId = requiredIn(await operation.post())
    await approve(tablet, approvalId)
    const { request, operationId } = operation
    for (const change of [{ message: 'ff' }, { path: 'm/1' }]) {
      const changed = new ClientOperation(phone, { ...request, ...change }, signing, {}, operationId)
      expect(requiredIn(await changed.post())).not.toBe(approvalId)
    }
    expect(requiredIn(await sign(phone, signing, 'bip340').post())).not.toBe(approvalId)
    await play(operation)
  })

  test('another device does not ride on it, nor another client', async () => {
    const approvalId = requiredIn(await sign(phone, signing).post())
    await approve(tablet, approvalId)
    const ofTablet = await plant({ clientId, device: tabletId })
    expect(requiredIn(await sign(tablet, ofTablet).post())).not.toBe(approvalId)
    const stranger = server.client(newClientId(), phoneId)
    const foreign = [
      await stranger.send('POST', paths.approve(approvalId)),
      await stranger.send('POST', paths.deny(approvalId)),
    ]
    const unknown = paths.approve(toHex(world.random(16)))
    for (const answer of foreign) expect(answer).toEqual(await stranger.send('POST', unknown))
    expect(foreign.map(codeOf)).toEqual(['AUTH_FAILED', 'AUTH_FAILED'])
    expect(await listApprovals(stranger)).toEqual([])
  })

  test('nobody approves who has asked, has no set, or has one only since', async () => {
    const approvalId = requiredIn(await sign(phone, signing).post())
    const latecomerId = newDevice(world)
    await plant({ clientId, walletId, device: latecomerId })
    await world.database.query('update reshare_sets set committed_at = $2 where device = $1', [
      latecomerId,
      new Date(world.now() + 1),
    ])
    const withoutSet = server.client(clientId, newDevice(world))
    const ofOtherWallet = newDevice(world)
    await plant({ clientId, device: ofOtherWallet })
    const unsealed = server.client(clientId, null)
    const clients = [
      phone,
      unsealed,
      withoutSet,
      server.client(clientId, latecomerId),
      server.client(clientId, ofOtherWallet),
    ]
    for (const client of clients) {
      expect(codeOf(await client.send('POST', paths.approve(approvalId)))).toBe('AUTH_FAILED')
    }
    for (const client of [unsealed, withoutSet, server.client(clientId, ofOtherWallet)]) {
      expect(codeOf(await client.send('POST', paths.deny(approvalId)))).toBe('AUTH_FAILED')
      expect(await listApprovals(client)).toEqual([])
    }
    expect((await listApprovals(phone))[0]).toMatchObject({ state: 'WAITING', mayApprove: false })
  })

  test('what was denied is not approved later, and the device is told so once', async () => {
    const operation = sign(phone, signing)
    const approvalId = requiredIn(await operation.post())
    await approve(tablet, approvalId)
    expect(await deny(tablet, approvalId)).toMatchObject({ state: 'DENIED' })
    expect(codeOf(await tablet.send('POST', paths.approve(approvalId)))).toBe('POLICY_DENIED')
    for (const _ of [1, 2]) expect(codeOf(await operation.post())).toBe('POLICY_DENIED')
    expect(requiredIn(await sign(phone, signing).post())).not.toBe(approvalId)
  })

  test('the device that has asked may cancel, and ask again', async () => {
    const approvalId = requiredIn(await sign(phone, signing).post())
    expect(await deny(phone, approvalId)).toMatchObject({ state: 'CANCELLED' })
    expect(await deny(phone, approvalId)).toMatchObject({ state: 'CANCELLED' })
    expect(requiredIn(await sign(phone, signing).post())).not.toBe(approvalId)
  })

  test('an approval expires, whether it was given or not', async () => {
    const [first, second] = [sign(phone, signing), sign(phone, signing, 'bip340')]
    const ids = [requiredIn(await first.post()), requiredIn(await second.post())] as const
    await approve(tablet, ids[0])
    world.pass(DAY)
    expect(codeOf(await tablet.send('POST', paths.approve(ids[1])))).toBe('POLICY_DENIED')
    for (const operation of [first, second]) expect(codeOf(await operation.post())).toBe('POLICY_DENIED')
    expect(requiredIn(await sign(phone, signing).post())).not.toBe(ids[0])
  })

  test('an approval by a device that is revoked is none, and a revoked device waits for nothing', async () => {
    const operation = sign(phone, signing)
    const approvalId = requiredIn(await operation.post())
    await approve(tablet, approvalId)
    await revokeDevice(phone, tabletId)
    expect((await listApprovals(phone))[0]).toMatchObject({ approvalId, state: 'ENDED' })
    expect(codeOf(await operation.post())).toBe('POLICY_DENIED')
    const laptopId = newDevice(world)
    await plant({ clientId, walletId, device: laptopId })
    const laptop = server.client(clientId, laptopId)
    const again = requiredIn(await sign(phone, signing).post())
    await revokeDevice(laptop, phoneId)
    expect(codeOf(await laptop.send('POST', paths.approve(again)))).toBe('POLICY_DENIED')
  })

  test('a flood is bounded, and leaves the requests of other sets as they are', async () => {
    const tabletsOwn = await plant({ clientId, device: tabletId })
    const { openApprovals } = server.context.limits
    const codes: unknown[] = []
    for (let i = 0; i <= openApprovals; i++) codes.push(codeOf(await ofPath(phone, i).post()))
    expect(codes).toEqual([...Array.from({ length: openApprovals }, () => 'APPROVAL_REQUIRED'), 'RATE_LIMITED'])
    requiredIn(await sign(tablet, tabletsOwn).post())
    world.pass(DAY)
    requiredIn(await ofPath(phone, 0).post())
  })

  test('new wallets and signatures that wait leave a revocation room', async () => {
    const few = { ...server.context.limits, openApprovals: 2 }
    const asks = {
      policy: onConditions({ approval: 'any' }, 'generate', 'revoke', 'sign', 'retire').policy,
      limits: few,
    }
    const { client } = deviceServer(world, asks)
    const codes = async (...operations: readonly ClientOperation[]) => {
      const answers = []
      for (const operation of operations) answers.push(codeOf(await operation.post()))
      return answers
    }
    const full = ['APPROVAL_REQUIRED', 'APPROVAL_REQUIRED', 'RATE_LIMITED']
    // Whoever has the token makes the keys of as many devices as he likes.
    const strangers = [null, newDevice(world), newDevice(world)].map((device) => generate(client(clientId, device)))
    expect(await codes(...strangers)).toEqual(full)
    expect(await codes(...[0, 1, 2].map((path) => ofPath(client(clientId, phoneId), path)))).toEqual(full)
    requiredIn(await client(clientId, tabletId).send('POST', paths.revoke(phoneId)))
    requiredIn(await client(clientId, tabletId).send('POST', paths.retire(setIdOf(signing))))
  })

  test('an approval of several signatures holds whatever they are made with and are said to be of', async () => {
    const item = { scheme: 'ecdsa', message: '01'.repeat(32), hash: null, path: 'm' }
    const about = (data: string) => toHex(encodeIntent({ kind: 'bitcoinTransaction', data: utf8(data), input: 0 }))
    const ask = async (items: readonly object[], change: object = {}) => {
      const header = { kind: 'signAll', walletId, setId: setIdOf(signing), items, ...change }
      const path = paths.round(toHex(world.random(16)), 1)
      return requiredIn(await phone.send('POST', path, encodeRoundBody({ header, messages: [] })))
    }
    const approvalId = await ask([item])
    expect(await ask([item], { preprocessings: ['ab'.repeat(32)] })).toBe(approvalId)
    expect(await ask([{ ...item, intent: 0, input: 1 }], { intents: [about('one')] })).toBe(approvalId)
    expect(await ask([{ ...item, intent: 0, input: 2 }], { intents: [about('another')] })).toBe(approvalId)
    expect(await ask([{ ...item, message: '02'.repeat(32) }])).not.toBe(approvalId)
    expect(await ask([item, item])).not.toBe(approvalId)
  })

  test('what waits with a set ends with the ban of its client', async () => {
    const approvalId = requiredIn(await sign(phone, signing).post())
    await world.database.query(
      `insert into reshare_ot_states (set_id, sealed, poisoned, epoch) select $1, $2, true, number from reshare_meta
       where name = 'epoch'`,
      [setIdOf(signing), new Uint8Array(1)],
    )
    await logBans(server.context)
    expect((await listApprovals(tablet))[0]).toMatchObject({ approvalId, state: 'ENDED' })
  })

  test('of approving and denying at once, and of going on twice, one happens', async () => {
    for (const path of [0, 1, 2]) {
      const operations = [ofPath(phone, path), ofPath(other.client(clientId, phoneId), path)] as const
      const approvalId = requiredIn(await operations[0].post())
      await approve(tablet, approvalId)
      const denying = path === 2 ? [] : [tablet.send('POST', paths.deny(approvalId))]
      const answers = await Promise.all([...operations.map((operation) => operation.post()), ...denying])
      const done = answers.filter(({ status }) => status === 200).length
      expect(done).toBe(1)
    }
  })

  function ofPath(client: ServerClient, path: number): ClientOperation {
    const { request } = sign(client, signing)
    return new ClientOperation(client, { ...request, path: `m/${path}` } as never, signing)
  }
})
