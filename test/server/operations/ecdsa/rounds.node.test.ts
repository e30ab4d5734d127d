import { afterEach, describe, expect, test, vi } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import { BadRequest } from '../../../../src/service/http.ts'
import type { SignEcdsaRequest } from '../../../../src/wire/operations.ts'
import type { KeyShare } from '../../../../src/key-share/index.ts'
import { createOtSetup, getEcdsaBackend, OtState } from '../../../../src/protocol/ecdsa/index.ts'
import { openSetup } from '../../../../src/server/operations/ecdsa/setup.ts'
import { ecdsaShare } from '../../../../src/server/sets/shares.ts'
import { partyId } from '../../../../src/types.ts'
import { setupBinding, setupParties } from '../../../../src/wire/setup-binding.ts'
import type { ServerContext } from '../../../../src/server/context.ts'
import { toHex, wipe } from '../../../../src/util/bytes.ts'
import { Reader, Writer } from '../../../../src/util/codec.ts'
import type { SealContext } from '../../../../src/util/seal.ts'
import { type ClientOperation, play } from '../../../support/server-client.ts'
import { walletPair } from '../../../support/wallet-pair.ts'
import { errorOf } from '../../support/error-of.ts'
import { nobleTakes } from '../../support/ecdsa.ts'
import { ecdsaOwner } from '../../support/ecdsa-owner.ts'
import { after } from '../../support/played.ts'
import { secretsOf, watchScalars } from '../../support/scalars.ts'
import { fileTables } from '../../support/file-tables.ts'
import { WALLET, type Tables } from '../../support/tables.ts'
import { complete, preprocess, preprocessed, setup, signEcdsa } from '../../support/wallets.ts'

let tables: Tables
fileTables((made) => (tables = made))
afterEach(() => {
  vi.restoreAllMocks()
})

const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)
const FRESH: Partial<SignEcdsaRequest> = { source: { kind: 'ephemeralSetup' } }

const owner = () => ecdsaOwner(tables)
const preprocessings = async (setId: string) =>
  (await tables.database.query('select 1 from reshare_preprocessings where set_id = $1', [setId])).length

describe('an ECDSA signature at a path', () => {
  test.each(['m', 'm/1/2'])('%s: with the setup of the set, a fresh one, and a preprocessing', async (path) => {
    const { client, wallet } = await owner()
    const { signing } = wallet
    expect(nobleTakes(await play(signEcdsa(client, wallet, { path })), signing)).toBe(true)
    const fresh = await play(signEcdsa(client, wallet, { path, ...FRESH }))
    expect(nobleTakes(fresh, signing)).toBe(true)
    expect([fresh.round, fresh.result]).toEqual([5, { setId: wallet.setId, state: 'ACTIVE' }])
    const spent = await play(complete(client, wallet, await preprocessed(client, wallet), { path }))
    expect(nobleTakes(spent, signing)).toBe(true)
    expect([spent.round, spent.result]).toEqual([2, { setId: wallet.setId, state: 'ACTIVE' }])
  })
})

