import type { KeyShare } from '../../key-share/types.ts'
import { createSession, restoreSession } from '../session/create-session.ts'
import type { Session } from '../session/session.ts'
import { checkKeygenOptions } from './config.ts'
import { KeygenMachine } from './machine.ts'
import type { KeygenOptions } from './types.ts'

export type { KeygenOptions, NewParty } from './types.ts'

/**
 * Creates one party's session of a distributed key generation, t of n in three rounds. No party ever holds the whole key.
 *
 * The step that has `prepared` also has the messages of round 3. With two parties, the rounds take two requests:
 * client 1 → server 1+2 → client 2+3 → server 3.
 *
 * @throws {TypeError | RangeError} for a wallet id that is not 16 bytes, party ids that do not ascend within 1..255, a
 *   threshold outside 2..n, an unknown purpose or role, or a `self` that is not among the parties
 *
 * @example
 * const session = createKeygen({
 *   group: getGroup('ed25519'),
 *   walletId,
 *   purpose: 'signing',
 *   threshold: 2,
 *   parties: [
 *     { id: partyId(1), role: 'client' },
 *     { id: partyId(2), role: 'server' },
 *   ],
 *   self: partyId(1),
 *   random: (length) => crypto.getRandomValues(new Uint8Array(length)),
 * })
 * send(session.start().out)
 */
export function createKeygen(options: KeygenOptions): Session<KeyShare> {
  return createSession(new KeygenMachine(options.group, options.random, checkKeygenOptions(options)))
}

/**
 * Restores a session of {@link createKeygen} from its exported state.
 *
 * @param state the result of `export()`; the caller wipes it, and must not restore it a second time
 * @param options the options that the session was created with
 * @throws {TypeError | RangeError} as {@link createKeygen}
 * @throws {SHARE_PARSING_FAILED} if the state is not that of a key generation with these options
 */
export function restoreKeygen(state: Uint8Array, options: KeygenOptions): Session<KeyShare> {
  const { group, random } = options
  const config = checkKeygenOptions(options)
  return restoreSession('keygen', state, (reader) => KeygenMachine.decode(group, random, config, reader))
}
