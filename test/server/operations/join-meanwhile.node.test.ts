import { beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, type ServerLimits } from '../../../src/server/context.ts'
import type { PolicyRequest } from '../../../src/server/index.ts'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, retireSet, type ServerClient } from '../../support/server-client.ts'
import {
  deviceServer,
  listDevices,
  newDevice,
  plantSet,
  revokeDevice,
  stateOf,
  type DeviceServer,
} from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import { setIdOf } from '../support/wallets.ts'
import { MASTER_KEY, type World } from '../support/world.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'

describe.each(databaseKinds)('a join on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  let clientId: string
  let ids: { readonly phone: string; readonly tablet: string; readonly watch: string }
  let phone: ServerClient
  let tablet: ServerClient
  /** Has a set of the wallet, too, so that the phone's may end. */
  let watch: ServerClient
  let signing: WalletShares
  let source: string
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  beforeEach(async () => {
    clientId = `client-${newDevice(world).slice(0, 16)}`
    ids = { phone: newDevice(world), tablet: newDevice(world), watch: newDevice(world) }
    ;[phone, tablet, watch] = clientsOf(server)
    signing = await plantSet(world, server.context, { clientId, device: ids.phone, proven: true })
    source = setIdOf(signing)
    const walletId = walletIdOf(signing)
    await plantSet(world, server.context, { clientId, device: ids.watch, walletId, proven: true })
  })

  const clientsOf = (at: DeviceServer): [ServerClient, ServerClient, ServerClient] => [
    at.client(clientId, ids.phone),
    at.client(clientId, ids.tablet),
    at.client(clientId, ids.watch),
  ]
  const walletIdOf = (shares: WalletShares) => Buffer.from(shares.walletId).toString('hex')
  const newJoin = () => new TestJoin(phone, tablet, signing, { joiningDeviceId: ids.tablet })
  const failure = (code: string) => expect.objectContaining({ code }) as Error
  const setsOf = async ({ operationId }: TestJoin) =>
    (await world.database.query('select state from reshare_sets where operation_id = $1', [operationId])).map(
      ({ state }) => state,
    )

  test.each([1, 2, 3])('whose set is retired after round %i makes none', async (round) => {
    const join = await newJoin().play(1, round)
    await retireSet(phone, source)
    await expect(join.play(round + 1)).rejects.toThrow(failure('SET_RETIRED'))
    expect((await join.poll(round)).header.decision).toBe('ABORT')
    expect(await setsOf(join)).toEqual(round === 3 ? ['ABORTED'] : [])
  })

  test('whose set is retired once round 4 has checked it, before it commits, makes none', async () => {
    const join = await newJoin().play(1, 3)
    await join.make(4)
    let isChecked = false
    const late = deviceServer(world, {
      database: {
        ...world.database,
        transaction: async (work, isolation) => {
          if (!isChecked) await retireSet(phone, source)
          isChecked = true
          return world.database.transaction(work, isolation)
        },
      },
    })
    expect(codeOf(await join.post(4, late.client(clientId, ids.tablet)))).toBe('SET_RETIRED')
    expect([isChecked, (await join.poll(3)).header.decision, await setsOf(join)]).toEqual([true, 'ABORT', ['ABORTED']])
  })

  test.each([1, 2, 3])('whose inviting device is revoked after round %i makes no set', async (round) => {
    const join = await newJoin().play(1, round)
    await revokeDevice(watch, ids.phone)
    await expect(join.play(round + 1)).rejects.toMatchObject({
      code: round === 2 ? 'DEVICE_REVOKED' : 'PROTOCOL_ABORTED',
    })
    expect((await join.poll(round, tablet).catch(() => join.poll(1, tablet))).header.decision).toBe('ABORT')
    expect(await setsOf(join)).toEqual(round === 3 ? ['ABORTED'] : [])
  })

  test.each([1, 2, 3])('whose joining device is revoked after round %i makes no set', async (round) => {
    await plantSet(world, server.context, { clientId, device: ids.tablet, walletId: walletIdOf(signing) })
    const join = await newJoin().play(1, round)
    await revokeDevice(watch, ids.tablet)
    await expect(join.play(round + 1)).rejects.toMatchObject({
      code: round === 2 ? 'PROTOCOL_ABORTED' : 'DEVICE_REVOKED',
    })
    expect((await join.poll(2, phone)).header.decision).toBe('ABORT')
    expect(await setsOf(join)).toEqual(round === 3 ? ['ABORTED'] : [])
  })

  test('is logged, from its beginning on', async () => {
    const { operationId, result } = await newJoin().play()
    const rows = await world.database.query(
      `select event, wallet_id, set_id, operation_id, detail from reshare_audit where client_id = $1 and operation_id <> ''
         or client_id = $1 and event = 'deviceAdded' order by sequence`,
      [clientId],
    )
    const walletId = walletIdOf(signing)
    expect(rows.map((row) => Object.values(row).filter(Boolean).join(' '))).toEqual([
      `joinStarted ${walletId} ${source} ${operationId} ${ids.tablet}`,
      `deviceAdded ${ids.tablet}`,
      `prepared ${walletId} ${result!.setId} ${operationId} join`,
      `activated ${walletId} ${result!.setId} ${operationId} join`,
    ])
    expect(await listDevices(tablet)).toContainEqual(
      expect.objectContaining({ deviceId: ids.tablet, label: 'tablet', setIds: [result!.setId] }),
    )
    const [row] = await world.database.query('select source_set_id from reshare_sets where set_id = $1', [
      result!.setId,
    ])
    expect(row).toEqual({ source_set_id: source })
  })

  test('is one that the policy allows, which hears who joins', async () => {
    const heard: PolicyRequest[] = []
    const policy = (request: PolicyRequest) => heard.push(request) > 1
    ;[phone, tablet] = clientsOf(deviceServer(world, { policy }))
    await expect(newJoin().play()).rejects.toThrow(failure('POLICY_DENIED'))
    await newJoin().play()
    expect(heard).toHaveLength(2)
    expect(heard[1]).toEqual({
      clientId,
      deviceId: ids.phone,
      action: 'join',
      walletId: walletIdOf(signing),
      setId: source,
      label: 'tablet',
      joiningDeviceId: ids.tablet,
    })
  })

  const limited = (limits: Partial<ServerLimits>) =>
    deviceServer(world, { limits: { ...server.context.limits, ...limits } })

  test('makes no set more than a wallet may have, also where that is so only at its end', async () => {
    ;[phone, tablet] = clientsOf(limited({ signingSets: 3 }))
    const [one, other] = [await newJoin().play(1, 3), await newJoin().play(1, 3)]
    await one.play(4)
    await expect(other.play(4)).rejects.toThrow(failure('POLICY_DENIED'))
    expect(await setsOf(other)).toEqual(['ABORTED'])
    await expect(newJoin().play()).rejects.toThrow(failure('POLICY_DENIED'))
    expect(await stateOf(world, source)).toBe('ACTIVE')
  })

  test('counts against the set that deals', async () => {
    const rates = { ...server.context.limits.rates, join: { count: 1, perMs: 60_000 } }
    ;[phone, tablet] = clientsOf(limited({ rates }))
    const join = await newJoin().play()
    await expect(newJoin().play()).rejects.toThrow(failure('RATE_LIMITED'))
    signing = join.joining.share
    ;[phone, tablet] = [tablet, phone]
    ids = { ...ids, tablet: ids.phone }
    await newJoin().play()
  })

  /** Changes the last byte but `fromEnd` of each envelope of a round: what it proves no longer holds. */
  async function lie(join: TestJoin, round: number, fromEnd: number): Promise<string> {
    await join.make(round)
    const { messages } = decodeRoundBody(join.bodies[round]!)
    const changed = messages.map(({ sessionIndex, envelope }) => {
      const bytes = envelope.slice()
      if (sessionIndex < 2) (bytes as Uint8Array)[bytes.length - 1 - fromEnd]! ^= 1
      return { sessionIndex, envelope: bytes }
    })
    return codeOf(await join.post(round, undefined, encodeRoundBody({ header: {}, messages: changed })))
  }

  const failures = async () =>
    (
      await world.database.query(`select subject from reshare_rates where client_id = $1 and kind = 'failure'`, [
        clientId,
      ])
    ).map(({ subject }) => subject)

  test('ends with a lie of either device, and counts only what the inviting one says', async () => {
    const lockOut = DEFAULT_LIMITS.lockOut
    ;[phone, tablet] = clientsOf(limited({ lockOut }))
    // The echo comes last, of 32 bytes: before it the proof of possession.
    const joining = await newJoin().play(1, 3)
    expect(await lie(joining, 4, 40)).toBe('PROTOCOL_ABORTED')
    expect((await joining.poll(1)).header.decision).toBe('ABORT')
    expect([await setsOf(joining), await failures()]).toEqual([['ABORTED'], []])
    const inviting = await newJoin().play(1, 2)
    expect(await lie(inviting, 3, 40)).toBe('PROTOCOL_ABORTED')
    expect((await inviting.poll(1)).header.decision).toBe('ABORT')
    expect((await failures()).length).toBe(2)
  })

  test('leaves its messages sealed, and counted for a change of the master key', async () => {
    const join = await newJoin().play(1, 1)
    const ofRound = 'from reshare_responses where operation_id = $1 and round = 1'
    const [row] = await world.database.query(`select for_other_device as sealed ${ofRound}`, [join.operationId])
    const [plain] = (await join.poll(1)).messages.slice(-1)
    expect(Buffer.from(row!['sealed'] as Uint8Array).includes(Buffer.from(plain!.envelope))).toBe(false)
    const previous = [{ id: (row!['sealed'] as Uint8Array)[0]!, key: MASTER_KEY.slice(0, 32) }]
    const rotating = world.server({ masterKey: { current: { id: 200, key: world.random(32) }, previous } })
    const { remaining } = await rotating.rotate()
    await world.database.query('update reshare_responses set for_other_device = null where operation_id = $1', [
      join.operationId,
    ])
    expect((await rotating.rotate()).remaining).toBe(remaining - 1)
  })

  test.each(['another round', 'another join', 'a join of another client'])(
    'of which a message for the other device was replaced in the database by that of %s gives it to nobody',
    async (of) => {
      const join = await newJoin().play(1, 2)
      let [otherId, otherRound] = [join.operationId, 1]
      if (of !== 'another round') {
        if (of === 'a join of another client') {
          // With the same id.
          otherId = join.operationId
          clientId = `client-${newDevice(world).slice(0, 16)}`
          ;[phone, tablet] = clientsOf(server)
          signing = await plantSet(world, server.context, { clientId, device: ids.phone, proven: true })
        }
        const options = { joiningDeviceId: ids.tablet, ...(of !== 'another join' && { operationId: otherId }) }
        const other = await new TestJoin(phone, tablet, signing, options).play(1, 2)
        ;[otherId, otherRound] = [other.operationId, 2]
      }
      await world.database.query(
        `update reshare_responses changed set for_other_device = other.for_other_device from reshare_responses other
         where changed.operation_id = $1 and changed.client_id = $2 and changed.round = 2
           and other.operation_id = $3 and other.client_id = $4 and other.round = $5`,
        [join.operationId, join.clientOf(1).clientId, otherId, clientId, otherRound],
      )
      await expect(join.poll(2)).rejects.toThrow(failure('SHARE_PARSING_FAILED'))
    },
  )
})
