import { assertMethods, assertObject } from '../../../util/arguments.ts'
import { abytes } from '../../../util/bytes.ts'
import { createSession, restoreSession } from '../../session/create-session.ts'
import type { Session } from '../../session/session.ts'
import type { Preprocessed } from './preprocessed.ts'
import { signedBy, type EcdsaSigningOptions } from './sign.ts'
import { EcdsaMachine, type EcdsaResult } from './signing-machine.ts'
import { type EcdsaOptions, openSigning } from './signing-setup.ts'

/** Options of {@link createPreprocessing}. */
export interface PreprocessingOptions extends Omit<EcdsaOptions, 'derivation'> {
  /**
   * The epoch of this signer's database, below 2^32. Raise it whenever the database is restored from a backup: a
   * preprocessing of another epoch is refused.
   */
  readonly epoch: number
}

/**
 * Creates one signer's session of the part of a threshold ECDSA signature that needs neither the message nor the key. It
 * has three rounds. Each signer ends with its side of one preprocessing, which is bound to the set, the signers and their
 * setups.
 *
 * With two parties, the rounds take two requests: client 1 → server 1+2 → client 2+3 → server 3.
 *
 * See {@link createEcdsaSigning} for errors with `ban`, and {@link restoreEcdsaSigning} for exported states.
 *
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SET_MISMATCH} for an OT state of another set
 * @throws {OT_POISONED} for a poisoned OT state
 */
export function createPreprocessing(options: PreprocessingOptions): Session<EcdsaResult> {
  return createSession(new EcdsaMachine(openPreprocessing(options)))
}

/**
 * Restores a session of {@link createPreprocessing} from its exported state, with the options that it was created with.
 *
 * @throws {SHARE_PARSING_FAILED | PROTOCOL_ABORTED} as {@link restoreEcdsaSigning}
 */
export function restorePreprocessing(state: Uint8Array, options: PreprocessingOptions): Session<EcdsaResult> {
  return restoreSession('ecdsa', state, (reader) => EcdsaMachine.decode(openPreprocessing(options), reader))
}

function openPreprocessing(all: PreprocessingOptions) {
  const { epoch, ...options } = assertObject(all, 'preprocessing')
  return openSigning(options, { kind: 'preprocess', epoch: assertEpoch(epoch) })
}

/** @throws {RangeError} unless it is an integer from 0 to 2^32 − 1 */
function assertEpoch(epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffffffff) {
    throw new RangeError(`epoch must be 0..2^32-1, got ${epoch}`)
  }
  return epoch
}

/** Options of {@link createCompletion}. */
export interface CompletionOptions extends EcdsaSigningOptions {
  /** This signer's preprocessing. The call uses it up, even if the session fails. */
  readonly preprocessed: Preprocessed
  /** The epoch of this signer's database, below 2^32. It must be that of the preprocessing. */
  readonly epoch: number
}

/**
 * Creates one signer's session of the rest of a threshold ECDSA signature, after {@link createPreprocessing}. It signs any
 * digest with the key of the set at any path. It has two rounds, or three with more than two signers.
 *
 * With two parties and the client as aggregator, one request suffices: client 1 → server 1+2. Then the client has the
 * verified signature.
 *
 * See {@link createEcdsaSigning} for errors with `ban`, and {@link restoreEcdsaSigning} for exported states.
 *
 * @throws {TypeError | RangeError} for options that do not fit together, or a preprocessing that was used before, is of
 *   other signers, or was made in another epoch
 * @throws {SET_MISMATCH} for an OT state or a preprocessing of another set
 * @throws {OT_POISONED} for a poisoned OT state
 * @throws {PROTOCOL_ABORTED} OT_DESYNC if an OT state has been replaced since the preprocessing
 */
export function createCompletion(options: CompletionOptions): Session<EcdsaResult> {
  const { preprocessed, epoch, share, signers, otStates } = assertObject(options, 'createCompletion')
  assertMethods(preprocessed, ['take'], 'preprocessed')
  const setup = openCompletion(options, preprocessed.id)
  try {
    const conditions = { setId: share.record.setId, signers, otStates, epoch }
    return createSession(new EcdsaMachine(setup, preprocessed.take(conditions)))
  } catch (error) {
    setup.share.secretShare.fill(0)
    throw error
  }
}

/**
 * Restores a session of {@link createCompletion} from its exported state.
 *
 * @param id the `id` of the preprocessing that it uses, 32 bytes
 * @throws {SHARE_PARSING_FAILED | PROTOCOL_ABORTED} as {@link restoreEcdsaSigning}
 */
export function restoreCompletion(
  state: Uint8Array,
  options: EcdsaSigningOptions,
  id: Uint8Array,
): Session<EcdsaResult> {
  return restoreSession('ecdsa', state, (reader) => EcdsaMachine.decode(openCompletion(options, id), reader))
}

function openCompletion(options: EcdsaSigningOptions, id: Uint8Array) {
  const signed = signedBy(assertObject(options, 'completion'))
  return openSigning(options, { kind: 'complete', ...signed, id: abytes(id, 32, 'id').slice() })
}
