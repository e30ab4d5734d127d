import type { KeyShare } from '../../key-share/types.ts'
import { createSession, restoreSession } from '../session/create-session.ts'
import type { Session } from '../session/session.ts'
import { checkKeygenOptions } from './config.ts'
import { KeygenMachine } from './machine.ts'
import type { KeygenOptions } from './types.ts'

export type { KeygenOptions, NewParty } from './types.ts'

/**
 * One party's side of a key generation: t of n, three rounds, a key that is never in one place.
 *
 * `prepared` comes with the messages of round 3; two parties need client 1 → server 1+2 → client 2+3 → server 3.
 *
 * @throws {TypeError | RangeError} for options that no session can be run with
 */
export function createKeygen(options: KeygenOptions): Session<KeyShare> {
  return createSession(new KeygenMachine(options.group, options.random, checkKeygenOptions(options)))
}

/**
 * Goes on with a key generation that was exported, with the options that it was created with.
 *
 * @param state what `export()` gave; it stays the caller's to wipe, and must not be restored a second time
 * @throws {TypeError | RangeError} for options that no session can be run with
 * @throws {SHARE_PARSING_FAILED} for anything but a state of a key generation with these options
 */
export function restoreKeygen(state: Uint8Array, options: KeygenOptions): Session<KeyShare> {
  const { group, random } = options
  const config = checkKeygenOptions(options)
  return restoreSession('keygen', state, (reader) => KeygenMachine.decode(group, random, config, reader))
}
