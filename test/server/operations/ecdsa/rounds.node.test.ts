import { afterEach, describe, expect, test, vi } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../../src/wire/round-body.ts'
import { BadRequest } from '../../../../src/service/http.ts'
import type { SignEcdsaRequest } from '../../../../src/wire/operations.ts'
import { OtState } from '../../../../src/protocol/ecdsa/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import type { ServerContext } from '../../../../src/server/context.ts'
import type { Database } from '../../../../src/service/database/types.ts'
import { toHex, wipe } from '../../../../src/util/bytes.ts'
import { Reader, Writer } from '../../../../src/util/codec.ts'
import type { SealContext } from '../../../../src/util/seal.ts'
import { type ClientOperation, play } from '../../../support/server-client.ts'
import { errorOf } from '../../support/error-of.ts'
import { cheat, nobleTakes } from '../../support/ecdsa.ts'
import { storedPair, storedSet, tablesClient } from '../../support/played.ts'
import { secretsOf, watchScalars } from '../../support/scalars.ts'
import { fileTables } from '../../support/file-tables.ts'
import { type Tables } from '../../support/tables.ts'
import { complete, preprocess, preprocessed, setup, signEcdsa } from '../../support/wallets.ts'

let tables: Tables
fileTables((made) => (tables = made))
afterEach(() => {
  vi.restoreAllMocks()
})

const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)
const FRESH: Partial<SignEcdsaRequest> = { source: { kind: 'ephemeralSetup' } }

/** A wallet with an ECDSA setup. */
async function owner() {
  const { clientId, device } = tables.key()
  const set = await storedSet(tables, { clientId, device })
  const having = (changes: Partial<ServerContext>) =>
    tablesClient({ ...tables.context, onCheating: 'ephemeralSetup', ...changes }, { clientId, device })
  const wallet = { ...set, pair: await storedPair(tables, clientId, set) }
  return { clientId, set, having, client: having({}), wallet }
}

