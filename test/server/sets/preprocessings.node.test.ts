import { describe, expect, test } from 'vitest'
import { getEcdsaBackend, Preprocessed } from '../../../src/protocol/ecdsa/index.ts'
import {
  deletePreprocessings,
  forgetPreprocessings,
  insertPreprocessing,
  openPreprocessing,
  preprocessingsDeletion,
  takePreprocessings,
  type PreprocessingKey,
} from '../../../src/server/sets/preprocessings.ts'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { lockOtStateAndPreprocessings } from '../../../src/server/sets/ot-states.ts'
import { concatBytes, fromHex, toHex } from '../../../src/util/bytes.ts'
import { Writer } from '../../../src/util/codec.ts'
import { bareSet, watchedSealer } from '../support/bare-sets.ts'
import { ecdsaOwner } from '../support/ecdsa-owner.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { START, WALLET, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))
const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

const bare = (key = tables.key()) => bareSet(tables, key)
const watched = () => watchedSealer(tables)

describe('a preprocessing', () => {
  const draw = (setId: string, epoch = 1) => {
    const { random } = tables.context
    const { group } = getEcdsaBackend()
    const scalars = [1, 2, 3, 4, 5, 6, 7].map(() => group.randomScalar(random))
    const secret = [random(32), ...[1, 2].map(() => group.randomScalar(random)), random(32), random(32), random(32)]
    return Preprocessed.decode(
      getEcdsaBackend(),
      new Writer()
        .u8(1)
        .bytes(random(32))
        .bytes(fromHex(setId))
        .u32(epoch)
        .u8(2)
        .prefixed(Uint8Array.of(1, 2))
        .bytes(random(32))
        .bytes(concatBytes(...secret, ...scalars))
        .finish(),
    )
  }
  const count = async (setId: string) =>
    (await tables.database.query('select 1 from reshare_preprocessings where set_id = $1', [setId])).length
  const keysOf = ({ id, ...key }: PreprocessingKey) => ({ ...key, ids: [id] })
  const take = async (key: PreprocessingKey, epoch = 1, context = tables.context) => {
    const [taken] = await takePreprocessings(context, keysOf(key), epoch)
    return taken!
  }

  async function made(set: Awaited<ReturnType<typeof bare>>, epoch = 1, context = tables.context) {
    const preprocessed = draw(set.setId, epoch)
    const { id } = preprocessed
    await insertPreprocessing(context, tables.database, set, preprocessed)
    return { ...set, id: toHex(id) }
  }

  test('is taken once, of its set and client', async () => {
    const { sealer, seen } = watched()
    const context = { ...tables.context, sealer }
    const key = await made(await bare(), 1, context)
    await expect(take({ ...key, setId: (await bare()).setId })).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    await expect(take({ ...key, id: '00'.repeat(32) })).rejects.toMatchObject({
      code: 'PREPROCESSING_NOT_FOUND',
      retryable: false,
    })
    const taken = await take(key, 1, context)
    expect(await count(key.setId)).toBe(0)
    expect(toHex(openPreprocessing(context, taken).id)).toBe(key.id)
    expect(seen.map(isWiped)).toEqual([true, true])
    await expect(take(key)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    for (const change of [{ clientId: 'another' }, { epoch: 2 }, { setId: '00'.repeat(32) }]) {
      expect(() => openPreprocessing(context, { ...taken, ...change })).toThrow(errorOf('SHARE_PARSING_FAILED'))
    }
    // What a database holds must open after an upgrade too.
    const place = { purpose: 'preprocessing', clientId: key.clientId, row: `${key.setId}/${key.id}/1` } as const
    expect(Preprocessed.decode(getEcdsaBackend(), tables.context.sealer.open(place, taken.sealed)).epoch).toBe(1)
  })

  test('alone is taken in one statement, without a transaction', async () => {
    const key = await made(await bare())
    const transaction = () => Promise.reject(new Error('a transaction'))
    const database = { ...tables.database, transaction }
    expect((await take(key, 1, { ...tables.context, database })).id).toBe(key.id)
  })

  test('is taken in its time and epoch only, and forgotten after them', async () => {
    const { context } = tables
    tables.clock = START
    const [set, another] = [await bare(), await bare()]
    const [expiring, restored, lasting] = [await made(set), await made(another, 2), await made(another)]
    for (const epoch of [1, 2]) {
      await expect(take(restored, epoch)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    }
    await expect(take(lasting, 2)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    await forgetPreprocessings(context)
    expect(await Promise.all([set, another].map(({ setId }) => count(setId)))).toEqual([1, 2])
    tables.clock = START + context.limits.preprocessingMs - 1
    await forgetPreprocessings(context)
    await take(lasting)
    tables.clock += 1
    await expect(take(expiring)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    expect(await count(set.setId)).toBe(1)
    await forgetPreprocessings(context)
    expect(await Promise.all([set, another].map(({ setId }) => count(setId)))).toEqual([0, 0])
  })

  test('is taken together with the setup of its set: both or none, once, in their time and epoch', async () => {
    const { clientId, set } = await ecdsaOwner(tables)
    const { sealer, seen } = watched()
    const lock = (key: PreprocessingKey, epoch = 1) =>
      tables.database.transaction((tx) =>
        lockOtStateAndPreprocessings({ sealer, now: () => tables.clock }, tx, keysOf(key), epoch),
      )
    tables.clock = START
    const key = await made({ ...tables.key({ clientId }), setId: set.setId })
    const without = await made(await bare())
    for (const gone of [{ ...key, id: '00'.repeat(32) }, { ...key, setId: without.setId }, without])
      await expect(lock(gone)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    await expect(lock(key, 2)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    tables.clock = START + tables.context.limits.preprocessingMs
    await expect(lock(key)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    tables.clock -= 1
    for (const [column, there, other] of [
      ['poisoned', false, true],
      ['epoch', 1, 2],
    ] as const) {
      const change = `update reshare_ot_states set ${column} = $2 where set_id = $1`
      await tables.database.query(change, [set.setId, other])
      const code = column === 'poisoned' ? 'OT_POISONED' : 'PREPROCESSING_NOT_FOUND'
      await expect(lock(key)).rejects.toThrow(errorOf(code))
      await tables.database.query(change, [set.setId, there])
    }
    expect(await Promise.all([key, without].map(({ setId }) => count(setId)))).toEqual([1, 1])
    expect(seen).toEqual([])
    const { otState, taken } = await lock(key)
    expect([otState.secrets, seen.map(isWiped)]).toEqual([expect.any(Object), [true]])
    otState.dispose()
    expect(toHex(openPreprocessing(tables.context, taken[0]!).id)).toBe(key.id)
    expect(await count(set.setId)).toBe(0)
    await expect(lock(key)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
  })

  test('is taken with all others that are named, or none is', async () => {
    const { clientId, set } = await ecdsaOwner(tables)
    const owner = { ...tables.key({ clientId }), setId: set.setId }
    const foreign = await made(await bare())
    const ids = [(await made(owner)).id, (await made(owner)).id, (await made(owner)).id]
    const lock = (named: readonly string[]) =>
      tables.database.transaction((tx) => lockOtStateAndPreprocessings(tables.context, tx, { ...owner, ids: named }, 1))
    for (const missing of ['00'.repeat(32), foreign.id]) {
      const named = [...ids, missing]
      const taking = takePreprocessings(tables.context, { ...owner, ids: named }, 1)
      await expect(taking).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
      await expect(lock(named)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
      expect(await count(set.setId)).toBe(3)
    }
    const [first, second, third] = ids as [string, string, string]
    const taken = await takePreprocessings(tables.context, { ...owner, ids: [second, first] }, 1)
    expect(taken.map(({ id }) => id)).toEqual([second, first])
    await expect(lock([third, first])).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    const { otState, taken: last } = await lock([third])
    otState.dispose()
    expect(last.map((one) => toHex(openPreprocessing(tables.context, one).id))).toEqual([third])
    expect([await count(set.setId), await count(foreign.setId)]).toEqual([0, 1])
  })

  test('takes the place of the oldest where there are enough', async () => {
    const context = { ...tables.context, limits: { ...tables.context.limits, preprocessings: 2 } }
    const [set, another] = [await bare(), await bare()]
    const kept = await made(another, 1, context)
    const keys = []
    for (let i = 0; i < 3; i++) keys.push(await made(set, 1, context))
    expect(await count(set.setId)).toBe(2)
    await expect(take(keys[0]!)).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
    for (const key of [...keys.slice(1), kept]) await take(key)
  })

  test('goes with its set or its wallet', async () => {
    const { database } = tables
    const first = await bare()
    const { clientId } = first
    const sets = [first, await bare(tables.key({ clientId })), await bare(tables.key({ clientId })), await bare()]
    await database.query('update reshare_sets set wallet_id = $2 where set_id = $1', [sets[2]!.setId, '1'.repeat(32)])
    for (const set of sets) await made(set)
    const left = () => Promise.all(sets.map(({ setId }) => count(setId)))
    await deletePreprocessings(database, first.setId)
    expect(await left()).toEqual([0, 1, 1, 1])
    const { sql, parameters } = preprocessingsDeletion(clientId, WALLET)
    await database.query(sql, parameters)
    expect(await left()).toEqual([0, 0, 1, 1])
  })

  // The last test: the epoch is that of all of them.
  test('goes with its epoch', async () => {
    const set = await bare()
    await made(set)
    expect(await count(set.setId)).toBe(1)
    await bumpEpoch(tables.database)
    expect(await count(set.setId)).toBe(0)
  })
})
