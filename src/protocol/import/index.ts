import type { KeyShare } from '../../key-share/types.ts'
import { createSession, restoreSession } from '../session/create-session.ts'
import type { Session } from '../session/session.ts'
import { checkImportOptions, checkImportTerms } from './config.ts'
import { ImportMachine } from './machine.ts'
import type { ImportOptions, ImportTerms } from './types.ts'

export type { ImportOptions, ImportTerms } from './types.ts'

/**
 * Creates one party's session of an import: one party, the dealer, has a whole key, and deals it into a t-of-n set in three
 * rounds. No other party can change the key, and the shares are random if one party's randomness is.
 *
 * Its rounds are those of `createKeygen`. The key was in one place, and the set is as safe as that place.
 *
 * @throws {TypeError | RangeError} as `createKeygen`; for a dealer that is not among the parties; a public key that is no
 *   point of the prime-order group; a chain code that is not 32 bytes; or a key that is missing at the dealer, present at
 *   another party, or not that of the public key
 */
export function createImport(options: ImportOptions): Session<KeyShare> {
  const machine = new ImportMachine(options.group, options.random, checkImportOptions(options))
  if (options.secret !== undefined) machine.deal(options.secret)
  return createSession(machine)
}

/**
 * Restores a session of {@link createImport} from its exported state.
 *
 * @param state the result of `export()`, which may include the key; the caller wipes it, and must not restore it a second
 *   time
 * @param terms the terms that the session was created with
 * @throws {TypeError | RangeError} as {@link createImport} for the terms
 * @throws {SHARE_PARSING_FAILED} if the state is not that of an import on these terms
 */
export function restoreImport(state: Uint8Array, terms: ImportTerms): Session<KeyShare> {
  const { group, random } = terms
  const config = checkImportTerms(terms)
  return restoreSession('import', state, (reader) => ImportMachine.decode(group, random, config, reader))
}
