import { afterEach, describe, expect, test, vi } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { PolicyRequest } from '../../../src/server/access/policy.ts'
import { DEFAULT_RATES } from '../../../src/server/access/rate-limits.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { flip } from '../../support/simulator.ts'
import { type ClientOperation, play, type ServerClient } from '../../support/server-client.ts'
import { bip340, ecdsa, edwards, mixed, nobleTakesAll, signAll } from '../support/batches.ts'
import { cheatAt } from '../support/ecdsa.ts'
import { ecdsaOwner } from '../support/ecdsa-owner.ts'
import { fileTables } from '../support/file-tables.ts'
import { type Tables } from '../support/tables.ts'
import { preprocessed, type TestWallet } from '../support/wallets.ts'

let tables: Tables
fileTables((made) => (tables = made))
afterEach(() => {
  vi.restoreAllMocks()
})

const owner = () => ecdsaOwner(tables)
const decision = async ({ operationId }: ClientOperation) =>
  (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision']
const isPoisoned = async (setId: string) =>
  (await tables.row('select poisoned from reshare_ot_states where set_id = $1', setId))?.['poisoned']
const preprocessings = async (setId: string) =>
  (await tables.database.query('select 1 from reshare_preprocessings where set_id = $1', [setId])).length

async function makePreprocessings(client: ServerClient, wallet: TestWallet, count: number) {
  const made = []
  for (let i = 0; i < count; i++) made.push(await preprocessed(client, wallet))
  return made
}

describe('several signatures', () => {
  test.each([
    ['of every scheme', mixed, 2],
    ['of FROST alone', [bip340, edwards, edwards], 1],
  ])('%s are made at once, and noble takes each', async (_, items, rounds) => {
    const { client, wallet } = await owner()
    const operation = await play(signAll(client, wallet, items))
    expect(operation.round - 1).toBe(rounds)
    expect(operation.result).toEqual({ setId: wallet.setId, state: 'ACTIVE' })
    expect(nobleTakesAll(operation, wallet.signing)).toEqual(items.map(() => true))
    expect(await decision(operation)).toBe('COMMIT')
  })

  test('with preprocessings take one round, and use each up', async () => {
    const { client, wallet } = await owner()
    const made = await makePreprocessings(client, wallet, 3)
    const operation = await play(signAll(client, wallet, mixed, made.slice(0, 2)))
    expect(operation.round - 1).toBe(1)
    expect(nobleTakesAll(operation, wallet.signing)).toEqual(mixed.map(() => true))
    expect(await preprocessings(wallet.setId)).toBe(1)
    const again = signAll(client, wallet, mixed, made.slice(1))
    await expect(again.post()).rejects.toMatchObject({ code: 'PREPROCESSING_NOT_FOUND' })
    expect(await preprocessings(wallet.setId)).toBe(1)
    expect((await play(signAll(client, wallet, [ecdsa(1)], made.slice(2)))).signatures.length).toBe(1)
  })

  test('are the same bytes for the same request, and refused for another', async () => {
    const { client, wallet } = await owner()
    const operation = signAll(client, wallet, mixed)
    const first = await operation.post()
    expect(await operation.post()).toEqual(first)
    operation.take(first)
    const last = await operation.post()
    expect(await operation.post()).toEqual(last)
    const { header, messages } = decodeRoundBody(operation.body!)
    operation.body = encodeRoundBody({ header: header as object, messages: messages.toReversed() })
    await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' })
    operation.body = undefined
  })

  test('count as as many by the rate of signatures', async () => {
    const { having, wallet } = await owner()
    const rates = { ...DEFAULT_RATES, sign: { count: 5, perMs: 60_000 } }
    const client = having({ limits: { ...tables.context.limits, rates } })
    await play(signAll(client, wallet, [edwards, edwards, edwards]))
    const tooMany = signAll(client, wallet, [edwards, edwards, edwards])
    await expect(tooMany.post()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await play(signAll(client, wallet, [edwards, edwards]))
  })

  test('are judged by the policy all at once', async () => {
    const { having, wallet } = await owner()
    const asked: PolicyRequest[] = []
    const judge = (request: PolicyRequest) => {
      asked.push(request)
      return request.items!.every(({ path }) => path !== 'm/9')
    }
    const client = having({ policy: Object.assign(judge, { judgesAll: true }) })
    await play(signAll(client, wallet, mixed))
    expect(asked).toMatchObject([{ action: 'signAll', setId: wallet.setId, walletId: wallet.walletId }])
    const raw = { kind: 'raw', verified: false }
    expect(asked[0]!.items).toMatchObject([
      { scheme: 'ecdsa', path: 'm', hash: null, digest: new Uint8Array(32).fill(1), intent: raw },
      { scheme: 'ecdsa', path: 'm/3', intent: raw },
      { scheme: 'bip340', path: 'm/1', tapTweak: '', message: new Uint8Array(32).fill(9), intent: raw },
      { scheme: 'ed25519', path: 'm', message: utf8('a message'), intent: raw },
    ])
    const denied = signAll(client, wallet, [ecdsa(1), ecdsa(2, 'm/9')])
    await expect(denied.post()).rejects.toMatchObject({ code: 'POLICY_DENIED' })
  })

  test('are judged one by one by a policy that does not say that it judges all', async () => {
    const { clientId, having, wallet } = await owner()
    const asked: PolicyRequest[] = []
    const signals = new Set<AbortSignal>()
    const client = having({
      policy: (request, { signal }) => {
        asked.push(request)
        signals.add(signal)
        if (request.path === 'm/9') return false
        return { reserve: [{ counter: 'signatures', amount: 1n, most: 5n, periodMs: 60_000 }] }
      },
    })
    await play(signAll(client, wallet, mixed))
    expect(asked.map(({ action, path, items }) => [action, path, items])).toEqual(
      mixed.map(({ path }) => ['sign', path, undefined]),
    )
    // Each has the time of one signature.
    expect(signals.size).toBe(mixed.length)
    const [row] = await tables.database.query('select amount from reshare_reservations where client_id = $1', [
      clientId,
    ])
    expect(row).toEqual({ amount: '4' })
    await expect(signAll(client, wallet, [edwards, edwards]).post()).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    const denied = signAll(client, wallet, [edwards, { ...edwards, path: 'm/9' }])
    await expect(denied.post()).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await play(signAll(client, wallet, [edwards]))
  })
})

describe('all or none:', () => {
  /** Changes what the next request carries of one session. */
  function change(
    operation: ClientOperation,
    index: number,
    length: number,
    changed: (body: Uint8Array) => Uint8Array,
  ) {
    const { header, messages } = decodeRoundBody(operation.body!)
    const next = messages.map(({ sessionIndex, envelope }) => {
      const { body, ...rest } = decodeEnvelope(envelope)
      if (sessionIndex !== index || body.length !== length) return { sessionIndex, envelope }
      return { sessionIndex, envelope: encodeEnvelope({ ...rest, body: changed(body) }) }
    })
    operation.body = encodeRoundBody({ header: header as object, messages: next })
  }

  test.each([
    ['an extension', 1, 0],
    ['an extension', 1, 1],
    ['a product', 2, 0],
    ['a product', 2, 1],
  ])('a cheat in %s (round %i) of item %i is a ban, and nothing is signed', async (_, round, item) => {
    const { client, wallet } = await owner()
    const operation = signAll(client, wallet, mixed)
    if (round === 2) operation.take(await operation.post())
    cheatAt(operation, item)
    await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', ban: true, blame: [1] })
    expect([await decision(operation), await isPoisoned(wallet.setId)]).toEqual(['ABORT', true])
    await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' })
    await expect(signAll(client, wallet, mixed).post()).rejects.toMatchObject({ code: 'OT_POISONED' })
    await play(signAll(client, wallet, [bip340, edwards]))
  })

  test.each([0, 1])('a cheat in the opening of preprocessing %i is a ban, and all are used up', async (item) => {
    const { client, wallet } = await owner()
    const made = await makePreprocessings(client, wallet, 3)
    const operation = signAll(client, wallet, mixed, made.slice(0, 2))
    cheatAt(operation, item, [130])
    await expect(operation.post()).rejects.toMatchObject({ ban: true, blame: [1] })
    expect([await decision(operation), await isPoisoned(wallet.setId)]).toEqual(['ABORT', true])
    expect(await preprocessings(wallet.setId)).toBe(0)
  })

  test.each([0, 1])('a nonce of item %i that was not committed to uses all up without a ban', async (item) => {
    const { client, wallet } = await owner()
    const made = await makePreprocessings(client, wallet, 3)
    const operation = signAll(client, wallet, mixed, made.slice(0, 2))
    change(operation, item, 97, (body) => flip(body, 96))
    await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', reason: 'COMMIT' })
    expect([await decision(operation), await isPoisoned(wallet.setId)]).toEqual(['ABORT', false])
    expect(await preprocessings(wallet.setId)).toBe(1)
    await play(signAll(client, wallet, [ecdsa(1)], made.slice(2)))
  })

  test.each([0, 1, 2])('a message of session %i that is left out of the last round ends all', async (item) => {
    const { client, wallet } = await owner()
    const operation = signAll(client, wallet, mixed)
    operation.take(await operation.post())
    const { messages } = decodeRoundBody(operation.body!)
    const ofItem = messages.filter(({ sessionIndex }) => sessionIndex === item)
    const left = messages.filter((message) => message !== ofItem.at(-1))
    operation.body = encodeRoundBody({ header: {}, messages: left })
    // Without any message of a session, the request is refused as it is, and may be sent again whole.
    const isBare = ofItem.length === 1
    if (isBare) await expect(operation.post()).rejects.toThrow('lacks the messages of a session')
    else await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', reason: 'FORMAT' })
    expect(await decision(operation)).toBe(isBare ? undefined : 'ABORT')
    expect(await isPoisoned(wallet.setId)).toBe(false)
  })

  test('FROST is not played before the last round', async () => {
    const { client, wallet } = await owner()
    const operation = signAll(client, wallet, mixed)
    const frost = signAll(client, wallet, [bip340])
    const { envelope } = decodeRoundBody(frost.body!).messages[0]!
    const { header, messages } = decodeRoundBody(operation.body!)
    const early = [...messages, { sessionIndex: 2, envelope }]
    operation.body = encodeRoundBody({ header: header as object, messages: early })
    await expect(operation.post()).rejects.toThrow('the operation has no session 2')
  })
})
