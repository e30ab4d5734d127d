import { equalBytes, fromUtf8, utf8 } from '../../util/bytes.ts'

/** Versioned messages have this bit in their first byte, and their version in the others. */
const VERSION_FLAG = 0x80

/** Where the accounts of a message of version 1 begin: behind version, header, mask, lifetime, and two counts. */
const ACCOUNTS_OF_VERSION_1 = 42

/** 0xff, which is kept from transactions for this, and the name of the domain. */
const OFF_CHAIN_PREFIX = Uint8Array.of(0xff, ...utf8('solana offchain'))

/**
 * Whether these bytes, as the message of a transaction, name this key among its signers. No more of them is read, so that
 * what is wrong or missing behind, or too much, does not matter.
 */
export function isSignedBy(publicKey: Uint8Array, bytes: Uint8Array): boolean {
  const accounts = startOfAccounts(bytes)
  if (accounts === undefined) return false
  const signers = bytes[(bytes[0] ?? 0) < VERSION_FLAG ? 0 : 1] ?? 0
  return Array.from({ length: signers }, (_, index) => accounts + 32 * index).some((start) =>
    equalBytes(bytes.subarray(start, start + 32), publicKey),
  )
}

/** Of the versions that there are: legacy, 0 and 1. */
function startOfAccounts(bytes: Uint8Array): number | undefined {
  const [first = 0] = bytes
  if (first === VERSION_FLAG + 1) return ACCOUNTS_OF_VERSION_1
  if (first > VERSION_FLAG) return undefined
  // Behind the header of three bytes, the number of accounts in one to three: all but the last have their highest bit.
  const count = first === VERSION_FLAG ? 4 : 3
  const length = [0, 1].filter((index) => (bytes[count + index] ?? 0) >= 0x80)
  return count + (length.includes(0) ? (length.includes(1) ? 3 : 2) : 1)
}

/**
 * Whether these bytes could be a transaction of version 1 or a later one. Text whose first character is not ASCII has the
 * bit of a version too, but no transaction is text; and off-chain messages begin with bytes that no transaction has.
 */
export function hasOtherVersion(bytes: Uint8Array): boolean {
  const [first = 0] = bytes
  if (first <= VERSION_FLAG || equalBytes(bytes.subarray(0, OFF_CHAIN_PREFIX.length), OFF_CHAIN_PREFIX)) return false
  try {
    fromUtf8(bytes)
    return false
  } catch {
    return true
  }
}
