import { hpkeOpen, HPKE_OVERHEAD, hpkeSeal, type HpkePurpose, validatePublicKey } from '../../hpke/base.ts'
import { type HpkeKeyPair, X25519_LENGTH } from '../../hpke/x25519.ts'
import type { Scalar } from '../../curve/group.ts'
import { utf8, wipe } from '../../util/bytes.ts'
import { Reader, Writer } from '../../util/codec.ts'
import { readMessage } from '../session/abort.ts'
import { type CommitmentMessage, readCommitmentMessage } from '../dealing/commitment.ts'
import { readSecret, SCALAR_LENGTH } from '../dealing/dealing.ts'
import type { IdentifiedEnvironment } from '../dealing/environment.ts'
import { tag } from '../transcript/tags.ts'

/** Length in bytes of the key that a receiver adds to its message of round 1. */
export const SEAL_KEY_LENGTH = X25519_LENGTH

/** Length in bytes of a share of the dealer's, sealed. */
export const SEALED_SHARE_LENGTH = SCALAR_LENGTH + HPKE_OVERHEAD

/** A message of round 1 from a party that does not have the key. */
export interface ReceiverMessage extends CommitmentMessage {
  /** The X25519 key that the dealer seals its share to, 32 bytes. */
  readonly sealKey: Uint8Array
}

/** @throws {CodecError} if the message is too short, or nothing can be sealed to its key */
export function readReceiverMessage(reader: Reader): ReceiverMessage {
  const message = { ...readCommitmentMessage(reader), sealKey: reader.bytes(SEAL_KEY_LENGTH) }
  validatePublicKey(message.sealKey)
  return message
}

/** Seals the share of participant `to`. @returns `encapsulated key[32] | f(id)[32] in ChaCha20-Poly1305 | tag[16]` */
export function sealShare(
  environment: IdentifiedEnvironment,
  to: number,
  sealKey: Uint8Array,
  share: Scalar,
): Uint8Array {
  return hpkeSeal(sealKey, purpose(environment, environment.self, to), share, environment.random)
}

/**
 * Opens what participant `from` has sealed to this one.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT if it does not open, or is no canonical scalar
 */
export function openShare(
  environment: IdentifiedEnvironment,
  from: number,
  keyPair: HpkeKeyPair,
  sealed: Uint8Array,
): Scalar {
  return readMessage(sealed, 2, from, (reader) => {
    const bytes = hpkeOpen(keyPair, purpose(environment, from, environment.self), reader.bytes(SEALED_SHARE_LENGTH))
    try {
      return readSecret(environment.group, new Reader(bytes))
    } finally {
      wipe(bytes)
    }
  })
}

function purpose({ group, sid }: IdentifiedEnvironment, from: number, to: number): HpkePurpose {
  const aad = new Writer().bytes(sid).u8(from).u8(to).finish()
  return { info: utf8(tag(group.curve, 'import', 'seal')), aad }
}
