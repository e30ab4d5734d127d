import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Scalar } from '../../src/curve/group.ts'
import { MpcError } from '../../src/errors.ts'
import {
  combineRecords,
  combineShares,
  decodeKeyShare,
  decodeShareSetRecord,
  decodeWalletSetRecord,
  decodeWalletShares,
  encodeKeyShare,
  encodeShareSetRecord,
  encodeWalletSetRecord,
  encodeWalletShares,
  findParty,
  type KeyShare,
  peekWalletSetId,
  validateKeyShare,
  type WalletShares,
  wipeKeyShare,
} from '../../src/key-share/index.ts'
import type { WalletSetRecord } from '../../src/key-share/types.ts'
import { walletSetId } from '../../src/key-share/wallet-shares.ts'
import { CURVES, type Curve, partyId } from '../../src/types.ts'
import { concatBytes, fromHex, utf8 } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { fixedRandom } from '../support/fixed-random.ts'
import { backends, groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { generate, PAIR, reshare } from '../support/sets.ts'
import { flip } from '../support/simulator.ts'

const refused = expect.objectContaining({ code: 'SHARE_PARSING_FAILED', retryable: false }) as Error

describe.each(groups)('shares on $name', ({ group }) => {
  const groupOf = () => group
  const shares = generate(group, 2, 3, fixedRandom('shares'))
  const [share] = shares as [KeyShare]
  const record = share.record
  const recordBytes = encodeShareSetRecord(group, record)
  const shareBytes = encodeKeyShare(group, share)
  const header = 1 + 1 + 32 + 16 + 1 + 1 + 1
  const entry = 2 + group.pointLength

  test('records and shares round-trip', () => {
    expect(encodeShareSetRecord(group, decodeShareSetRecord(groupOf, recordBytes))).toEqual(recordBytes)
    const decoded = decodeKeyShare(groupOf, shareBytes)
    expect(decoded.id).toBe(share.id)
    expect(decoded.secretShare).toEqual(share.secretShare)
    expect(encodeKeyShare(group, decoded)).toEqual(shareBytes)
  })

  test('a decoded share does not share memory with its bytes', () => {
    const bytes = shareBytes.slice()
    const decoded = decodeKeyShare(groupOf, bytes)
    bytes.fill(0)
    expect(decoded.secretShare).toEqual(share.secretShare)
    wipeKeyShare(decoded)
    expect(decoded.secretShare.every((byte) => byte === 0)).toBe(true)
  })

  test.each([
    ['another version', recordBytes.with(0, 2)],
    ['an unknown curve', recordBytes.with(1, 9)],
    ['an unknown purpose', recordBytes.with(50, 0)],
    ['threshold 1', recordBytes.with(51, 1)],
    ['a threshold above n', recordBytes.with(51, 4)],
    ['another count', recordBytes.with(52, 2)],
    ['no parties', recordBytes.with(52, 0)],
    ['id 0', recordBytes.with(header, 0)],
    ['an id twice', recordBytes.with(header + entry, 1)],
    ['ids that do not ascend', recordBytes.with(header, 9)],
    ['another id', recordBytes.with(header + 2 * entry, 4)],
    ['an unknown role', recordBytes.with(header + 1, 4)],
    [
      'another verifying share',
      concatBytes(
        recordBytes.subarray(0, header + 2),
        group.encodePoint(group.generator),
        recordBytes.subarray(header + entry),
      ),
    ],
    [
      'another public key',
      concatBytes(
        recordBytes.subarray(0, header + 3 * entry),
        group.encodePoint(group.generator),
        recordBytes.subarray(header + 3 * entry + group.pointLength),
      ),
    ],
    ['no point', recordBytes.with(header + 3 * entry, 0xff).with(header + 3 * entry + 31, 0xff)],
    ['a missing byte', recordBytes.slice(0, -1)],
    ['a trailing byte', concatBytes(recordBytes, Uint8Array.of(0))],
    ['no bytes', new Uint8Array(0)],
  ])('a record with %s is refused', (_, bytes) => {
    expect(() => decodeShareSetRecord(groupOf, bytes)).toThrow(refused)
  })

  test.each([
    ['another version', shareBytes.with(0, 2)],
    ['id 0', shareBytes.with(1, 0)],
    ['the id of another party', shareBytes.with(1, 2)],
    ['the id of no party', shareBytes.with(1, 9)],
    ['another secret', flip(shareBytes, 20)],
    ['zero', concatBytes(shareBytes.subarray(0, 2), new Uint8Array(32), shareBytes.subarray(34))],
    [
      'a scalar above the order',
      concatBytes(shareBytes.subarray(0, 2), fromHex('ff'.repeat(32)), shareBytes.subarray(34)),
    ],
    ['another record', flip(shareBytes, 38)],
    ['a missing byte', shareBytes.slice(0, -1)],
    ['a trailing byte', concatBytes(shareBytes, Uint8Array.of(0))],
    ['no bytes', new Uint8Array(0)],
  ])('a share with %s is refused', (_, bytes) => {
    expect(() => decodeKeyShare(groupOf, bytes)).toThrow(refused)
  })

  test('what is not bytes is a TypeError', () => {
    expect(() => decodeKeyShare(groupOf, 'share' as never)).toThrow(TypeError)
    expect(() => decodeShareSetRecord(groupOf, null as never)).toThrow(TypeError)
    expect(() => decodeWalletShares(groupOf, [] as never)).toThrow(TypeError)
  })

  test('a third verifying share off the polynomial is refused, though the first two make the key', () => {
    const parties = record.parties.with(2, { ...record.parties[2]!, verifyingShare: group.generator })
    expect(() => decodeShareSetRecord(groupOf, encodeShareSetRecord(group, { ...record, parties }))).toThrow(refused)
    expect(() => validateKeyShare(group, { ...share, record: { ...record, parties } })).toThrow(refused)
  })

  test('a set in which every share is the key is refused', () => {
    const parties = record.parties.map((party) => ({ ...party, verifyingShare: record.publicKey }))
    const bytes = encodeShareSetRecord(group, { ...record, parties, threshold: 1 })
    expect(() => decodeShareSetRecord(groupOf, bytes)).toThrow(refused)
  })

  test('a failure that is none of the bytes keeps its own error', () => {
    const missing = new MpcError('WASM_UNAVAILABLE', 'no WebAssembly')
    const fails = () => {
      throw missing
    }
    expect(() => decodeShareSetRecord(fails, recordBytes)).toThrow(missing)
    expect(() => decodeKeyShare(fails, shareBytes)).toThrow(missing)
    expect(() => decodeKeyShare(groupOf, shareBytes.slice(1))).toThrow(
      expect.objectContaining({ cause: expect.any(CodecError) as Error }) as Error,
    )
  })

  test('a secret that was read is wiped, but for the one that is given out', () => {
    const read: Uint8Array[] = []
    const watching = {
      ...group,
      decodeScalar: (bytes: Uint8Array): Scalar => (read.push(bytes), group.decodeScalar(bytes)),
    }
    const decoded = decodeKeyShare(() => watching, shareBytes)
    expect(read).toEqual([new Uint8Array(32)])
    expect(decoded.secretShare).toEqual(share.secretShare)
  })

  test('a lowered threshold is refused', () => {
    const [{ record: strict }] = generate(group, 3, 3, seededRandom()) as [KeyShare]
    const lowered = encodeShareSetRecord(group, { ...strict, threshold: 2 })
    expect(() => decodeShareSetRecord(groupOf, lowered)).toThrow(refused)
  })

  // Attack 27: a share of one set beside the record of another.
  test('a share of another set is refused', () => {
    const other = reshare({ group, shares, participants: PAIR, threshold: 2, purpose: 'signing' }, seededRandom())
    expect(() => validateKeyShare(group, share)).not.toThrow()
    expect(() => validateKeyShare(group, { ...share, record: other[0]!.record })).toThrow(refused)
    expect(() => validateKeyShare(group, { ...other[0]!, record })).toThrow(refused)
    expect(() => validateKeyShare(group, { ...share, id: partyId(9) })).toThrow(refused)
  })

  test('findParty', () => {
    expect(findParty(record, partyId(2))).toBe(record.parties[1])
    expect(findParty(record, partyId(9))).toBeUndefined()
  })

  test('no bytes bring anything but the documented error', () => {
    const noisy = fc
      .tuple(fc.constantFrom(recordBytes, shareBytes), fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 200 }))
      .map(([bytes, at, value, length]) => bytes.with(at % bytes.length, value).slice(0, bytes.length - (length % 3)))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), noisy), (bytes) => {
        for (const decode of [decodeShareSetRecord, decodeKeyShare, decodeWalletShares, decodeWalletSetRecord]) {
          try {
            decode(groupOf, bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(MpcError)
            expect((error as MpcError).code).toBe('SHARE_PARSING_FAILED')
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe.each(backends)('the shares of a wallet on $name', ({ create }) => {
  const groupOf = (curve: Curve) => create(curve)
  const sets = CURVES.map((curve) => generate(create(curve), 2, 2, fixedRandom(`wallet ${curve}`)))
  const [secp256k1, ed25519] = sets as [KeyShare[], KeyShare[]]
  const own: WalletShares = combineShares([secp256k1[0]!, ed25519[0]!])
  const bytes = encodeWalletShares(groupOf, own)

  test('round-trip, with one name for all curves and both parties', () => {
    const decoded = decodeWalletShares(groupOf, bytes)
    expect(encodeWalletShares(groupOf, decoded)).toEqual(bytes)
    expect(decoded.setId).toEqual(own.setId)
    expect(combineShares([secp256k1[1]!, ed25519[1]!]).setId).toEqual(own.setId)
    const record: WalletSetRecord = combineRecords([secp256k1[0]!.record, ed25519[0]!.record])
    expect(record.setId).toEqual(own.setId)
    const setIds = record.records.map(({ setId }) => setId)
    expect(record.setId).toEqual(walletSetId(record.walletId, 'signing', setIds))
    expect(record.setId).not.toEqual(walletSetId(record.walletId, 'backup', setIds))
    const recordBytes = encodeWalletSetRecord(groupOf, record)
    expect(encodeWalletSetRecord(groupOf, decodeWalletSetRecord(groupOf, recordBytes))).toEqual(recordBytes)
  })

  test('the name is the hash of all that it names, under a tag of its own', () => {
    const prefixed = (...fields: Uint8Array[]) =>
      fields.flatMap((field) => [Uint8Array.of(0, 0, 0, field.length), field])
    const tag = sha256(utf8('reshare/v1/wallet/share/wallet-set'))
    const { walletId, setId } = secp256k1[0]!.record
    const named = concatBytes(
      tag,
      tag,
      ...prefixed(walletId, Uint8Array.of(0, 0, 0, 1)),
      Uint8Array.of(0, 0, 0, 2),
      ...prefixed(setId, ed25519[0]!.record.setId),
    )
    expect(own.setId).toEqual(sha256(named))
  })

  test('the name of encoded shares is read without decoding them', () => {
    expect(peekWalletSetId(bytes)).toEqual(own.setId)
    const backup = combineShares(
      [secp256k1[0]!, ed25519[0]!].map((share) => ({ ...share, record: { ...share.record, purpose: 'backup' } })),
    )
    expect(peekWalletSetId(encodeWalletShares(groupOf, backup))).toEqual(backup.setId)
    expect(() => peekWalletSetId(bytes.slice(0, -1))).toThrow(refused)
    expect(() => peekWalletSetId(bytes.slice(0, 60))).toThrow(refused)
  })

  test('the bytes of each share are wiped after it is read, or refused', () => {
    const wiped: string[] = []
    const fill = vi.spyOn(Uint8Array.prototype, 'fill').mockImplementation(function (
      this: Uint8Array,
      value,
      ...range
    ) {
      if (value === 0 && range.length === 0) wiped.push(this.join())
      for (let i = range[0] ?? 0; i < (range[1] ?? this.length); i++) this[i] = value
      return this
    })
    try {
      decodeWalletShares(groupOf, bytes)
      expect(() => decodeWalletShares(groupOf, bytes.slice(0, -1))).toThrow(refused)
    } finally {
      fill.mockRestore()
    }
    const first = encodeKeyShare(groupOf('secp256k1'), secp256k1[0]!).join()
    const second = encodeKeyShare(groupOf('ed25519'), ed25519[0]!).join()
    expect(wiped.filter((content) => content === first)).toHaveLength(2)
    expect(wiped.filter((content) => content === second)).toHaveLength(1)
  })

  test('one curve is a wallet, too, under another name', () => {
    const alone = combineShares([ed25519[0]!])
    expect(alone.setId).not.toEqual(own.setId)
    expect(decodeWalletShares(groupOf, encodeWalletShares(groupOf, alone)).shares).toHaveLength(1)
  })

  test.each([
    ['nothing', []],
    ['a curve twice', [secp256k1[0]!, secp256k1[0]!]],
    ['curves out of order', [ed25519[0]!, secp256k1[0]!]],
    ['different parties', [secp256k1[0]!, ed25519[1]!]],
    [
      'different wallets',
      [secp256k1[0]!, { ...ed25519[0]!, record: { ...ed25519[0]!.record, walletId: new Uint8Array(16) } }],
    ],
    ['different purposes', [secp256k1[0]!, { ...ed25519[0]!, record: { ...ed25519[0]!.record, purpose: 'backup' } }]],
  ] as [string, KeyShare[]][])('%s does not fit together', (_, shares) => {
    expect(() => combineShares(shares)).toThrow(refused)
  })

  test.each([
    ['another version', bytes.with(0, 9)],
    ['one share less than said', bytes.with(1, 3)],
    ['one share more than said', bytes.with(1, 1)],
    ['a missing byte', bytes.slice(0, -1)],
    ['a trailing byte', concatBytes(bytes, Uint8Array.of(0))],
    ['another secret', flip(bytes, 10)],
  ])('%s is refused', (_, changed) => {
    expect(() => decodeWalletShares(groupOf, changed)).toThrow(refused)
  })
})
