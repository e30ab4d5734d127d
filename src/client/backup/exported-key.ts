import { exportTerms } from '../../wire/export.ts'
import type { OperationId } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import { generateReceiver, proveExport, receiveShare, recombineKey } from '../../protocol/export/index.ts'
import type { KeyShare } from '../../key-share/types.ts'
import type { Curve } from '../../types.ts'
import { fromHex, toHex, wipe } from '../../util/bytes.ts'
import type { Client } from '../types.ts'

const CHALLENGE_LENGTH = 32

/** A private key in one place: whoever has these bytes can sign without anybody else, for ever. */
export type ExportedKey = ExportedSecp256k1Key | ExportedEd25519Scalar

/** What Ethereum and Bitcoin wallets import. */
export interface ExportedSecp256k1Key {
  readonly format: 'secp256k1-private-key'
  /** x, 32 bytes big-endian, 1 ≤ x < n. Secret: the caller wipes it. */
  readonly privateKey: Uint8Array
  /** x·G, 33 bytes, SEC 1 compressed */
  readonly publicKey: Uint8Array
}

/**
 * The secret scalar of an ed25519 key, and not the seed that RFC 8032 hashes it from: a key that was made in shares has no
 * seed. Wallets that import a seed cannot import it; whatever signs with it makes its nonces from something else.
 */
export interface ExportedEd25519Scalar {
  readonly format: 'ed25519-scalar'
  /** x, 32 bytes little-endian, 1 ≤ x < q, not clamped. Secret: the caller wipes it. */
  readonly privateKey: Uint8Array
  /** x·B, 32 bytes, RFC 8032 */
  readonly publicKey: Uint8Array
}

/** How the other party is asked: for a challenge, and then, with a proof, for its share. */
export interface ShareHolder {
  /** @param receiver in lower-case hex */
  challenge(receiver: string): Promise<Uint8Array>
  /** @returns the sealed share */
  share(proof: Uint8Array): Promise<Uint8Array>
}

/**
 * Gets the other party's share and puts the key together: each Y_i = s_i·G and x·G = pk are checked, and all but x is wiped.
 *
 * @param own this machine's share; it stays the caller's to wipe
 * @throws {PROTOCOL_ABORTED} if what the other party sends does not open or does not fit
 */
export async function collectKey(
  client: Client,
  own: KeyShare,
  operationId: OperationId,
  holder: ShareHolder,
): Promise<ExportedKey> {
  const { record } = own
  const group = client.group(record.curve)
  const { random } = client
  const keyPair = generateReceiver({ share: own, operation: fromHex(operationId), random })
  let received: Uint8Array | undefined
  try {
    const terms = exportTerms(group, record, operationId, keyPair.publicKey)
    const challenge = requireChallenge(await holder.challenge(toHex(keyPair.publicKey)))
    const sealed = await holder.share(proveExport(terms, { share: own, challenge, random }))
    const share = receiveShare(terms, keyPair, sealed)
    received = share.value
    const privateKey = recombineKey(group, record, [{ id: own.id, value: own.secretShare }, share])
    return { format: FORMATS[record.curve], privateKey, publicKey: group.encodePoint(record.publicKey) }
  } finally {
    wipe(keyPair.secretKey, received)
  }
}

const FORMATS: Readonly<Record<Curve, ExportedKey['format']>> = {
  secp256k1: 'secp256k1-private-key',
  ed25519: 'ed25519-scalar',
}

function requireChallenge(challenge: Uint8Array): Uint8Array {
  if (challenge.length === CHALLENGE_LENGTH) return challenge
  throw new MpcError('PROTOCOL_ABORTED', `the other party sent no challenge of ${CHALLENGE_LENGTH} bytes`)
}
