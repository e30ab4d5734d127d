import { hmacSha256 } from '../../symmetric/hmac.ts'
import { toHex, utf8 } from '../../util/bytes.ts'
import { readMasterKeys, type MasterKeys } from '../../util/master-keys.ts'
import type { SealContext } from '../../util/seal.ts'

/** The names of a share under each master key, the current one's first. A stored share has one of them. */
export type ShareNames = (share: Uint8Array) => readonly [Uint8Array, ...Uint8Array[]]

/**
 * A share's name is a keyed hash of it: with a plain hash, guesses of the share could be verified.
 *
 * @throws {TypeError | RangeError} for invalid keys
 */
export function createShareNames(masterKeys: MasterKeys): ShareNames {
  const nameKeys = readMasterKeys(masterKeys).map(({ key }) => hmacSha256(key, utf8('reshare/v1/custodian/share-id')))
  return (share) => nameKeys.map((key) => hmacSha256(key, share)) as [Uint8Array, ...Uint8Array[]]
}

/** The seal context of the share with this name. */
export function custodianShareContext(clientId: string, name: Uint8Array): SealContext {
  return { purpose: 'custodian share', clientId, row: toHex(name) }
}
