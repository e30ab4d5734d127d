import { MpcError } from '../errors.ts'
import type { Purpose } from '../types.ts'
import { abytes, equalBytes, wipe } from '../util/bytes.ts'
import { CodecError, Reader, Writer } from '../util/codec.ts'
import { taggedHash } from '../util/tagged-hash.ts'
import { tag } from '../util/tags.ts'
import { PURPOSE_CODES } from './codes.ts'
import { decodeKeyShare, encodeKeyShare, wipeKeyShare } from './key-share.ts'
import { parsing } from './parsing.ts'
import { curveOrder, decodeShareSetRecord, encodeShareSetRecord, type GroupOf } from './record.ts'
import type { KeyShare, ShareSetRecord, WalletSetRecord, WalletShares } from './types.ts'

const VERSION = 1
const ENTRY_MAX_LENGTH = 1 << 15

/**
 * The name of the share sets that belong together: `TH("wallet-set", walletId, purpose, setId of each curve …)`.
 *
 * @param walletId 16 bytes
 * @param setIds 32 bytes each, in the order of `CURVES`
 */
export function walletSetId(walletId: Uint8Array, purpose: Purpose, setIds: readonly Uint8Array[]): Uint8Array {
  return taggedHash(tag('wallet', 'share', 'wallet-set'), walletId, PURPOSE_CODES[purpose], setIds)
}

/**
 * Puts together the records of one wallet, one a curve in the order of `CURVES`.
 *
 * @throws {SHARE_PARSING_FAILED} if there are none, or their wallets, purposes or order do not fit
 */
export function combineRecords(records: readonly ShareSetRecord[]): WalletSetRecord {
  const [first, ...others] = records
  if (first === undefined) throw new MpcError('SHARE_PARSING_FAILED', 'a wallet holds a share of at least one set')
  const { walletId, purpose } = first
  let previous = first
  for (const record of others) {
    if (!equalBytes(record.walletId, walletId) || record.purpose !== purpose) {
      throw new MpcError('SHARE_PARSING_FAILED', 'the share sets belong to different wallets or purposes')
    }
    if (curveOrder(record.curve) <= curveOrder(previous.curve)) {
      throw new MpcError('SHARE_PARSING_FAILED', 'the share sets are not one a curve in order')
    }
    previous = record
  }
  const setId = walletSetId(
    walletId,
    purpose,
    records.map((record) => record.setId),
  )
  return { setId, walletId, purpose, records }
}

/**
 * Puts together one party's shares of one wallet, one a curve in the order of `CURVES`.
 *
 * @throws {SHARE_PARSING_FAILED} if there are none, or their wallets, purposes, parties or order do not fit
 */
export function combineShares(shares: readonly KeyShare[]): WalletShares {
  const { setId, walletId, purpose } = combineRecords(shares.map((share) => share.record))
  if (new Set(shares.map((share) => share.id)).size !== 1) {
    throw new MpcError('SHARE_PARSING_FAILED', 'the shares belong to different parties')
  }
  return { setId, walletId, purpose, shares }
}

/** Secret bytes: `version u8 | count u8 | count × (length u32 | key share)`. The caller wipes them. */
export function encodeWalletShares(groupOf: GroupOf, { shares }: WalletShares): Uint8Array {
  return encodeList(shares.map((share) => encodeKeyShare(groupOf(share.record.curve), share)))
}

/**
 * Reads and validates every share.
 *
 * @param bytes what {@link encodeWalletShares} gave; they stay the caller's to wipe
 * @throws {SHARE_PARSING_FAILED} for anything but exactly one party's shares of one wallet, each matching its record
 */
export function decodeWalletShares(groupOf: GroupOf, bytes: Uint8Array): WalletShares {
  const shares: KeyShare[] = []
  try {
    decodeList('wallet shares', bytes, (entry) => shares.push(decodeKeyShare(groupOf, entry)))
    return combineShares(shares)
  } catch (error) {
    shares.forEach(wipeKeyShare)
    throw error
  }
}

const SECRET_LENGTH = 32

/**
 * The id of the set that encoded shares say they are of, read without any arithmetic. Nothing but the layout is checked:
 * it tells which of many to decode.
 *
 * @throws {SHARE_PARSING_FAILED} if the bytes are not laid out as wallet shares
 */
export function peekWalletSetId(bytes: Uint8Array): Uint8Array {
  const setIds: Uint8Array[] = []
  let walletId = new Uint8Array()
  let purpose = 0
  decodeList('wallet shares', bytes, (entry) => {
    // Past version, party id, secret and the length of the record, and past the record's version and curve.
    const reader = new Reader(entry.subarray(2 + SECRET_LENGTH + 4 + 2))
    setIds.push(reader.bytes(32))
    walletId = new Uint8Array(reader.bytes(16))
    purpose = reader.u8()
  })
  return taggedHash(tag('wallet', 'share', 'wallet-set'), walletId, purpose, setIds)
}

/** `version u8 | count u8 | count × (length u32 | record)` */
export function encodeWalletSetRecord(groupOf: GroupOf, { records }: WalletSetRecord): Uint8Array {
  return encodeList(records.map((record) => encodeShareSetRecord(groupOf(record.curve), record)))
}

/**
 * Reads and validates every record.
 *
 * @throws {SHARE_PARSING_FAILED} for anything but exactly the records of one wallet
 */
export function decodeWalletSetRecord(groupOf: GroupOf, bytes: Uint8Array): WalletSetRecord {
  const records: ShareSetRecord[] = []
  decodeList('wallet set record', bytes, (entry) => records.push(decodeShareSetRecord(groupOf, entry)))
  return combineRecords(records)
}

function encodeList(entries: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer().u8(VERSION).u8(entries.length)
  for (const entry of entries) writer.prefixed(entry)
  wipe(...entries)
  return writer.finish()
}

function decodeList(what: string, bytes: Uint8Array, decode: (entry: Uint8Array) => void): void {
  abytes(bytes, undefined, what)
  parsing(what, () => {
    const reader = new Reader(bytes)
    const version = reader.u8()
    if (version !== VERSION) throw new CodecError(`version ${version} is not supported`)
    const count = reader.u8()
    for (let i = 0; i < count; i++) {
      const entry = reader.prefixed(ENTRY_MAX_LENGTH)
      try {
        decode(entry)
      } finally {
        wipe(entry)
      }
    }
    reader.end()
  })
}
