import { beforeAll, describe, expect, test } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import { ProtocolError } from '../../../src/errors.ts'
import { OtState } from '../../../src/protocol/ecdsa/index.ts'
import {
  recordCustodianShare,
  scheduleShareDeletion,
  scheduleDeletionOfDestroyed,
  deletePendingShares,
} from '../../../src/server/sets/custodian-shares.ts'
import {
  deleteOtState,
  lockSet,
  logBan,
  logBans,
  poisonStoredOtState,
  assertUnpoisoned,
  sealOtState,
  storeOtState,
} from '../../../src/server/sets/ot-states.ts'
import { ecdsaShare, equalShares, shareContext } from '../../../src/server/sets/shares.ts'
import { readShare } from '../support/read-share.ts'
import { encodeWalletShares, type WalletShares } from '../../../src/key-share/index.ts'
import { partyId } from '../../../src/types.ts'
import { fromHex, utf8 } from '../../../src/util/bytes.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { bareSet, watchedSealer } from '../support/bare-sets.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { START, WALLET, type Tables } from '../support/tables.ts'
import { insertShare } from '../support/insert-rows.ts'

let tables: Tables
fileTables((made) => (tables = made))

const when = (ms = 0) => new Date(START + ms)
const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

const bare = (key = tables.key()) => bareSet(tables, key)
const watched = () => watchedSealer(tables)

describe('the server’s share of a set', () => {
  let half: WalletShares
  beforeAll(() => {
    half = walletPair('signing', tables.context.random).other
  })

  test('is kept sealed for its set, wiped when it is, and never overwritten', async () => {
    const { database } = tables
    const { clientId, setId } = await bare()
    const { sealer, seen } = watched()
    await expect(readShare({ sealer }, database, clientId, setId)).rejects.toThrow(errorOf('SHARE_NOT_FOUND'))
    await insertShare({ sealer }, database, { clientId, setId }, half)
    const read = await readShare({ sealer }, database, clientId, setId)
    expect(equalShares(read, half)).toBe(true)
    expect(seen.map(isWiped)).toEqual([true, true])
    await insertShare({ sealer }, database, { clientId, setId }, walletPair('signing', tables.context.random).other)
    expect(equalShares(await readShare({ sealer }, database, clientId, setId), half)).toBe(true)
    await expect(readShare({ sealer }, database, 'another', setId)).rejects.toThrow(errorOf('SHARE_PARSING_FAILED'))
    expect(shareContext(clientId, setId)).toEqual({ purpose: 'share', clientId, row: setId })
  })

  test('is refused if it is none', async () => {
    const { context, database } = tables
    const store = async (bytes: Uint8Array) => {
      const { clientId, setId } = await bare()
      const sealed = context.sealer.seal(shareContext(clientId, setId), bytes)
      await database.query('insert into reshare_shares (set_id, sealed) values ($1, $2)', [setId, sealed])
      return readShare(context, database, clientId, setId)
    }
    await expect(store(utf8('no share'))).rejects.toMatchObject({
      code: 'SHARE_PARSING_FAILED',
      message: expect.stringContaining('not a valid') as string,
    })
    const stranger = walletPair('signing', context.random).other
    const shares = half.shares.map((share, i) => ({ ...share, secretShare: stranger.shares[i]!.secretShare }))
    await expect(store(encodeWalletShares(getGroup, { ...half, shares }))).rejects.toThrow(
      errorOf('SHARE_PARSING_FAILED'),
    )
  })

  test('is compared with all that is in it, and has one share for ECDSA', () => {
    expect(equalShares(half, half)).toBe(true)
    expect(equalShares(half, walletPair('signing', tables.context.random).other)).toBe(false)
    expect(ecdsaShare(half).record.curve).toBe('secp256k1')
  })
})

