import { beforeEach, describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { isMpcError } from '../../../src/errors.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import {
  abortOperation,
  codeOf,
  retireSet,
  unwrap,
  type Answer,
  type ServerClient,
} from '../../support/server-client.ts'
import { deviceServer, newDevice, plantSet, revokeDevice, stateOf, type DeviceServer } from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import { setIdOf } from '../support/wallets.ts'
import type { World } from '../support/world.ts'
import { toHex } from '../../../src/util/bytes.ts'

/** What a request may be told that came beside another one, or too late. */
const BESIDE = ['OPERATION_IN_PROGRESS', 'PROTOCOL_ABORTED']

describe.each(databaseKinds)('a join on $name, asked for at once', ({ open }) => {
  let world: World
  /** Two processes on one database. */
  let servers: readonly [DeviceServer, DeviceServer]
  let clientId: string
  let ids: { readonly phone: string; readonly tablet: string; readonly watch: string }
  let join: TestJoin
  fileWorld((made) => {
    world = made
    servers = [deviceServer(world), deviceServer(world)]
  }, open)

  beforeEach(async () => {
    clientId = `client-${newDevice(world).slice(0, 16)}`
    ids = { phone: newDevice(world), tablet: newDevice(world), watch: newDevice(world) }
    const [{ context }] = servers
    const signing = await plantSet(world, context, { clientId, device: ids.phone, proven: true })
    const walletId = toHex(signing.walletId)
    await plantSet(world, context, { clientId, device: ids.watch, walletId, proven: true })
    join = new TestJoin(at(0, 'phone'), at(0, 'tablet'), signing, { joiningDeviceId: ids.tablet })
  })

  const at = (server: 0 | 1, device: keyof typeof ids): ServerClient => servers[server].client(clientId, ids[device])
  const sender = (round: number) => (round % 2 === 0 ? 'tablet' : 'phone')

  /** Posts a round as often as it takes to get its response. */
  async function insist(round: number): Promise<Answer> {
    for (;;) {
      const answer = await join.post(round)
      if (answer.status === 200 || codeOf(answer) !== 'OPERATION_IN_PROGRESS') return answer
    }
  }

  const setRow = async () =>
    (
      await world.database.query(
        `select state, committed_at is not null as committed, decision, (share.set_id is not null) as has_share
         from reshare_decisions decided left join reshare_sets made using (client_id, operation_id)
           left join reshare_shares share on share.set_id = made.set_id where decided.operation_id = $1`,
        [join.operationId],
      )
    )[0]

  /** All of it, or nothing. */
  async function isWhole(): Promise<boolean> {
    const row = await setRow()
    if (row?.['decision'] === 'COMMIT') {
      expect(row).toEqual({ state: 'ACTIVE', committed: true, decision: 'COMMIT', has_share: true })
      return true
    }
    expect(row).toMatchObject({ decision: 'ABORT', has_share: false })
    expect([null, 'ABORTED']).toContain(row!['state'])
    return false
  }

  test('round by round from two processes, is played once', async () => {
    for (const round of [1, 2, 3, 4]) {
      await join.make(round)
      const clients = [0, 1, 0, 1].map((server) => at(server as 0 | 1, sender(round)))
      const answers = await Promise.all(clients.map((client) => join.post(round, client)))
      const response = unwrap(await insist(round))
      for (const answer of answers) {
        if (answer.status === 200) expect(answer.body).toEqual(response)
        else expect(codeOf(answer)).toBe('OPERATION_IN_PROGRESS')
      }
      join.take(round, { status: 200, body: response })
    }
    expect(await isWhole()).toBe(true)
  })

  test.each([2, 3, 4])('with two requests for round %i, takes one of them', async (round) => {
    await join.play(1, round - 1)
    await join.make(round)
    const { messages } = decodeRoundBody(join.bodies[round]!)
    const [last] = messages.slice(-1)
    const other = encodeRoundBody({
      header: {},
      messages: [...messages.slice(0, -1), { ...last!, envelope: new Uint8Array(9) }],
    })
    const answers = await Promise.all([
      join.post(round, at(0, sender(round))),
      join.post(round, at(1, sender(round)), other),
    ])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers) if (answer.status !== 200) expect(BESIDE).toContain(codeOf(answer))
  })

  const endings: Record<string, () => Promise<unknown>> = {
    'an abort by the inviting device': () => abortOperation(at(1, 'phone'), join.operationId),
    'an abort by the joining device': () => abortOperation(at(1, 'tablet'), join.operationId),
    'the end of the source set': () => retireSet(at(1, 'phone'), join.request.setId),
    'the revocation of the inviting device': () => revokeDevice(at(1, 'watch'), ids.phone),
  }
  for (const [name, end] of Object.entries(endings)) {
    test.each([3, 4])(`beside ${name}, in round %i, makes a whole set or none`, async (round) => {
      await join.play(1, round - 1)
      await join.make(round)
      const [answer] = await Promise.all([
        join.post(round),
        end().catch((error: unknown) => {
          if (!isMpcError(error)) throw error
        }),
      ])
      if (round === 3 && answer.status === 200) {
        join.take(3, answer)
        const polled = await join.make(4).catch(() => undefined)
        if (polled !== undefined) await join.post(4)
      }
      await abortOperation(at(0, 'tablet'), join.operationId)
      const made = await isWhole()
      if (round === 4) expect(made).toBe(answer.status === 200)
    })
  }

  test('at its end beside the revocation of the joining device, leaves no set that can be used', async () => {
    const walletId = join.request.walletId
    await plantSet(world, servers[0].context, { clientId, device: ids.tablet, walletId, proven: true })
    await join.play(1, 3)
    await join.make(4)
    await Promise.all([join.post(4), revokeDevice(at(1, 'watch'), ids.tablet)])
    const setId = setIdOf(join.joining.share)
    expect(['ABORTED', 'DESTROYED', 'PREPARED']).toContain(await stateOf(world, setId))
    await abortOperation(at(0, 'phone'), join.operationId)
    expect(['ABORTED', 'DESTROYED']).toContain(await stateOf(world, setId))
  })
})
