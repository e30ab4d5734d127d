import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { decodeFlight, encodeFlight } from '../../../src/api/flight.ts'
import type { SignBip340Request, SignEcdsaRequest } from '../../../src/api/operations.ts'
import { keyAtPath, requestDigest } from '../../../src/api/signing.ts'
import { getGroup } from '../../../src/curve/index.ts'
import type { Point } from '../../../src/curve/group.ts'
import { taprootOutputKey } from '../../../src/protocol/derive/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/protocol/envelope.ts'
import type { KeyShare, WalletShares } from '../../../src/share/index.ts'
import { fromHex } from '../../../src/util/bytes.ts'
import { flip } from '../../support/simulator.ts'
import type { ClientOperation } from '../../support/server-client.ts'

const group = getGroup('secp256k1')

/** The key at a path below a set's own. */
export function keyOf(signing: WalletShares, path: string): Point {
  const { record } = signing.shares.find((share) => share.record.curve === 'secp256k1') as KeyShare
  const derived = keyAtPath(group, record, path)
  return derived ? group.addPoints(record.publicKey, group.multiplyBase(derived.tweak)) : record.publicKey
}

/** Whether noble takes what an operation has signed, with a low s, for the key that its request names. */
export function nobleTakes({ request, signature }: ClientOperation, signing: WalletShares): boolean {
  const { path, ...rest } = request as SignEcdsaRequest | SignBip340Request
  const key = keyOf(signing, path)
  if (rest.scheme === 'ecdsa') {
    const options = { prehash: false, lowS: true }
    return secp256k1.verify(signature!, requestDigest({ ...rest }), group.encodePoint(key), options)
  }
  const { tapTweak, message } = rest
  const root = tapTweak ? fromHex(tapTweak) : undefined
  const xOnly = tapTweak === null ? group.encodePoint(key).slice(1) : taprootOutputKey(group, key, root).xOnly
  return schnorr.verify(signature!, fromHex(message), xOnly)
}

/** u ‖ x ‖ t: the message of round 2 in which a client cheats against the server's secret. */
const VOLE1_BYTES = 10_768
const FIRST_T = 8720

/** Spoils the next request in one column of the extension, which the server is sure to notice. */
export function cheat(operation: ClientOperation): void {
  const { header, parcels } = decodeFlight(operation.body!)
  let cheated = 0
  const changed = parcels.map(({ slot, envelope }) => {
    const { body, ...rest } = decodeEnvelope(envelope)
    if (body.length !== VOLE1_BYTES) return { slot, envelope }
    cheated += 1
    return { slot, envelope: encodeEnvelope({ ...rest, body: flip(body, FIRST_T) }) }
  })
  if (cheated !== 1) throw new Error('this request carries no extension')
  operation.body = encodeFlight({ header: header as object, parcels: changed })
}

/** What the answer to a cheat says: that the operation is over, and nothing else. */
export const ABORTED = {
  error: {
    id: 'PROTOCOL_ABORTED',
    message: 'the operation was aborted: a check of the protocol failed',
    retryable: false,
  },
}