describe('an ECDSA setup', () => {
  const SIZES = { zeroSeed: 32, delta: 16, multiplierSeeds: 256 * 16, choiceSeeds: 512 * 16 }
  const newPair = (setId: string) => {
    const { random } = tables.context
    const secrets = Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, random(size)]))
    const about = { setId: fromHex(setId), self: partyId(2), peer: partyId(1), digest: random(32) }
    return new OtState(about, { secrets: secrets as unknown as OtState['secrets'] })
  }
  const cheat = new ProtocolError('CHEAT_VOLE', 2, [1], 'caught')
  const lock = (key: Parameters<typeof lockSet>[2], sealer = tables.context.sealer) =>
    tables.database.transaction(async (tx) => (await lockSet({ sealer }, tx, key))!.openOtState())
  const row = (setId: string) =>
    tables.row('select poisoned, ban_logged, epoch from reshare_ot_states where set_id = $1', setId)

  async function stored() {
    const { context, database } = tables
    const key = await bare()
    const pair = newPair(key.setId)
    const { digest } = pair
    await storeOtState(context, database, key, sealOtState(context, key, pair, 1))
    return { key, digest }
  }

  test('is sealed for its set and epoch, and wiped', async () => {
    const { context, database } = tables
    const key = await bare()
    const { sealer, seen } = watched()
    const pair = newPair(key.setId)
    const { secrets, digest } = pair
    const first = sealOtState({ sealer }, key, pair, 1)
    expect(first.epoch).toBe(1)
    // What a database holds must open after an upgrade too.
    const place = { purpose: 'ot state', clientId: key.clientId, row: `${key.setId}/1` } as const
    expect(OtState.decode(context.sealer.open(place, first.sealed)).digest).toEqual(digest)
    expect([...seen, secrets.delta, secrets.zeroSeed, secrets.choiceSeeds].every(isWiped)).toBe(true)
    await storeOtState(context, database, key, first)
    expect((await lock(key, sealer)).digest).toEqual(digest)
    expect(seen.map(isWiped)).toEqual([true, true])
    const another = { ...key, clientId: 'another' }
    expect(await database.transaction((tx) => lockSet({ sealer }, tx, another))).toBeUndefined()
    const moved = 'update reshare_sets set client_id = $2 where set_id = $1'
    await database.query(moved, [key.setId, another.clientId])
    await expect(lock(another)).rejects.toThrow(errorOf('SHARE_PARSING_FAILED'))
    await database.query(moved, [key.setId, key.clientId])
    await database.query('update reshare_ot_states set epoch = 2 where set_id = $1', [key.setId])
    await expect(lock(key)).rejects.toMatchObject({ reason: 'OT_DESYNC', round: 1, blame: [] })
  })

  test('is missed as one that was never made', async () => {
    const key = await bare()
    await expect(lock(key)).rejects.toMatchObject({ reason: 'OT_DESYNC', round: 1, blame: [] })
    await poisonStoredOtState(tables.context, tables.database, key, cheat)
    expect(await row(key.setId)).toBeUndefined()
  })

  test('that is poisoned holds no secret and is neither used nor replaced in its epoch', async () => {
    const { context, database } = tables
    const { key } = await stored()
    const { key: other } = await stored()
    await assertUnpoisoned(context, database, key.setId)
    const { sealer, seen } = watched()
    await poisonStoredOtState({ sealer }, database, key, cheat)
    expect(isWiped(seen[0]!)).toBe(true)
    expect(OtState.decode(seen[1]!).cheat).toBe('CHEAT_VOLE')
    await expect(lock(key)).rejects.toThrow(errorOf('OT_POISONED'))
    await expect(assertUnpoisoned(context, database, key.setId)).rejects.toThrow(errorOf('OT_POISONED'))
    await assertUnpoisoned(context, database, other.setId)
    expect(await row(other.setId)).toMatchObject({ poisoned: false })
    const fresh = sealOtState(context, key, newPair(key.setId), 1)
    await expect(storeOtState(context, database, key, fresh)).rejects.toThrow(errorOf('OT_POISONED'))
    expect(await row(key.setId)).toEqual({ poisoned: true, ban_logged: false, epoch: 1 })

    await logBan(context, key.setId)
    await database.query('update reshare_ot_states set epoch = 0 where set_id = $1', [key.setId])
    await storeOtState(context, database, key, fresh)
    expect(await row(key.setId)).toEqual({ poisoned: false, ban_logged: false, epoch: 1 })
    await lock(key)
  })

  test('whose cheat only this process knows of is as good as poisoned', async () => {
    const { context, database } = tables
    const { key } = await stored()
    const caught = new Map([[key.setId, cheat]])
    await expect(assertUnpoisoned({ caught }, database, key.setId)).rejects.toThrow(errorOf('OT_POISONED'))
    const fresh = sealOtState(context, key, newPair(key.setId), 1)
    await expect(storeOtState({ ...context, caught }, database, key, fresh)).rejects.toThrow(errorOf('OT_POISONED'))
  })

  test('that is poisoned is in the log once, with its epoch', async () => {
    const { context, database, errors } = tables
    const { key } = await stored()
    await logBan(context, key.setId)
    expect(await tables.log(key.clientId)).toEqual([])
    await poisonStoredOtState(context, database, key, cheat)
    const failure = new Error('no')
    const transaction = () => Promise.reject(failure)
    await logBans({ ...context, database: { ...database, transaction } })
    expect(errors.splice(0)).toEqual([leftForLater(key.setId, failure)])
    expect(await tables.log(key.clientId)).toEqual([])
    for (let i = 0; i < 2; i++) await logBans(context)
    await logBan(context, key.setId)
    expect(await tables.log(key.clientId)).toEqual([`poisoned ${WALLET} ${key.setId} 1`])
  })

  test('that is deleted leaves the ban that the log lacks', async () => {
    const { context, database } = tables
    const [{ key: good }, { key: banned }, { key: told }] = [await stored(), await stored(), await stored()]
    for (const key of [banned, told]) await poisonStoredOtState(context, database, key, cheat)
    await logBan(context, told.setId)
    expect(await deleteOtState(database, good.setId)).toBeUndefined()
    expect(await deleteOtState(database, told.setId)).toBeUndefined()
    expect(await deleteOtState(database, banned.setId)).toEqual({ banned: true, epoch: 1 })
    expect(await deleteOtState(database, banned.setId)).toBeUndefined()
    expect(await row(banned.setId)).toBeUndefined()
  })
})

