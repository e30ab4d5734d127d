import { beforeEach, describe, expect, test } from 'vitest'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { JOIN_RELAY_INDEX, JOIN_RELAY_MAX_LENGTH, JOIN_SELF } from '../../../src/wire/join.ts'
import { paths } from '../../../src/wire/paths.ts'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { abortOperation, codeOf, unwrap, type ServerClient } from '../../support/server-client.ts'
import { deviceServer, newDevice, plantSet, stateOf, type DeviceServer } from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import { generate, setIdOf } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const ROUNDS = [1, 2, 3, 4] as const

describe.each(databaseKinds)('the rounds of a join on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  let phone: ServerClient
  let tablet: ServerClient
  let watch: ServerClient
  let source: string
  let join: TestJoin
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  beforeEach(async () => {
    const clientId = `client-${newDevice(world).slice(0, 16)}`
    const [phoneId, tabletId] = [newDevice(world), newDevice(world)]
    phone = server.client(clientId, phoneId)
    tablet = server.client(clientId, tabletId)
    watch = server.client(clientId, newDevice(world))
    const signing = await plantSet(world, server.context, { clientId, device: phoneId })
    source = setIdOf(signing)
    join = new TestJoin(phone, tablet, signing, { joiningDeviceId: tabletId })
  })

  const commits = async () => {
    expect(join.result).toMatchObject({ state: 'ACTIVE' })
    expect(await stateOf(world, source)).toBe('ACTIVE')
  }

  test('are refused before their turn, which changes nothing', async () => {
    const nothing = encodeRoundBody({ header: {}, messages: [] })
    expect(codeOf(await join.post(2, tablet, nothing))).toBe('AUTH_FAILED')
    await join.play(1, 1)
    expect(codeOf(await join.post(3, phone, nothing))).toBe('OPERATION_IN_PROGRESS')
    expect(codeOf(await join.post(4, tablet, nothing))).toBe('OPERATION_IN_PROGRESS')
    expect(await join.poll(2)).toMatchObject({ header: { round: 1, decision: null }, messages: [] })
    await join.play(2, 2)
    expect(codeOf(await join.post(4, tablet, nothing))).toBe('OPERATION_IN_PROGRESS')
    await join.play(3, 4)
    await commits()
  })

  test('repeated get the same response, and so does a poll; another request is refused', async () => {
    for (const round of ROUNDS) {
      await join.make(round)
      const response = unwrap(await join.post(round))
      expect(unwrap(await join.post(round))).toEqual(response)
      const { header, messages } = decodeRoundBody(join.bodies[round]!)
      const other = encodeRoundBody({ header: header as object, messages: [...messages.slice(0, -1), relay('other')] })
      expect(codeOf(await join.post(round, undefined, other))).toBe('PROTOCOL_ABORTED')
      expect(await join.poll(round)).toEqual(await join.poll(round))
      join.take(round, { status: 200, body: response })
    }
    await commits()
  })

  test('are those of one device each, and so is what they leave', async () => {
    for (const round of ROUNDS) {
      await join.make(round)
      const others = round === 1 ? [] : [join.clientOf(round + 1), watch, server.client(phone.clientId, null)]
      for (const other of others) expect(codeOf(await join.post(round, other))).toBe('AUTH_FAILED')
      join.take(round, await join.post(round))
      for (const other of [join.clientOf(round), watch, server.client(phone.clientId, null)]) {
        await expect(join.poll(round, other)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
      }
      const stranger = server.client('stranger', newDevice(world))
      expect(codeOf(await join.post(round, stranger))).toBe('AUTH_FAILED')
      expect(await join.poll(round, stranger)).toEqual({
        header: { round: 0, decision: null, expiresAt: null },
        messages: [],
      })
    }
    await commits()
  })

  test('show each device what is for it or for all, and nothing else', async () => {
    for (const round of ROUNDS) {
      await join.make(round)
      const response = unwrap(await join.post(round))
      const [sender, reader] =
        round % 2 === 0 ? [JOIN_SELF.joining, JOIN_SELF.inviting] : [JOIN_SELF.inviting, JOIN_SELF.joining]
      const receivers = (messages: readonly SessionMessage[]) =>
        new Set(messages.filter(isOfServer).map(({ envelope }) => decodeEnvelope(envelope).to))
      const left = receivers((await join.poll(round)).messages)
      // In round 3 the server deals: with its own part the inviting device would have the other one's share.
      if (round === 3) expect(left).toContain(reader)
      for (const to of receivers(decodeRoundBody(response).messages)) expect([0, sender]).toContain(to)
      for (const to of left) expect([0, reader]).toContain(to)
      join.take(round, { status: 200, body: response })
    }
    await commits()
  })

  test('take one message for the other device, and none of another participant', async () => {
    const wrong = (round: number): readonly (readonly SessionMessage[])[] => {
      const { messages } = decodeRoundBody(join.bodies[round]!)
      const [first, ...rest] = messages as [SessionMessage, ...SessionMessage[]]
      const forged = first.envelope.slice()
      forged[4] = 4 - (forged[4] as number)
      return [
        messages.slice(0, -1),
        [...messages, relay('twice')],
        [...messages.slice(0, -1), relay('')],
        [...messages.slice(0, -1), { sessionIndex: JOIN_RELAY_INDEX + 1, envelope: new Uint8Array(1) }],
        [...messages.slice(0, -1), relay('x'.repeat(JOIN_RELAY_MAX_LENGTH + 1))],
        [...messages, { sessionIndex: JOIN_RELAY_INDEX + 1, envelope: new Uint8Array(1) }],
        [{ ...first, envelope: forged }, ...rest],
        [{ ...first, envelope: new Uint8Array(7) }, ...rest],
        rest.filter(({ sessionIndex }) => sessionIndex !== first.sessionIndex),
      ]
    }
    await join.play(1, 1)
    for (const round of [2, 3, 4]) {
      await join.make(round)
      for (const messages of wrong(round)) {
        const body = encodeRoundBody({ header: {}, messages })
        expect(codeOf(await join.post(round, undefined, body))).toBe('BAD_REQUEST')
      }
      join.take(round, await join.post(round))
    }
    await commits()
  })

  test('end where the inviting device keeps back its messages to the server', async () => {
    await join.play(1, 2)
    await join.make(3)
    const { messages } = decodeRoundBody(join.bodies[3]!)
    // Round, in the header of an envelope.
    const second = messages.filter(({ envelope, sessionIndex }) => sessionIndex > 1 || envelope[3] === 2)
    expect(second).toHaveLength(3)
    const body = encodeRoundBody({ header: {}, messages: second })
    expect(codeOf(await join.post(3, undefined, body))).toBe('PROTOCOL_ABORTED')
    expect((await join.poll(2)).header.decision).toBe('ABORT')
  })

  test.each(ROUNDS)('after %i are over once either device has cancelled', async (round) => {
    await join.play(1, round)
    for (const client of [watch, server.client(phone.clientId, null)]) {
      await expect(abortOperation(client, join.operationId)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    }
    const decision = round === 4 ? 'COMMIT' : 'ABORT'
    expect(await abortOperation(round % 2 === 0 ? phone : tablet, join.operationId)).toEqual({ decision })
    expect(await abortOperation(round % 2 === 0 ? tablet : phone, join.operationId)).toEqual({ decision })
    if (round === 4) return commits()
    const { header, messages } = await join.poll(round)
    expect([header.decision, messages]).toEqual(['ABORT', []])
    const nothing = encodeRoundBody({ header: {}, messages: [] })
    expect(codeOf(await join.post(round + 1, undefined, nothing))).toBe('PROTOCOL_ABORTED')
    expect(await traces()).toEqual({ states: round === 3 ? ['ABORTED'] : [], shares: 0 })
    expect(await stateOf(world, source)).toBe('ACTIVE')
  })

  test.each(ROUNDS.slice(0, 3))('after %i expire, and a sweep ends them', async (round) => {
    await join.play(1, round)
    await join.make(round + 1)
    world.pass(server.context.limits.operationMs)
    expect(codeOf(await join.post(round + 1))).toBe('PROTOCOL_ABORTED')
    await world.server().sweep()
    expect((await join.poll(round)).header.decision).toBe('ABORT')
    expect(await traces()).toEqual({ states: round === 3 ? ['ABORTED'] : [], shares: 0 })
  })

  test('leave nothing but the decision, once they are old', async () => {
    await join.play()
    world.pass(server.context.limits.operationMs + server.context.limits.responseMs)
    await world.server().sweep()
    const rows = await world.database.query('select 1 from reshare_responses where operation_id = $1', [
      join.operationId,
    ])
    expect(rows).toEqual([])
    const [expected, nobody] = [{ round: 0, decision: 'COMMIT', expiresAt: null }, 'AUTH_FAILED']
    for (const client of [phone, tablet]) expect(await join.poll(4, client)).toEqual({ header: expected, messages: [] })
    await expect(join.poll(4, watch)).rejects.toMatchObject({ code: nobody })
    for (const client of [phone, tablet]) {
      expect(await abortOperation(client, join.operationId)).toEqual({ decision: 'COMMIT' })
    }
    await expect(abortOperation(watch, join.operationId)).rejects.toMatchObject({ code: nobody })
  })

  test('are of one invitation, which works once', async () => {
    await join.play()
    const [again, foreign] = [phone, tablet].map(
      (client) => new TestJoin(client, watch, join.joining.share, { operationId: join.operationId }),
    )
    await again!.make(1)
    expect(codeOf(await again!.post(1))).toBe('PROTOCOL_ABORTED')
    await foreign!.make(1)
    expect(codeOf(await foreign!.post(1))).toBe('AUTH_FAILED')
  })

  test('begun before the database was restored go on no more', async () => {
    await join.play(1, 2)
    await join.make(3)
    await bumpEpoch(world.database)
    expect(codeOf(await join.post(3))).toBe('PROTOCOL_ABORTED')
    expect(await stateOf(world, source)).toBe('ACTIVE')
  })

  test('of another kind of operation are not asked about', async () => {
    const other = generate(phone)
    unwrap(await other.post())
    expect(codeOf(await phone.send('GET', paths.joinRound(other.operationId, 1)))).toBe('AUTH_FAILED')
  })

  const isOfServer = ({ sessionIndex }: SessionMessage) => sessionIndex !== JOIN_RELAY_INDEX
  const relay = (text: string): SessionMessage => ({
    sessionIndex: JOIN_RELAY_INDEX,
    envelope: new TextEncoder().encode(text),
  })

  /** What the database has of the new set. */
  async function traces() {
    const rows = await world.database.query(
      `select state, sealed from reshare_sets left join reshare_shares using (set_id) where operation_id = $1`,
      [join.operationId],
    )
    return { states: rows.map(({ state }) => state), shares: rows.filter(({ sealed }) => sealed !== null).length }
  }
})
