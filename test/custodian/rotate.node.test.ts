import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createCustodian,
  webhookCustodian,
  type Custodian,
  type CustodianApp,
  type MasterKeys,
} from '../../src/custodian/index.ts'
import { createShareNames, custodianShareContext } from '../../src/custodian/backend/share-names.ts'
import type { Database } from '../../src/service/database/types.ts'
import { createSealer } from '../../src/util/seal.ts'
import { toHex } from '../../src/util/bytes.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { leftForLater } from '../support/left-for-later.ts'
import { seededRandom } from '../support/random.ts'

const SECRET = 'webhook-secret-of-the-tests'
const CLIENT = 'ann'

describe.each(databaseKinds)('the master key of the custodian changes on $name', ({ open }) => {
  const random = seededRandom()
  const first = { id: 1, key: random(32) }
  const second = { id: 2, key: random(32) }
  let database: Database
  let errors: unknown[]
  beforeAll(async () => {
    database = await open()
    await process(first.key).fetch(CLIENT, newSet())
  })
  beforeEach(async () => {
    errors = []
    await database.query('delete from reshare_custodian_shares')
  })
  afterAll(() => database.close())

  /** One process of the app's backend, as the signing server sees it. */
  function process(masterKey: MasterKeys, on = database): Required<Custodian> & Pick<CustodianApp, 'rotate'> {
    const { fetch, rotate } = createCustodian({
      database: on,
      masterKey,
      webhookSecret: SECRET,
      authenticateUser: () => undefined,
      onError: (error) => errors.push(error),
      random,
    })
    const inProcess: typeof globalThis.fetch = (input, init) => fetch(new Request(input, init))
    const seen = webhookCustodian({ url: 'https://app.test', secret: SECRET, fetch: inProcess })
    return { ...(seen as Required<Custodian>), rotate }
  }
  const before = () => process({ current: first, previous: [second] })
  const after = (on?: Database) => process({ current: second, previous: [first] }, on)

  /** The database of a process to which `interrupt` happens before each of its transactions. */
  const interrupted = (interrupt: () => Promise<unknown>): Database => ({
    ...database,
    transaction: async (work, isolation) => {
      await interrupt()
      return database.transaction(work, isolation)
    },
  })
  /** The database of a process that ends before the transaction after these. */
  function ending(transactions: number): Database {
    let left = transactions
    const alive = () => {
      if (left < 0) throw new Error('the process has ended')
    }
    return {
      ...interrupted(async () => {
        left -= 1
        alive()
      }),
      query: async (...query) => (alive(), database.query(...query)),
    }
  }

  const newSet = () => toHex(random(32))
  const newHalf = (setId = newSet()) => ({
    clientId: CLIENT,
    setId,
    backupMethod: 'PASSWORD' as const,
    share: random(40),
  })
  async function storeBy(custodian: Custodian, count = 1) {
    const halves = Array.from({ length: count }, () => newHalf())
    for (const half of halves) await custodian.store(half)
    return halves
  }
  const rows = () =>
    database.query(
      `select *, get_byte(sealed, 0) as key from reshare_custodian_shares where client_id = $1 order by ordinal`,
      [CLIENT],
    )
  const keyIds = async () => (await rows()).map(({ key }) => key)

  test('each process opens what the other has stored, and stores it no second time', async () => {
    const [old] = await storeBy(before())
    const [young] = await storeBy(after())
    for (const custodian of [before(), after()]) {
      for (const half of [old!, young!]) {
        await custodian.store(half)
        expect(await custodian.fetch(CLIENT, half.setId)).toEqual([half.share])
      }
    }
    expect(await keyIds()).toEqual([1, 2])
  })

  test('a share that two processes store at once is stored once', async () => {
    const halves = Array.from({ length: 4 }, () => newHalf())
    await Promise.all(halves.flatMap((half) => [before().store(half), after().store(half)]))
    expect(await rows()).toHaveLength(halves.length)
    for (const { setId, share } of halves) expect(await after().fetch(CLIENT, setId)).toEqual([share])
  })

  test('a rotation that ends in the middle is taken up by two at once, and loses nothing', async () => {
    const halves = await storeBy(before(), 5)
    await database.query('update reshare_custodian_shares set exported_at = $2 where set_id = $1', [
      halves[3]!.setId,
      new Date(0),
    ])
    const known = await rows()
    await expect(after(ending(2)).rotate()).rejects.toThrow('the process has ended')
    errors = []
    expect((await keyIds()).filter((key) => key === 2)).toHaveLength(2)
    for (const custodian of [before(), after()]) {
      for (const { setId, share } of halves) expect(await custodian.fetch(CLIENT, setId)).toEqual([share])
    }

    const [left, right] = await Promise.all([after().rotate(), after().rotate()])
    expect(left.resealed + right.resealed).toBe(3)
    expect(await after().rotate()).toEqual({ resealed: 0, remaining: 0 })
    const own = { share_id: expect.any(Uint8Array), sealed: expect.any(Uint8Array), key: 2 }
    expect(await rows()).toEqual(known.map((row) => ({ ...row, ...own })))
    expect(errors).toEqual([])

    // The old key may go.
    const alone = process({ current: second })
    for (const half of halves) {
      await alone.store(half)
      expect(await alone.fetch(CLIENT, half.setId)).toEqual([half.share])
    }
    expect(await keyIds()).toEqual(Array(5).fill(2))
    await expect(process(first.key).fetch(CLIENT, halves[0]!.setId)).rejects.toThrow('422')
  })

  test('more shares than are read at once; one that no key opens is told of, counted, and holds up no other', async () => {
    const [half] = await storeBy(before())
    await database.query(
      `insert into reshare_custodian_shares (client_id, share_id, set_id, backup_method, sealed, created_at)
       select 'bob ' || n, share_id, set_id, backup_method, sealed, created_at
       from reshare_custodian_shares, generate_series(1, 210) n`,
    )
    const last = { ...newHalf(), clientId: 'zoe' }
    await before().store(last)
    expect(await after().rotate()).toEqual({ resealed: 2, remaining: 210 })
    const unreadable = leftForLater('share of backup set', expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }))
    expect(errors).toEqual(Array(210).fill(unreadable))
    const alone = process({ current: second })
    expect(await alone.fetch(CLIENT, half!.setId)).toEqual([half!.share])
    expect(await alone.fetch('zoe', last.setId)).toEqual([last.share])
  })

  test('a share that is stored by the old key meanwhile is counted, and moved by the next call', async () => {
    await storeBy(before())
    const meanwhile: Awaited<ReturnType<typeof storeBy>>[number][] = []
    let passes = 0
    const slow: Database = {
      ...database,
      async query(sql, values) {
        // The first page of a pass through the table. The second pass counts what remains.
        if (/^with page as [^;]* from reshare_custodian_shares +order by/.test(sql)) passes += 1
        if (passes === 2 && meanwhile.length === 0) meanwhile.push(...(await storeBy(before())))
        return database.query(sql, values)
      },
    }
    expect(await after(slow).rotate()).toEqual({ resealed: 1, remaining: 1 })
    expect(await after().rotate()).toEqual({ resealed: 1, remaining: 0 })
    const [{ setId, share }] = meanwhile as [(typeof meanwhile)[number]]
    expect(await process({ current: second }).fetch(CLIENT, setId)).toEqual([share])
  })

  test('a share that another process has moved meanwhile stays', async () => {
    const [half] = await storeBy(before())
    const late = after(interrupted(() => after().rotate()))
    expect(await late.rotate()).toEqual({ resealed: 0, remaining: 0 })
    expect(await after().fetch(CLIENT, half!.setId)).toEqual([half!.share])
  })

  test('a share that is removed meanwhile does not come back', async () => {
    const [half] = await storeBy(before())
    const late = after(interrupted(() => before().delete(CLIENT, half!.setId)))
    expect(await late.rotate()).toEqual({ resealed: 0, remaining: 0 })
    expect(await rows()).toEqual([])
  })

  test('a share that processes without each other’s keys have stored twice becomes one', async () => {
    const young = process({ current: second })
    for (const exportedAt of [
      [null, new Date(0)],
      [new Date(0), null],
      [new Date(1000), new Date(0)],
      [new Date(0), new Date(1000)],
    ]) {
      const half = newHalf()
      await process(first.key).store(half)
      await young.store(half)
      for (const [i, at] of exportedAt.entries()) {
        const marked =
          'update reshare_custodian_shares set exported_at = $3 where set_id = $1 and get_byte(sealed, 0) = $2'
        await database.query(marked, [half.setId, i + 1, at])
      }
      expect(await after().fetch(CLIENT, half.setId)).toEqual([half.share, half.share])
      const [left, right] = await Promise.all([after().rotate(), after().rotate()])
      expect([left.resealed + right.resealed, (await after().rotate()).remaining]).toEqual([1, 0])
      expect(await young.fetch(CLIENT, half.setId)).toEqual([half.share])
      expect((await rows()).at(-1)).toMatchObject({ key: 2, exported_at: new Date(0) })
    }
    expect(errors).toEqual([])
  })

  test('a share of another key that has its new name already is sealed again, and stays', async () => {
    const half = newHalf()
    const keys = { current: second, previous: [first] }
    const [name] = createShareNames(keys)(half.share)
    const sealed = createSealer({ current: first, previous: [second] }, random).seal(
      custodianShareContext(CLIENT, name),
      half.share,
    )
    await before().store(half)
    await database.query('update reshare_custodian_shares set share_id = $1, sealed = $2', [name, sealed])
    expect(await after().rotate()).toEqual({ resealed: 1, remaining: 0 })
    expect(await process({ current: second }).fetch(CLIENT, half.setId)).toEqual([half.share])
  })

  test('a set is removed under every name', async () => {
    const setId = newSet()
    const other = newHalf()
    for (const custodian of [before(), after()]) await custodian.store(newHalf(setId))
    await before().store(other)
    await after().delete(CLIENT, setId)
    expect((await rows()).map((row) => row['set_id'])).toEqual([other.setId])
  })

  test('the same share of two sets stays for both, and is told of', async () => {
    const half = newHalf()
    const moved = { ...half, setId: newSet() }
    await process(first.key).store(half)
    await process({ current: second }).store(moved)
    expect(await after().rotate()).toEqual({ resealed: 0, remaining: 1 })
    expect(errors).toEqual([leftForLater('share of backup set', expect.objectContaining({ code: '23505' }))])
    for (const { setId } of [half, moved]) expect(await after().fetch(CLIENT, setId)).toEqual([half.share])
  })

  test.each<[string, unknown, new () => Error]>([
    ['the same id twice', { current: first, previous: [{ ...second, id: 1 }] }, RangeError],
    ['the same key twice', { current: first, previous: [{ ...first, id: 2 }] }, RangeError],
    ['no current key', { previous: [first] }, TypeError],
    ['a list of keys', [first.key, second.key], TypeError],
  ])('refuses %s', (_, masterKey, error) => {
    expect(() => process(masterKey as MasterKeys)).toThrow(error)
  })
})