describe('what no round leaves in memory', () => {
  /** Plays one round, and looks at every copy that the server has made of what is secret in it. */
  async function watched(
    { having, set }: Awaited<ReturnType<typeof owner>>,
    operation: ClientOperation,
    work: (post: ReturnType<ClientOperation['post']>) => Promise<unknown> = async (post) => operation.take(await post),
  ) {
    const { sealer } = tables.context
    const [states, copies, secrets] = [new Set<string>(), [] as Uint8Array[], [] as Uint8Array[]]
    const keep = (place: SealContext, bytes: Uint8Array) => {
      if (!['session', 'ot state', 'preprocessing'].includes(place.purpose)) return bytes
      copies.push(bytes)
      for (const part of place.purpose === 'session' ? partsOf(bytes) : [toHex(bytes)]) states.add(part)
      return bytes
    }
    const watching: ServerContext['sealer'] = {
      ...sealer,
      seal: (place, bytes) => sealer.seal(place, keep(place, bytes)),
      open: (place, sealed) => keep(place, sealer.open(place, sealed)),
    }
    const client = having({ sealer: watching })
    const pairs: OtState[] = []
    const decode = OtState.decode.bind(OtState)
    vi.spyOn(OtState, 'decode').mockImplementation((bytes) => {
      const pair = decode(bytes)
      pairs.push(pair)
      secrets.push(...Object.values(pair.secrets))
      return pair
    })
    const encode = Object.getOwnPropertyDescriptor(OtState.prototype, 'encode')!.value as () => Uint8Array
    vi.spyOn(OtState.prototype, 'encode').mockImplementation(function (this: OtState) {
      secrets.push(...Object.values(this.secrets))
      const bytes = encode.call(this)
      copies.push(bytes)
      return bytes
    })
    const read = vi.spyOn(Reader.prototype, 'prefixed')
    const written = vi.spyOn(Writer.prototype, 'finish')
    const post = operation.post(client)
    const scalars = await watchScalars(() => post.catch(() => undefined))
    const buffers = [read, written].flatMap((spy) => spy.mock.results.map(({ value }) => value as Uint8Array))
    const left = buffers.filter((bytes) => bytes instanceof Uint8Array && states.has(toHex(bytes)))
    vi.restoreAllMocks()
    expect([...copies, ...secrets].map(isWiped)).toEqual([...copies, ...secrets].map(() => true))
    expect(left.length).toBe(0)
    expect(scalars.count(secretsOf(set.half)).left).toBe(0)
    await work(post)
    return { scalars: scalars.count(), secrets: secrets.length, copies: copies.length }
  }

  /** The values that a session's state is made of, in hex: after a count, or one after the other. */
  function partsOf(state: Uint8Array): string[] {
    for (const [skipped, count] of [
      [0, 2],
      [1, 1],
    ] as const) {
      try {
        const reader = new Reader(state.subarray(skipped))
        const parts = Array.from({ length: count }, () => {
          const part = reader.prefixed(1 << 20)
          const hex = toHex(part)
          wipe(part)
          return hex
        })
        reader.end()
        return [toHex(state), ...parts].filter((part) => part !== '')
      } catch {
        // It is laid out in the other way.
      }
    }
    throw new Error('this is no state of a session')
  }

  test.each([
    ['a signature with the setup of the set', 2, {}],
    ['a signature with a fresh one', 4, FRESH],
  ])('of %s', async (_, rounds, options) => {
    const owned = await owner()
    const operation = signEcdsa(owned.client, owned.wallet, options)
    for (let round = 1; round <= rounds; round++) {
      const { copies } = await watched(owned, operation)
      expect(copies).toBeGreaterThan(0)
    }
    expect(nobleTakes(operation, owned.wallet.signing)).toBe(true)
  })

  test('of a setup', async () => {
    const owned = await owner()
    const operation = setup(owned.client, owned.wallet)
    for (let round = 1; round <= 2; round++) await watched(owned, operation)
    expect(operation.body).toBeUndefined()
  })

  test('of a preprocessing, nor when it is used', async () => {
    const owned = await owner()
    const made = preprocess(owned.client, owned.wallet)
    for (let round = 1; round <= 2; round++) {
      const { scalars } = await watched(owned, made)
      expect(scalars.seen).toBeGreaterThan(0)
    }
    const used = complete(owned.client, owned.wallet, made.preprocessing!)
    const { scalars } = await watched(owned, used)
    expect(scalars.seen).toBeGreaterThan(2)
  })

  test('of a round that is refused', async () => {
    const owned = await owner()
    for (const operation of [
      signEcdsa(owned.client, owned.wallet),
      signEcdsa(owned.client, owned.wallet, FRESH),
      setup(owned.client, owned.wallet),
    ]) {
      const { header, messages } = decodeRoundBody(operation.body!)
      operation.body = encodeRoundBody({
        header: header as object,
        messages: [...messages, { sessionIndex: 1, envelope: new Uint8Array() }],
      })
      await watched(owned, operation, (post) => expect(post).rejects.toThrow(BadRequest))
    }
  })
})

test('a setup that is refused in its second round leaves nothing of the first in memory', async () => {
  const { client, wallet } = await owner()
  const operation = setup(client, wallet)
  operation.take(await operation.post())
  const { header, messages } = decodeRoundBody(operation.body!)
  operation.body = encodeRoundBody({
    header: header as object,
    messages: [...messages, { ...messages[0]!, sessionIndex: 1 }],
  })
  const scalars = await watchScalars(() => expect(operation.post()).rejects.toThrow(BadRequest))
  expect(scalars.count().seen).toBeGreaterThan(100)
  expect(scalars.count().left).toBe(0)
})

test('a state that cannot be read is told of as it is, and leaves no share in memory', async () => {
  const { clientId, set, client, wallet } = await owner()
  const operation = signEcdsa(client, wallet)
  operation.take(await operation.post())
  const place = { purpose: 'session', clientId, row: `${operation.operationId}/2/1` } as const
  await tables.database.query('update reshare_operations set state = $2 where operation_id = $1', [
    ...[operation.operationId, tables.context.sealer.seal(place, Uint8Array.of(1, 0, 0, 0, 1, 9))],
  ])
  const scalars = await watchScalars(() => expect(operation.post()).rejects.toThrow(errorOf('SHARE_PARSING_FAILED')))
  expect(scalars.count(secretsOf(set.half))).toEqual({ seen: 4, left: 0 })
})