describe('a custodian’s share', () => {
  const half = (setId: string) =>
    tables.row('select deletion_pending, tried_at from reshare_custodian_records where set_id = $1', setId)
  const halves = (setIds: string[]) =>
    Promise.all(setIds.map(async (setId) => (await half(setId))?.['deletion_pending']))

  /** Owed shares of one client, in the order in which they are asked for. */
  async function owing(count: number) {
    const key = tables.key()
    const setIds: string[] = []
    for (let i = 0; i < count; i++) {
      const setId = await tables.set(key, { purpose: 'backup' })
      await recordCustodianShare(tables.database, key, setId)
      await tables.database.query('update reshare_custodian_records set tried_at = $2 where set_id = $1', [
        setId,
        i === 0 ? null : when(i),
      ])
      setIds.push(setId)
    }
    await scheduleShareDeletion(tables.database, key)
    return { key, setIds: setIds as [string, ...string[]] }
  }

  test('is noted once, with its operation', async () => {
    const key = tables.key()
    const setId = await tables.set(key, { purpose: 'backup' })
    await recordCustodianShare(tables.database, key, setId)
    await scheduleShareDeletion(tables.database, key)
    await recordCustodianShare(tables.database, tables.key({ clientId: key.clientId }), setId)
    expect(await half(setId)).toEqual({ deletion_pending: true, tried_at: null })
  })

  test('is owed with the others of its operation, or once its set is destroyed', async () => {
    const { database } = tables
    const key = tables.key()
    const sibling = tables.key({ clientId: key.clientId })
    const [aborted, destroyed, kept] = [await tables.set(key), await tables.set(sibling), await tables.set(sibling)]
    const stranger = tables.key()
    const foreign = await tables.set(stranger, {}, { state: 'DESTROYED' })
    await recordCustodianShare(database, key, aborted)
    for (const setId of [destroyed, kept]) await recordCustodianShare(database, sibling, setId)
    await recordCustodianShare(database, stranger, foreign)
    const setIds = [aborted, destroyed, kept, foreign]
    await scheduleShareDeletion(database, key)
    expect(await halves(setIds)).toEqual([true, false, false, false])
    await database.query(`update reshare_sets set state = 'DESTROYED' where set_id = $1`, [destroyed])
    await scheduleDeletionOfDestroyed(database, key.clientId)
    expect(await halves(setIds)).toEqual([true, true, false, false])
  })

  test('that is owed is removed: of one client, or of all, and nothing without a custodian', async () => {
    const { context } = tables
    const [one, other] = [await owing(2), await owing(1)]
    const setIds = [...one.setIds, ...other.setIds]
    await deletePendingShares({ ...context, custodian: undefined })
    expect(await halves(setIds)).toEqual([true, true, true])
    tables.removed.length = 0
    await deletePendingShares(context, one.key.clientId)
    expect(tables.removed).toEqual(one.setIds)
    expect(await halves(setIds)).toEqual([undefined, undefined, true])
    const asked: string[][] = []
    const custodian = { ...context.custodian!, delete: (...half: string[]) => Promise.resolve(void asked.push(half)) }
    await deletePendingShares({ ...context, custodian })
    expect(asked).toContainEqual([other.key.clientId, other.setIds[0]])
    expect(await halves(setIds)).toEqual([undefined, undefined, undefined])
  })

  test('that cannot be removed goes to the end of the line, and holds up the others once', async () => {
    const { context, errors } = tables
    const { key, setIds } = await owing(3)
    const [first, second, third] = setIds as [string, string, string]
    const failure = new Error('out of order')
    const custodian = { ...context.custodian!, delete: () => Promise.reject(failure) }
    tables.clock = START + 5000
    await deletePendingShares({ ...context, custodian }, key.clientId)
    expect(errors.splice(0)).toEqual([leftForLater(first, failure)])
    expect(await half(first)).toEqual({ deletion_pending: true, tried_at: when(5000) })
    expect(await half(second)).toEqual({ deletion_pending: true, tried_at: when(1) })
    tables.removed.length = 0
    await deletePendingShares(context, key.clientId)
    expect(tables.removed).toEqual([second, third, first])
  })

  test('is forgotten by a server whose custodian removes nothing', async () => {
    const { context } = tables
    const { key, setIds } = await owing(1)
    const { delete: _, ...custodian } = context.custodian!
    await deletePendingShares({ ...context, custodian }, key.clientId)
    expect(await halves(setIds)).toEqual([undefined])
  })
})
