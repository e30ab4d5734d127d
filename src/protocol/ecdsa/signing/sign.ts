import type { PartyId } from '../../../types.ts'
import { abytes } from '../../../util/bytes.ts'
import { createSession, restoreSession } from '../../session/create-session.ts'
import type { Session } from '../../session/session.ts'
import type { Digest32 } from './digest.ts'
import { EcdsaMachine, type EcdsaResult } from './signing-machine.ts'
import { type EcdsaOptions, openSigning } from './signing-setup.ts'

export interface EcdsaSigningOptions extends EcdsaOptions {
  readonly digest: Digest32
  /** The one signer that learns the signature, from shares sent to it alone. Without one, all send theirs to all. */
  readonly aggregator?: PartyId
}

/**
 * A threshold ECDSA signature (DKLs23, eprint 2023/765) as a session of four rounds.
 *
 * Two parties, the client aggregating: client 1 → server 1+2 → client 2+3 → server 3+4, and then the client has the
 * signature, verified. A signer that is not the aggregator is done once its share is out, without a signature.
 *
 * An error with `ban` has poisoned the state with the peer in `blame`: the caller stores that state, durably, before it
 * answers anything, and ends every other session of the set. Oblivious-transfer checks of one set run one at a time.
 *
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SET_MISMATCH | OT_POISONED} for oblivious-transfer states that must not be used
 */
export function createEcdsaSigning(options: EcdsaSigningOptions): Session<EcdsaResult> {
  return createSession(new EcdsaMachine(openEcdsaSigning(options)))
}

/**
 * Goes on with a signature that was exported, with the options that it was created with: the state holds nothing of them.
 *
 * A state is good for one continuation: who keeps one hands it out once (compare-and-set) and never restores it from a
 * copy of the database.
 *
 * @throws {SHARE_PARSING_FAILED} for anything but a state of such a session
 * @throws {PROTOCOL_ABORTED} OT_DESYNC, if an oblivious-transfer state has been replaced since
 */
export function restoreEcdsaSigning(state: Uint8Array, options: EcdsaSigningOptions): Session<EcdsaResult> {
  return restoreSession('ecdsa', state, (reader) => EcdsaMachine.decode(openEcdsaSigning(options), reader))
}

function openEcdsaSigning(options: EcdsaSigningOptions) {
  const digest = abytes(options.digest, 32, 'digest').slice() as Digest32
  return openSigning(options, { kind: 'sign', digest, aggregator: options.aggregator })
}