test('a preprocessing of a setup that was replaced is refused, and leaves nothing in memory', async () => {
  const { client, wallet } = await owner()
  const made = await preprocessed(client, wallet)
  const row = await tables.row('select * from reshare_preprocessings where set_id = $1', wallet.setId)
  await play(setup(client, wallet))
  await tables.database.query(
    `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    ['set_id', 'preprocessing_id', 'sealed', 'epoch', 'created_at', 'expires_at'].map((name) => row![name]!),
  )
  const operation = complete(client, wallet, made)
  const scalars = await watchScalars(() =>
    expect(operation.post()).rejects.toMatchObject({ reason: 'OT_DESYNC', blame: [], ban: false }),
  )
  expect(scalars.count().seen).toBeGreaterThan(5)
  expect(scalars.count().left).toBe(0)
  expect(await preprocessings(wallet.setId)).toBe(0)
})

describe('a setup of a set', () => {
  test('takes the preprocessings of the one before with it, and nothing if it does not end', async () => {
    const { client, wallet } = await owner()
    const [made, other] = [await preprocessed(client, wallet), await owner()]
    await preprocessed(other.client, other.wallet)
    const operation = setup(client, wallet)
    operation.take(await operation.post())
    expect(await preprocessings(wallet.setId)).toBe(1)
    await play(operation)
    expect([await preprocessings(wallet.setId), await preprocessings(other.wallet.setId)]).toEqual([0, 1])
    const used = complete(client, wallet, made)
    await expect(used.post()).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
  })
})

test('a preprocessing is taken, used and answered in one transaction', async () => {
  const { client, having, wallet } = await owner()
  const operation = complete(client, wallet, await preprocessed(client, wallet))
  let transactions = 0
  const database: ServerContext['database'] = {
    ...tables.database,
    transaction: (work, isolation) => {
      transactions += 1
      return tables.database.transaction(work, isolation)
    },
  }
  operation.take(await operation.post(having({ database })))
  expect(transactions).toBe(1)
  expect(nobleTakes(operation, wallet.signing)).toBe(true)
  expect(await preprocessings(wallet.setId)).toBe(0)
})

test('a setup for one signature ends in its two rounds, or the signature does', async () => {
  const { clientId, client, wallet } = await owner()
  const operation = signEcdsa(client, wallet, FRESH)
  operation.take(await operation.post())
  const { header, messages } = decodeRoundBody(operation.body!)
  operation.body = encodeRoundBody({ header: header as object, messages: messages.slice(0, 1) })
  await expect(operation.post()).rejects.toMatchObject({ reason: 'FORMAT', blame: [], ban: false })
  const row = await tables.row('select state from reshare_operations where client_id = $1', clientId)
  expect(row).toEqual({ state: null })
})

test('a signature of a set that has become another client’s is refused as if there were no set', async () => {
  const { client, having, wallet } = await owner()
  const operation = signEcdsa(client, wallet)
  operation.take(await operation.post())
  const taken = after(tables.context, 'left join reshare_decisions', () =>
    tables.database.query(`update reshare_sets set client_id = 'another' where set_id = $1`, [wallet.setId]),
  )
  await expect(operation.post(having(taken))).rejects.toThrow(errorOf('AUTH_FAILED'))
})

test('what the server draws for a setup depends on its share, whatever its source repeats', () => {
  const { context } = tables
  const key = tables.key()
  const request = { kind: 'setup', walletId: WALLET, setId: 'ef'.repeat(32) } as const
  const input = { ...key, request, round: 1, messages: [], epoch: 1, state: undefined }
  const [client, ...halves] = Array.from({ length: 3 }, () => ecdsaShare(walletPair('signing', context.random).other))
  const offered = createOtSetup({
    ...{ backend: getEcdsaBackend(), ...setupParties(request), self: partyId(1), random: context.random },
    ...{ binding: setupBinding(key.operationId, request), secret: client!.secretShare },
  }).start()
  const drawnFor = (share?: KeyShare) => {
    const session = openSetup({ ...context, random: (length) => new Uint8Array(length) }, input, share)
    for (const envelope of offered.out) session.receive(envelope)
    return session.advance().out.map(toHex).join()
  }
  const drawn = [undefined, ...halves].map((share) => drawnFor(share))
  expect(new Set(drawn).size).toBe(3)
  expect(drawnFor(halves[0])).toBe(drawn[1])
})
