import { createSession, restoreSession } from '../session/create-session.ts'
import type { Session } from '../session/session.ts'
import { checkReshareOptions } from './config.ts'
import { ReshareMachine } from './machine.ts'
import type { ReshareOptions, ReshareResult, ReshareTerms } from './types.ts'

export type { ReshareOptions, ReshareParticipant, ReshareResult, ReshareTerms } from './types.ts'

/**
 * One participant's side of a reshare: dealers of an old set make a new, independent set of the same key.
 *
 * Receivers get `prepared` with their message of round 4. Two machines that both deal and receive need
 * client 1 → server 1+2 → client 2+3 → server 3+4 → client 4. It does not undo an earlier theft of a whole old set.
 *
 * @throws {TypeError | RangeError} for options that no session can be run with
 */
export function createReshare(options: ReshareOptions): Session<ReshareResult> {
  const machine = new ReshareMachine(options.group, options.random, checkReshareOptions(options))
  if (options.share !== undefined) machine.deal(options.share)
  return createSession(machine)
}

/**
 * Goes on with a reshare that was exported, on the terms that it was created with; the old set is in the state.
 *
 * @param state what `export()` gave; it stays the caller's to wipe, and must not be restored a second time
 * @throws {SHARE_PARSING_FAILED} for anything but a state of a reshare on these terms
 */
export function restoreReshare(state: Uint8Array, terms: ReshareTerms): Session<ReshareResult> {
  return restoreSession('reshare', state, (reader) => ReshareMachine.decode(terms, reader))
}
