import * as v from 'valibot'
import { INTENT_MAX_LENGTH, intentKind } from '../../wire/intent.ts'
import { parsePath } from '../../protocol/derive/index.ts'
import { getGroup } from '../../curve/index.ts'
import { hex, text } from '../../service/schemas.ts'
import type { Curve } from '../../types.ts'
import { fromHex, isHex } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import { LABEL } from '../../util/text.ts'
import { OPENING_PROOF_LENGTH } from '../../wire/opening-proof.ts'
import { INSTANT, isInstant, SCOPE } from '../../wire/set-limits.ts'
import type { ServerLimits } from '../context.ts'

export { authorization, backupMethod, curve, hex, receiver, setId } from '../../service/schemas.ts'

export const walletId = hex(16)

export const deviceId = v.pipe(hex(32), v.description("The X25519 public key that seals the device's requests."))

export const slowClient = v.optional(
  v.pipe(v.literal(true), v.description('The client computes slowly: the server does most of the ECDSA setup.')),
)

export const setupFields = {
  slowClient,
  withoutSetup: v.optional(v.pipe(v.literal(true), v.description('The set gets no ECDSA setup.'))),
}

/** The limits of a signing set that is to be made. */
export const limitFields = {
  scope: v.optional(
    v.pipe(v.string(), v.regex(SCOPE), v.description('A name that the policy gets with each request of the new set.')),
  ),
  expiresAt: v.optional(
    v.pipe(
      v.string(),
      v.regex(INSTANT),
      v.check((value) => isInstant(value)),
      v.description("When the new set ends, by the server's clock: RFC 3339, in UTC with milliseconds."),
    ),
  ),
}

/** A BIP 32 path of at most 255 steps with ten digits each, the longest that can be derived. */
export const path = v.pipe(
  v.string(),
  v.maxLength(1 + 11 * 255),
  v.regex(/^m(?:\/(?:0|[1-9][0-9]{0,9}))*$/),
  v.check(isPath),
  v.description("`m` for the wallet's own key; at most 255 steps, each below 2^31."),
)

/** The proof with which some operations begin. */
export const openingProof = v.pipe(
  hex(OPENING_PROOF_LENGTH),
  v.description('A proof that the client holds its share of the set: `docs/protocol.md`.'),
)

/** An imported key on a curve, or null. */
const importedKey = (curve: Curve) =>
  v.nullable(
    v.strictObject({
      publicKey: v.pipe(
        hex(getGroup(curve).pointLength),
        v.check((value) => isPublicKey(curve, value)),
        v.description(curve === 'secp256k1' ? 'SEC 1 compressed.' : 'RFC 8032.'),
      ),
      chainCode: v.pipe(v.nullable(hex(32)), v.description('Null: both sides draw it.')),
    }),
  )

/** The imported keys: at least one. */
export const importedKeys = () =>
  v.pipe(
    v.strictObject({ secp256k1: importedKey('secp256k1'), ed25519: importedKey('ed25519') }),
    v.check(({ secp256k1, ed25519 }) => secp256k1 !== null || ed25519 !== null),
    v.metadata({
      description: 'Null for a curve whose key is generated; at least one is not null.',
      not: { properties: { secp256k1: { type: 'null' }, ed25519: { type: 'null' } } },
    }),
  )

function isPublicKey(curve: Curve, value: string): boolean {
  const group = getGroup(curve)
  // A check also runs where the length before it is wrong.
  if (!isHex(value, group.pointLength)) return false
  try {
    group.decodePoint(fromHex(value))
    return true
  } catch (error) {
    if (isCodecError(error)) return false
    throw error
  }
}

export const label = ({ labelLength }: ServerLimits) =>
  v.pipe(
    text({ ...LABEL, most: labelLength }),
    v.description(
      'Lengths count UTF-16 code units. One line in normal form C, without control or invisible characters. ' +
        '`limits.labelLength` may say less or more.',
    ),
  )

/** A message to sign, in lower-case hex. */
export const message = ({ messageBytes }: ServerLimits) =>
  v.pipe(
    v.string(),
    v.maxLength(2 * messageBytes),
    v.regex(/^(?:[0-9a-f]{2})*$/),
    v.description('Lower-case hex; `limits.messageBytes` may say less or more.'),
  )

/** What a message is of, encoded, in lower-case hex. */
export const encodedIntent = v.pipe(
  v.string(),
  v.maxLength(2 * INTENT_MAX_LENGTH),
  v.regex(/^(?:[0-9a-f]{2})*$/),
  v.check((value) => intentKind(value) !== undefined),
  v.description('What the message is of: `docs/wire.md`.'),
)

/** {@link encodedIntent}, if the client says it. */
export const intent = v.optional(encodedIntent)

function isPath(value: string): boolean {
  try {
    parsePath(value)
    return true
  } catch {
    return false
  }
}
