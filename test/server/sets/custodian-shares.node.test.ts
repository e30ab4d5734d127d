import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import type { Custodian, CustodianBackup } from '../../../src/custodian/types.ts'
import { MpcError } from '../../../src/errors.ts'
import { DEFAULT_LIMITS, type ServerContext } from '../../../src/server/context.ts'
import { fetchFromCustodian, storeWithCustodian } from '../../../src/server/sets/custody.ts'
import type { SetRow } from '../../../src/server/sets/sets-table.ts'
import {
  combineRecords,
  encodeWalletSetRecord,
  encodeWalletShares,
  type WalletShares,
} from '../../../src/key-share/index.ts'
import { CURVES } from '../../../src/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { seededRandom } from '../../support/random.ts'
import { walletPair, type WalletPair } from '../../support/wallet-pair.ts'

const CLIENT = 'ann'
const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

let random: RandomSource
let pair: WalletPair
let other: WalletPair
beforeAll(() => {
  random = seededRandom()
  pair = walletPair('backup', random)
  other = walletPair('backup', random)
})
afterEach(() => {
  vi.restoreAllMocks()
  told.length = 0
})

const told: unknown[] = []
/** The state of every set in the database. */
let state = 'ACTIVE'
const ROW = {
  ...{ set_id: '', wallet_id: '', client_id: CLIENT, operation_id: '', purpose: 'backup', label: '' },
  ...{ backup_method: 'PASSWORD', source_set_id: null, device: null, record: new Uint8Array() },
  ...{ scope: null, expires_at: null },
  ...{ created_at: new Date(), proven_at: null, last_used_at: null, exported_at: null },
}
const database = { query: () => Promise.resolve([{ ...ROW, state, committed_at: new Date() }]) }
const contextOf = (custodian: Partial<Custodian> | undefined, limits = DEFAULT_LIMITS) =>
  ({
    ...{ custodian, database, limits, observe: () => undefined },
    onError: (error: unknown) => told.push(error),
  }) as unknown as ServerContext
const bytesOf = (half: WalletShares) => encodeWalletShares(getGroup, half)
const setOf = (half: WalletShares, record = half): SetRow =>
  ({
    ...{ clientId: CLIENT, setId: toHex(half.setId) },
    record: encodeWalletSetRecord(getGroup, combineRecords(record.shares.map((share) => share.record))),
  }) as SetRow

/** A party's shares of which one is not the one that its record says. */
function damaged(half: WalletShares): WalletShares {
  const [first, ...others] = half.shares
  return { ...half, shares: [{ ...first!, secretShare: other.other.shares[0]!.secretShare }, ...others] }
}

/** Every secret share that is decoded from now on. */
function watchSecrets(): () => Uint8Array[] {
  const spies = CURVES.map((curve) => vi.spyOn(getGroup(curve), 'decodeScalar'))
  return () => spies.flatMap((spy) => spy.mock.results.map(({ value }) => value as Uint8Array))
}

describe('a share on its way to the custodian', () => {
  const hand = (custodian: Partial<Custodian> | undefined, half = pair.other) =>
    storeWithCustodian(contextOf(custodian), CLIENT, 'PASSKEY', half)

  /** What gives back what `change` makes of the bytes that it was given. */
  function keeping(change: (share: Uint8Array) => Uint8Array[] = (share) => [share]) {
    const [stored, fetched]: [CustodianBackup[], Uint8Array[]] = [[], []]
    let kept: Uint8Array[] = []
    const custodian: Custodian = {
      store: (backup) => {
        stored.push(backup)
        kept = change(backup.share.slice())
        return Promise.resolve()
      },
      fetch: (clientId, setId) => {
        expect([clientId, setId]).toEqual([CLIENT, toHex(pair.other.setId)])
        fetched.push(...kept)
        return Promise.resolve(kept)
      },
    }
    return { custodian, stored, fetched }
  }

  test('is read back, and no copy of it stays', async () => {
    const bytes = bytesOf(pair.other)
    const given: Uint8Array[] = []
    const { custodian, stored, fetched } = keeping((share) => {
      given.push(share.slice())
      return [utf8('of another backup'), share]
    })
    const secrets = watchSecrets()
    await hand(custodian)
    expect(given).toEqual([bytes])
    expect(stored).toEqual([
      {
        clientId: CLIENT,
        setId: toHex(pair.other.setId),
        backupMethod: 'PASSKEY',
        share: expect.anything() as Uint8Array,
      },
    ])
    expect([...stored.map(({ share }) => share), ...fetched].map(isWiped)).toEqual([true, true, true])
    expect(secrets().map(isWiped)).toEqual([true, true])
    expect(pair.other.shares.some(({ secretShare }) => isWiped(secretShare))).toBe(false)
  })

  test.each<[string, (share: Uint8Array) => Uint8Array[]]>([
    ['nothing', () => []],
    ['another', (share) => [share.map((byte, i) => (i === 40 ? byte ^ 1 : byte))]],
  ])('is not there if %s is read back', async (_, change) => {
    const { custodian, stored, fetched } = keeping(change)
    await expect(hand(custodian)).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable: true })
    expect([...stored.map(({ share }) => share), ...fetched].every(isWiped)).toBe(true)
  })

  test('is refused, though it is read back, if it could deal nothing', async () => {
    const { custodian, fetched } = keeping()
    await expect(hand(custodian, damaged(pair.other))).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
    expect(fetched.map(isWiped)).toEqual([true])
  })

  test('that cannot be handed over is wiped', async () => {
    const shares: Uint8Array[] = []
    const failure = new MpcError('WEBHOOK_FAILED', 'the app is down')
    const store: Custodian['store'] = ({ share }) => (shares.push(share), Promise.reject(failure))
    await expect(hand({ store })).rejects.toBe(failure)
    const cause = new Error('a password')
    const fetch: Custodian['fetch'] = () => Promise.reject(cause)
    await expect(hand({ ...keeping().custodian, fetch })).rejects.toMatchObject({
      ...{ code: 'WEBHOOK_FAILED', retryable: true, cause },
      message: expect.not.stringContaining('password') as string,
    })
    expect(shares.map(isWiped)).toEqual([true])
  })

  test('goes to a custodian that hangs for so long and no longer', async () => {
    const { custodian, stored } = keeping()
    const hanging = () => new Promise<never>(() => undefined)
    const limits = { ...DEFAULT_LIMITS, custodianMs: 1 }
    for (const hangs of [{ store: hanging }, { fetch: hanging }]) {
      const context = contextOf({ ...custodian, ...hangs }, limits)
      const handing = storeWithCustodian(context, CLIENT, 'PASSKEY', pair.other)
      await expect(handing).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable: true })
      expect(told.splice(0)).toMatchObject([{ code: 'WEBHOOK_FAILED' }])
    }
    expect(stored.map(({ share }) => isWiped(share))).toEqual([true])
  })

  test.each<[string, unknown]>([
    ['no list', undefined],
    ['the bytes themselves', utf8('share')],
    ['bytes by number', { 0: utf8('share'), length: 1 }],
    ['what are no bytes', ['share', null, 7, { length: 40 }, [1, 2]]],
  ])('is not there if the custodian answers with %s', async (_, answer) => {
    const fetch = () => Promise.resolve(answer as Uint8Array[])
    await expect(hand({ ...keeping().custodian, fetch })).rejects.toMatchObject({ code: 'WEBHOOK_FAILED' })
  })

  test('says nothing to a client but that it failed, whatever the custodian throws', async () => {
    const failures = [
      new MpcError('AUTH_FAILED', 'a password'),
      new MpcError('BACKUP_SUPERSEDED', 'a password'),
      Object.freeze({ code: 'POLICY_DENIED', message: 'a password' }),
      undefined,
    ]
    for (const failure of failures) {
      const store = () => {
        throw failure
      }
      await expect(hand({ ...keeping().custodian, store })).rejects.toMatchObject({
        ...{ code: 'WEBHOOK_FAILED', retryable: true, message: 'the custodian could not be asked' },
      })
      expect(told.splice(0)).toEqual([failure])
    }
  })

  test('has nowhere to go where there is no custodian, and never will', async () => {
    await expect(hand(undefined)).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable: false })
  })
})

