import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import type { SignBip340Request, SignEcdsaRequest } from '../../../src/wire/operations.ts'
import { keyAtPath, requestDigest } from '../../../src/wire/signing.ts'
import { getGroup } from '../../../src/curve/index.ts'
import type { Point } from '../../../src/curve/group.ts'
import { taprootOutputKey } from '../../../src/protocol/derive/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { KeyShare, WalletShares } from '../../../src/key-share/index.ts'
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
export function nobleTakes(
  { request, signature }: Pick<ClientOperation, 'request' | 'signature'>,
  signing: WalletShares,
): boolean {
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

/**
 * By their length, the messages in which a client cheats against the server's secrets, and where it is sure to notice: Q, t of
 * an extension (with its nonce; without it in a preprocessing), and γ_k of an opening.
 */
const CHEATS: Readonly<Record<number, number>> = { 73_792: 31, 16_432: 14_384, 16_400: 14_352, 130: 31 }

/** Spoils a message that is of one of these lengths. */
export function spoil(
  { sessionIndex, envelope }: SessionMessage,
  lengths: readonly number[] = [73_792, 16_432],
): SessionMessage {
  const { body, ...rest } = decodeEnvelope(envelope)
  const at = lengths.includes(body.length) ? CHEATS[body.length] : undefined
  return at === undefined
    ? { sessionIndex, envelope }
    : { sessionIndex, envelope: encodeEnvelope({ ...rest, body: flip(body, at) }) }
}

/** Spoils the next request, in its message of one of these lengths. */
export function cheat(operation: ClientOperation, lengths?: readonly number[]): void {
  const { header, messages } = decodeRoundBody(operation.body!)
  const changed = messages.map((message) => spoil(message, lengths))
  const cheated = changed.filter(({ envelope }, i) => envelope !== messages[i]!.envelope)
  if (cheated.length !== 1) throw new Error('this request carries no multiplication')
  operation.body = encodeRoundBody({ header: header as object, messages: changed })
}

/** Spoils the next request of a batch, in the messages of one item. */
export function cheatAt(operation: ClientOperation, item: number, lengths?: readonly number[]): void {
  const { header, messages } = decodeRoundBody(operation.body!)
  const changed = messages.map((message) => (message.sessionIndex === item ? spoil(message, lengths) : message))
  if (changed.every(({ envelope }, i) => envelope === messages[i]!.envelope)) throw new Error('nothing to spoil')
  operation.body = encodeRoundBody({ header: header as object, messages: changed })
}

/** What the answer to a cheat says: that the operation is over, and nothing else. */
export const ABORTED = {
  error: {
    id: 'PROTOCOL_ABORTED',
    message: 'the operation was aborted: a check of the protocol failed',
    retryable: false,
  },
}
