import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { toHex, utf8 } from '../../util/bytes.ts'
import { readMasterKeys, type MasterKeys } from '../../util/master-keys.ts'
import type { SealContext } from '../../util/seal.ts'

/** The names that a half has by each master key, the current one's first: a stored half has one of them. */
export type ShareNames = (share: Uint8Array) => readonly [Uint8Array, ...Uint8Array[]]

/**
 * A keyed hash names a half: a plain one would be a check value for guesses at it.
 *
 * @throws {TypeError | RangeError} for keys that are none
 */
export function createShareNames(masterKeys: MasterKeys): ShareNames {
  const nameKeys = readMasterKeys(masterKeys).map(({ key }) => hmac(sha256, key, utf8('reshare/v1/custodian/share-id')))
  return (share) => nameKeys.map((key) => hmac(sha256, key, share)) as [Uint8Array, ...Uint8Array[]]
}

/** Where a half of this name is sealed to. */
export function custodianShareContext(clientId: string, name: Uint8Array): SealContext {
  return { purpose: 'custodian share', clientId, row: toHex(name) }
}
