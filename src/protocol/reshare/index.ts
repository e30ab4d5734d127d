import { createSession, restoreSession } from '../session/create-session.ts'
import type { Session } from '../session/session.ts'
import { checkReshareOptions } from './config.ts'
import { ReshareMachine } from './machine.ts'
import type { ReshareOptions, ReshareResult, ReshareTerms } from './types.ts'

export type { ReshareOptions, ReshareParticipant, ReshareResult, ReshareTerms } from './types.ts'

/**
 * Creates one participant's session of a reshare: dealers of an old set make a new, independent set of the same key.
 *
 * The step of a receiver that has `prepared` also has its message of round 4. With two machines that both deal and
 * receive, the rounds take three requests: client 1 → server 1+2 → client 2+3 → server 3+4 → client 4.
 *
 * A reshare does not help against a thief who already holds `threshold` shares of an old set.
 *
 * @throws {TypeError | RangeError} for a record of another curve, dealers or receivers that do not fit the two sets, a
 *   threshold outside 2..n', a `self` that is not among the participants, or a share that `self` does not deal
 */
export function createReshare(options: ReshareOptions): Session<ReshareResult> {
  const machine = new ReshareMachine(options.group, options.random, checkReshareOptions(options))
  if (options.share !== undefined) machine.deal(options.share)
  return createSession(machine)
}

/**
 * Restores a session of {@link createReshare} from its exported state.
 *
 * @param state the result of `export()`, which includes the old set; the caller wipes it, and must not restore it a second
 *   time
 * @param terms the terms that the session was created with
 * @throws {SHARE_PARSING_FAILED} if the state is not that of a reshare on these terms
 */
export function restoreReshare(state: Uint8Array, terms: ReshareTerms): Session<ReshareResult> {
  return restoreSession('reshare', state, (reader) => ReshareMachine.decode(terms, reader))
}
