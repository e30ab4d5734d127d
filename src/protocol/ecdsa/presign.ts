import { createSession, restoreSession } from '../create-session.ts'
import type { Session } from '../session.ts'
import { EcdsaMachine, type EcdsaResult } from './signing-machine.ts'
import { type EcdsaOptions, setUpSigning } from './signing-setup.ts'

export interface PresigningOptions extends EcdsaOptions {
  /** Which life of this signer's database it is, below 2^32; a presignature is refused in another one. */
  readonly incarnation: number
}

/**
 * Everything of a threshold ECDSA signature that needs no message, as a session of three rounds: each signer ends with
 * its part of one presignature, bound to the set and the key.
 *
 * Two parties: client 1 → server 1+2 → client 2+3 → server 3. About errors and states see `createEcdsaSigning`.
 *
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SET_MISMATCH | OT_POISONED} for oblivious-transfer states that must not be used
 */
export function createPresigning(options: PresigningOptions): Session<EcdsaResult> {
  return createSession(new EcdsaMachine(setUp(options)))
}

/**
 * Goes on with a presignature that was exported, with the options that it was created with.
 *
 * @throws {SHARE_PARSING_FAILED} for anything but a state of such a session
 * @throws {PROTOCOL_ABORTED} OT_DESYNC, if an oblivious-transfer state has been replaced since
 */
export function restorePresigning(state: Uint8Array, options: PresigningOptions): Session<EcdsaResult> {
  return restoreSession('ecdsa', state, (reader) => EcdsaMachine.decode(setUp(options), reader))
}

function setUp(options: PresigningOptions) {
  return setUpSigning(options, { kind: 'presign', incarnation: assertIncarnation(options.incarnation) })
}

/** @throws {RangeError} unless it is a whole number from 0 to 2^32 − 1 */
export function assertIncarnation(incarnation: number): number {
  if (!Number.isInteger(incarnation) || incarnation < 0 || incarnation > 0xffffffff) {
    throw new RangeError(`incarnation must be 0..2^32-1, got ${incarnation}`)
  }
  return incarnation
}
