import { assertMethods, assertObject } from '../../../util/arguments.ts'
import { abytes } from '../../../util/bytes.ts'
import { createSession, restoreSession } from '../../session/create-session.ts'
import type { Session } from '../../session/session.ts'
import type { Digest32 } from './digest.ts'
import type { Preprocessed } from './preprocessed.ts'
import type { EcdsaSigningOptions } from './sign.ts'
import { EcdsaMachine, type EcdsaResult } from './signing-machine.ts'
import { type EcdsaOptions, openSigning } from './signing-setup.ts'

/** Options of {@link createPreprocessing}. */
export interface PreprocessingOptions extends Omit<EcdsaOptions, 'derivation'> {
  /** Which life of this signer's database it is, below 2^32; a preprocessing is refused in another one. */
  readonly epoch: number
}

/**
 * Everything of a threshold ECDSA signature that needs neither message nor key, as a session of three rounds: each
 * signer ends with its side of one preprocessing, bound to the set, the signers and their setups.
 *
 * Two parties: client 1 → server 1+2 → client 2+3 → server 3. What is drawn depends on the nonces of all. About errors and
 * states see `createEcdsaSigning`.
 *
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SET_MISMATCH | OT_POISONED} for oblivious-transfer states that must not be used
 */
export function createPreprocessing(options: PreprocessingOptions): Session<EcdsaResult> {
  return createSession(new EcdsaMachine(openPreprocessing(options)))
}

/**
 * Goes on with a preprocessing that was exported, with the options that it was created with.
 *
 * @throws {SHARE_PARSING_FAILED | PROTOCOL_ABORTED} as `restoreEcdsaSigning`
 */
export function restorePreprocessing(state: Uint8Array, options: PreprocessingOptions): Session<EcdsaResult> {
  return restoreSession('ecdsa', state, (reader) => EcdsaMachine.decode(openPreprocessing(options), reader))
}

function openPreprocessing(all: PreprocessingOptions) {
  const { epoch, ...options } = assertObject(all, 'preprocessing')
  return openSigning(options, { kind: 'preprocess', epoch: assertEpoch(epoch) })
}

/** @throws {RangeError} unless it is a whole number from 0 to 2^32 − 1 */
function assertEpoch(epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffffffff) {
    throw new RangeError(`epoch must be 0..2^32-1, got ${epoch}`)
  }
  return epoch
}

export interface CompletionOptions extends EcdsaSigningOptions {
  /** Used up by this call, whatever becomes of the session. */
  readonly preprocessed: Preprocessed
  /** Which life of this signer's database it is. */
  readonly epoch: number
}

/**
 * The rest of a threshold ECDSA signature, as a session of two rounds: any digest, by the key of the set at any path.
 *
 * Two parties, the client aggregating: client 1 → server 1+2, and then the client has the signature, verified. About errors
 * and states see `createEcdsaSigning`.
 *
 * @throws {TypeError | RangeError} for options that do not fit together, or a preprocessing that was used, is of other
 *   signers, or of an earlier life of the database
 * @throws {SET_MISMATCH | OT_POISONED} for oblivious-transfer states or a preprocessing that must not be used
 * @throws {PROTOCOL_ABORTED} OT_DESYNC, if an oblivious-transfer state has been replaced since
 */
export function createCompletion(options: CompletionOptions): Session<EcdsaResult> {
  const { preprocessed, epoch, share, signers, pairs } = assertObject(options, 'createCompletion')
  assertMethods(preprocessed, ['take'], 'preprocessed')
  const setup = openCompletion(options, preprocessed.id)
  try {
    const conditions = { setId: share.record.setId, signers, pairs, epoch }
    return createSession(new EcdsaMachine(setup, preprocessed.take(conditions)))
  } catch (error) {
    setup.share.secretShare.fill(0)
    throw error
  }
}

/**
 * Goes on with a completion that was exported.
 *
 * @param id of the preprocessing that it uses
 * @throws {SHARE_PARSING_FAILED | PROTOCOL_ABORTED} as `restoreEcdsaSigning`
 */
export function restoreCompletion(
  state: Uint8Array,
  options: EcdsaSigningOptions,
  id: Uint8Array,
): Session<EcdsaResult> {
  return restoreSession('ecdsa', state, (reader) => EcdsaMachine.decode(openCompletion(options, id), reader))
}

function openCompletion(options: EcdsaSigningOptions, id: Uint8Array) {
  const digest = abytes(assertObject(options, 'completion').digest, 32, 'digest').slice() as Digest32
  return openSigning(options, {
    kind: 'complete',
    digest,
    aggregator: options.aggregator,
    id: abytes(id, 32, 'id').slice(),
  })
}