describe('a share that comes from the custodian', () => {
  const fetched = async (candidates: Uint8Array[], set = setOf(pair.other)) => {
    const asked: string[][] = []
    const fetch: Custodian['fetch'] = (...about) => (asked.push(about), Promise.resolve(candidates))
    try {
      return await fetchFromCustodian(contextOf({ fetch }), set)
    } finally {
      expect(asked).toEqual([[CLIENT, set.setId]])
      expect(candidates.every(isWiped)).toBe(true)
    }
  }

  test('is the one that is asked for, among others', async () => {
    const half = await fetched([
      ...[utf8('junk'), bytesOf(other.other), bytesOf(pair.other).slice(0, -1)],
      ...[bytesOf(damaged(pair.other)), bytesOf(pair.other)],
    ])
    expect(bytesOf(half)).toEqual(bytesOf(pair.other))
  })

  test('is found behind others that say they are it, and among very many', async () => {
    const ownOfClient = () => bytesOf(pair.client)
    const many = Array.from({ length: 200_000 }, () => new Uint8Array(1))
    const half = await fetched([ownOfClient(), ...many, bytesOf(pair.other), ownOfClient()])
    expect(bytesOf(half)).toEqual(bytesOf(pair.other))
  })

  test('is not missing because it could not be decoded', async () => {
    const failure = new MpcError('WASM_UNAVAILABLE', 'no module')
    vi.spyOn(getGroup('secp256k1'), 'decodeScalar').mockImplementation(() => {
      throw failure
    })
    await expect(fetched([bytesOf(pair.other)])).rejects.toBe(failure)
  })

  test('is not found among others, or damaged ones', async () => {
    const missing = { code: 'SHARE_NOT_FOUND' }
    await expect(fetched([])).rejects.toMatchObject(missing)
    await expect(fetched([utf8('junk'), bytesOf(other.other)])).rejects.toMatchObject(missing)
    await expect(fetched([bytesOf(damaged(pair.other))])).rejects.toMatchObject(missing)
  })

  test('is superseded where the custodian has just deleted it', async () => {
    state = 'DESTROYED'
    try {
      await expect(fetched([])).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
    } finally {
      state = 'ACTIVE'
    }
  })

  test('is refused and wiped if it is the client’s own, or not of the set that the server knows', async () => {
    const secrets = watchSecrets()
    const wrong = { code: 'SHARE_PARSING_FAILED' }
    await expect(fetched([bytesOf(pair.client)])).rejects.toMatchObject(wrong)
    await expect(fetched([bytesOf(pair.other)], setOf(pair.other, other.other))).rejects.toMatchObject(wrong)
    expect(secrets().map(isWiped)).toEqual([true, true, true, true])
  })

  test('is one that could not be asked for where the custodian fails', async () => {
    const fetch: Custodian['fetch'] = () => Promise.reject(new Error('a password'))
    const failed = { code: 'WEBHOOK_FAILED' }
    await expect(fetchFromCustodian(contextOf({ fetch }), setOf(pair.other))).rejects.toMatchObject(failed)
    await expect(fetchFromCustodian(contextOf(undefined), setOf(pair.other))).rejects.toMatchObject({
      ...failed,
      retryable: false,
    })
  })
})