const decision = async ({ operationId }: ClientOperation) =>
  (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision']
const poisoned = async (setId: string) =>
  (await tables.row('select poisoned, ban_logged from reshare_ot_states where set_id = $1', setId)) ?? {}
const preprocessings = async (setId: string) =>
  (await tables.database.query('select 1 from reshare_preprocessings where set_id = $1', [setId])).length

/** Has played what comes before the cheat, which is the next request. */
async function cheating(operation: ClientOperation): Promise<ClientOperation> {
  while (true) {
    operation.take(await operation.post())
    try {
      cheat(operation)
      return operation
    } catch {
      // Not the request that carries the extension.
    }
  }
}

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
      if (!['session', 'ot pair', 'preprocessing'].includes(place.purpose)) return bytes
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

test('a state that cannot be read is told of as it is, and leaves no half in memory', async () => {
  const { clientId, set, client, wallet } = await owner()
  const operation = signEcdsa(client, wallet)
  operation.take(await operation.post())
  const place = { purpose: 'session', clientId, row: `${operation.operationId}/2/1` } as const
  await tables.database.query('update reshare_operations set state = $2 where operation_id = $1', [
    ...[operation.operationId, tables.context.sealer.seal(place, Uint8Array.of(1, 0, 0, 0, 1, 9))],
  ])
  const scalars = await watchScalars(() => expect(operation.post()).rejects.toThrow(errorOf('SHARE_PARSING_FAILED')))
  expect(scalars.count(secretsOf(set.half))).toEqual({ seen: 2, left: 0 })
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

describe('a cheat', () => {
  const banned = { poisoned: true, ban_logged: true }
  const log = (setId: string, walletId: string) => [`poisoned ${walletId} ${setId} 1`]

  test('in a fresh setup ends its operation, and no other', async () => {
    const { client, wallet } = await owner()
    const operation = await cheating(signEcdsa(client, wallet, FRESH))
    await expect(operation.post()).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', blame: [1] })
    expect(await decision(operation)).toBe('ABORT')
    expect(await poisoned(wallet.setId)).toMatchObject({ poisoned: false })
    await play(signEcdsa(client, wallet))
  })

  test.each(['preprocess', 'sign'] as const)(
    'in %s is a ban, which ends what goes on with the set alone',
    async (kind) => {
      const { clientId, client, wallet } = await owner()
      const another = await owner()
      await play(preprocess(client, wallet))
      await play(preprocess(another.client, another.wallet))
      const ended = await play(signEcdsa(client, wallet))
      const open = setup(client, wallet)
      const foreign = setup(another.client, another.wallet)
      for (const one of [open, foreign]) one.take(await one.post())
      const operation = await cheating(kind === 'sign' ? signEcdsa(client, wallet) : preprocess(client, wallet))
      await expect(operation.post()).rejects.toMatchObject({ ban: true, blame: [1] })
      const decisions = [operation, open, ended, foreign].map(decision)
      expect(await Promise.all(decisions)).toEqual(['ABORT', 'ABORT', 'COMMIT', undefined])
      expect(await poisoned(wallet.setId)).toEqual(banned)
      expect(await poisoned(another.wallet.setId)).toEqual({ poisoned: false, ban_logged: false })
      expect([await preprocessings(wallet.setId), await preprocessings(another.wallet.setId)]).toEqual([0, 1])
      expect(await tables.log(clientId)).toEqual(log(wallet.setId, wallet.walletId))
      expect(tables.context.caught.size).toBe(0)
    },
  )

  /** A database of which transactions fail after their work, as often as told to. */
  function losing(times: number): { readonly database: Database; readonly lost: Error } {
    const lost = new Error('the connection was lost')
    let left = times
    const database: Database = {
      ...tables.database,
      transaction: (work, isolation) =>
        tables.database.transaction(async (tx) => {
          const result = await work(tx)
          if (tables.context.caught.size > 0 && left-- > 0) throw lost
          return result
        }, isolation),
    }
    return { database, lost }
  }

  test('whose transaction is lost is a ban all the same, written by itself', async () => {
    const { clientId, client, having, wallet } = await owner()
    const operation = await cheating(signEcdsa(client, wallet))
    const { database, lost } = losing(1)
    await expect(operation.post(having({ database }))).rejects.toMatchObject({ ban: true })
    expect(tables.errors.splice(0)).toEqual([lost])
    expect(await poisoned(wallet.setId)).toEqual(banned)
    expect(await tables.log(clientId)).toEqual(log(wallet.setId, wallet.walletId))
    expect(tables.context.caught.size).toBe(0)
  })

  test('that cannot be written is known to this process until it is', async () => {
    const { client, having, wallet } = await owner()
    const operation = await cheating(signEcdsa(client, wallet))
    const [other, third] = [signEcdsa(client, wallet), preprocess(client, wallet)]
    const { database, lost } = losing(2)
    await expect(operation.post(having({ database }))).rejects.toBe(lost)
    expect(tables.errors.splice(0)).toEqual([lost])
    expect(await poisoned(wallet.setId)).toMatchObject({ poisoned: false })
    expect([...tables.context.caught.keys()]).toEqual([wallet.setId])
    const stranger = await owner()
    await play(signEcdsa(stranger.client, stranger.wallet))
    await expect(other.post()).rejects.toMatchObject({ ban: true })
    expect(await poisoned(wallet.setId)).toEqual(banned)
    expect(tables.context.caught.size).toBe(0)
    await expect(third.post()).rejects.toMatchObject({ code: 'OT_POISONED' })
  })

  test('is a ban whatever fails after it, which a sweep makes up for', async () => {
    const { clientId, client, having, wallet } = await owner()
    await play(preprocess(client, wallet))
    const operation = await cheating(signEcdsa(client, wallet))
    const failure = new Error('no database')
    const database: Database = {
      ...tables.database,
      query: (sql, parameters) =>
        sql.includes('delete from reshare_preprocessings')
          ? Promise.reject(failure)
          : tables.database.query(sql, parameters),
      transaction: (work, isolation) =>
        tables.database.transaction(
          (tx) =>
            work({
              query: (sql, parameters) =>
                sql.includes('set ban_logged') ? Promise.reject(failure) : tx.query(sql, parameters),
            }),
          isolation,
        ),
    }
    await expect(operation.post(having({ database }))).rejects.toMatchObject({ ban: true })
    expect(tables.errors.splice(0)).toEqual([failure, failure])
    expect(await poisoned(wallet.setId)).toEqual({ poisoned: true, ban_logged: false })
    expect(await tables.log(clientId)).toEqual([])
  })

  test('is what nothing else is taken for: another failure is told of as it is', async () => {
    const { client, having, wallet } = await owner()
    const operation = signEcdsa(client, wallet)
    const failure = new Error('no database')
    const database: Database = {
      ...tables.database,
      transaction: (work, isolation) =>
        tables.database.transaction(
          (tx) =>
            work({
              query: (sql, parameters) =>
                sql.includes('insert into reshare_responses') ? Promise.reject(failure) : tx.query(sql, parameters),
            }),
          isolation,
        ),
    }
    await expect(operation.post(having({ database }))).rejects.toBe(failure)
    const { header, messages } = decodeRoundBody(operation.body!)
    const spoiled = messages.map(({ sessionIndex, envelope }) => {
      const { body, ...rest } = decodeEnvelope(envelope)
      return { sessionIndex, envelope: encodeEnvelope({ ...rest, body: body.slice(0, -1) }) }
    })
    operation.body = encodeRoundBody({ header: header as object, messages: spoiled })
    const other = signEcdsa(client, wallet)
    other.body = operation.body
    await expect(other.post()).rejects.toMatchObject({ reason: 'FORMAT', ban: false })
    expect(await poisoned(wallet.setId)).toMatchObject({ poisoned: false })
    await play(signEcdsa(client, wallet))
  })
})
