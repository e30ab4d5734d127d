import type { PartyId } from '../../../types.ts'
import { abytes } from '../../../util/bytes.ts'
import { createSession, restoreSession } from '../../session/create-session.ts'
import type { Session } from '../../session/session.ts'
import type { Digest32 } from './digest.ts'
import { EcdsaMachine, type EcdsaResult } from './signing-machine.ts'
import { type EcdsaOptions, openSigning } from './signing-setup.ts'

/** Options of {@link createEcdsaSigning}. All but `share`, `otStates` and `random` must be the same for every signer. */
export interface EcdsaSigningOptions extends EcdsaOptions {
  /** The hash to sign, from {@link digest32} or {@link hashMessage}. Copied. */
  readonly digest: Digest32
  /**
   * A hash of what the digest is of, 32 bytes. Signers with different ones do not sign together. Default: none. Copied.
   */
  readonly intent?: Uint8Array | undefined
  /**
   * The one signer that learns the signature: the others send their shares to it only. Default: every signer sends its
   * share to all others, and all learn the signature.
   */
  readonly aggregator?: PartyId
}

/**
 * Creates one signer's session of a threshold ECDSA signature (DKLs23, eprint 2023/765). It has four rounds, or five with
 * more than two signers.
 *
 * With two parties and the client as aggregator, the rounds take two requests: client 1 → server 1+2 → client 2+3 → server
 * 3+4. Then the client has the verified signature. A signer that is not the aggregator is done once it has sent its share,
 * and its result has no signature.
 *
 * An error with `ban` has poisoned the OT state with the peer in `blame`. Store that state durably before you send any
 * response, and end every other session of the set. Run the OT checks of one set one at a time.
 *
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SET_MISMATCH} for an OT state of another set
 * @throws {OT_POISONED} for a poisoned OT state
 *
 * @example
 * const session = createEcdsaSigning({
 *   backend: getEcdsaBackend(),
 *   share,
 *   otStates: [otState],
 *   signers: [partyId(1), partyId(2)],
 *   aggregator: partyId(1),
 *   digest: hashMessage(message, 'sha256'),
 *   random: (length) => crypto.getRandomValues(new Uint8Array(length)),
 * })
 * send(session.start().out)
 */
export function createEcdsaSigning(options: EcdsaSigningOptions): Session<EcdsaResult> {
  return createSession(new EcdsaMachine(openEcdsaSigning(options)))
}

/**
 * Restores a session of {@link createEcdsaSigning} from its exported state.
 *
 * A state may be continued once only. If you store states, hand out each of them once (compare-and-set), and never restore
 * one from a backup of your database.
 *
 * @param state the result of `export()`; secret
 * @param options the options that the session was created with; the state does not contain them
 * @throws {TypeError | RangeError | SET_MISMATCH | OT_POISONED} as {@link createEcdsaSigning}
 * @throws {SHARE_PARSING_FAILED} if it is not the state of a session for these signers
 * @throws {PROTOCOL_ABORTED} SID if the options differ from those of the session, OT_DESYNC if an OT state has been
 *   replaced since
 */
export function restoreEcdsaSigning(state: Uint8Array, options: EcdsaSigningOptions): Session<EcdsaResult> {
  return restoreSession('ecdsa', state, (reader) => EcdsaMachine.decode(openEcdsaSigning(options), reader))
}

function openEcdsaSigning(options: EcdsaSigningOptions) {
  return openSigning(options, { kind: 'sign', ...signedBy(options) })
}

/** What is signed, copied. @throws {TypeError | RangeError} unless digest and intent are 32 bytes */
export function signedBy({ digest, intent, aggregator }: EcdsaSigningOptions) {
  return {
    digest: abytes(digest, 32, 'digest').slice() as Digest32,
    intent: intent === undefined ? undefined : abytes(intent, 32, 'intent').slice(),
    aggregator,
  }
}
