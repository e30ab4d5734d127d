import { equalBytes, fromUtf8 } from '../../util/bytes.ts'
import { isOffchainMessage } from './off-chain.ts'

/** This bit is set in the first byte of a versioned message. The other bits are the version. */
const VERSION_FLAG = 0x80

/** Offset of the accounts in a message of version 1: after version, header, mask, lifetime, and two counts. */
const ACCOUNTS_OF_VERSION_1 = 42

/**
 * Whether these bytes are the message of a transaction with this key among its signers. Nothing after the signers is read,
 * so bytes that are wrong, missing or left over after them do not matter.
 */
export function isSignedBy(publicKey: Uint8Array, bytes: Uint8Array): boolean {
  const accounts = startOfAccounts(bytes)
  if (accounts === undefined) return false
  const signers = bytes[(bytes[0] ?? 0) < VERSION_FLAG ? 0 : 1] ?? 0
  return Array.from({ length: signers }, (_, index) => accounts + 32 * index).some((start) =>
    equalBytes(bytes.subarray(start, start + 32), publicKey),
  )
}

/** Offset of the accounts in a message of a known version: legacy, 0 or 1. Undefined for other versions. */
function startOfAccounts(bytes: Uint8Array): number | undefined {
  const [first = 0] = bytes
  if (first === VERSION_FLAG + 1) return ACCOUNTS_OF_VERSION_1
  if (first > VERSION_FLAG) return undefined
  // After the header of three bytes comes the number of accounts, in one to three bytes. All but the last have the top bit set.
  const count = first === VERSION_FLAG ? 4 : 3
  const length = [0, 1].filter((index) => (bytes[count + index] ?? 0) >= 0x80)
  return count + (length.includes(0) ? (length.includes(1) ? 3 : 2) : 1)
}

/**
 * Whether these bytes could be a transaction of version 1 or later. Two kinds of messages also have the version's bit, and
 * are not transactions: UTF-8 text whose first character is not ASCII, and off-chain messages with their prefix.
 */
export function hasOtherVersion(bytes: Uint8Array): boolean {
  const [first = 0] = bytes
  if (first <= VERSION_FLAG || isOffchainMessage(bytes)) return false
  try {
    fromUtf8(bytes)
    return false
  } catch {
    return true
  }
}
