import type { Group } from '../../curve/group.ts'
import { findParty } from '../../key-share/index.ts'
import type { KeyShare } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { assertObject } from '../../util/arguments.ts'
import { abytes } from '../../util/bytes.ts'
import type { RandomSource } from '../../util/random.ts'
import { createSession, restoreSession } from '../session/create-session.ts'
import type { Session } from '../session/session.ts'
import { type Suite, SUITES } from '../transcript/tags.ts'
import { SigningMachine, type SigningResult, type SigningSetup } from './machine.ts'
import { frostSuite } from './suites.ts'

export type { SigningResult } from './machine.ts'

/** The longest message that a FROST session signs: 2^19 bytes. Sign the hash of a longer one. */
export const MESSAGE_MAX_LENGTH = 1 << 19

/** Options of {@link createSigning}. All but `share` and `random` must be the same for every signer. */
export interface SigningOptions {
  /** The signature scheme: `ed25519` (RFC 8032), `bip340`, or `secp256k1` (RFC 9591 §6.5). */
  readonly scheme: Suite
  /** The curve's arithmetic, from `getGroup`. */
  readonly group: Group
  /** This party's share of a signing set, validated. The session makes its own copy; the caller wipes this one. */
  readonly share: KeyShare
  /**
   * At least `threshold` parties of the set by ascending id, this one included. A signer's participant number is its
   * position in this list, from 1.
   */
  readonly signers: readonly PartyId[]
  /**
   * The one signer that learns the signature: the others send their shares to it only. Default: every signer sends its
   * share to all others, and all learn the signature.
   */
  readonly aggregator?: PartyId
  /** The message to sign, at most {@link MESSAGE_MAX_LENGTH} bytes. Only the scheme itself hashes it. Copied. */
  readonly message: Uint8Array
  /**
   * A hash of what the message is of, 32 bytes. Signers with different ones do not sign together. Default: none. Copied.
   */
  readonly intent?: Uint8Array | undefined
  /** A cryptographically secure source of random bytes. */
  readonly random: RandomSource
}

/**
 * Creates one signer's session of a FROST signature (RFC 9591). It has two rounds: nonce commitments, then signature
 * shares.
 *
 * With an aggregator, every other signer is done once it has sent its share, and its result has no signature. A client
 * that aggregates and a server then need one request and one response.
 *
 * @throws {TypeError | RangeError} for an unknown scheme, or a share, signers and a message that do not fit together
 *
 * @example
 * const session = createSigning({
 *   scheme: 'ed25519',
 *   group: getGroup('ed25519'),
 *   share,
 *   signers: [partyId(1), partyId(2)],
 *   aggregator: partyId(1),
 *   message: new TextEncoder().encode('hello'),
 *   random: (length) => crypto.getRandomValues(new Uint8Array(length)),
 * })
 * send(session.start().out)
 */
export function createSigning(options: SigningOptions): Session<SigningResult> {
  return createSession(new SigningMachine(openFrostSigning(options)))
}

/** Checks the options, and copies the signers and the message. */
function openFrostSigning(options: SigningOptions): SigningSetup {
  const { scheme, group, share, signers, aggregator, message, intent, random } = assertObject(options, 'signing')
  if (!Object.hasOwn(SUITES, scheme)) throw new RangeError('unknown signature scheme')
  const { record, id } = share
  if (record.curve !== group.curve) throw new RangeError(`the share set is of ${record.curve}`)
  if (record.purpose !== 'signing') throw new RangeError(`a ${record.purpose} set does not sign`)
  if (abytes(message, undefined, 'message').length > MESSAGE_MAX_LENGTH) {
    throw new RangeError(`message must be at most ${MESSAGE_MAX_LENGTH} bytes, got ${message.length}`)
  }
  if (signers.some((signer, i) => signer <= (signers[i - 1] ?? 0))) {
    throw new RangeError('signers must ascend')
  }
  const stranger = signers.find((signer) => findParty(record, signer) === undefined)
  if (stranger !== undefined) throw new RangeError(`the set has no party ${stranger}`)
  if (signers.length < record.threshold) {
    throw new RangeError(`${signers.length} signers do not meet threshold ${record.threshold}`)
  }
  if (!signers.includes(id)) throw new RangeError(`party ${id} holds this share and is not among the signers`)
  if (aggregator !== undefined && !signers.includes(aggregator)) {
    throw new RangeError(`the aggregator ${aggregator} is not among the signers`)
  }
  return {
    suite: frostSuite(scheme, group),
    share,
    signers: [...signers],
    aggregator,
    message: abytes(message, undefined, 'message').slice(),
    intent: intent === undefined ? undefined : abytes(intent, 32, 'intent').slice(),
    random,
  }
}

/**
 * Restores a session of {@link createSigning} from its exported state.
 *
 * The state has this signer's nonces, which are for one signature share. If you store states, hand out each of them once
 * (compare-and-set), and never restore one from a backup of your database: two shares from the same nonces reveal the
 * secret share.
 *
 * @param state the result of `export()`
 * @param options the options that the session was created with; the state does not contain them
 * @throws {TypeError | RangeError} as {@link createSigning}
 * @throws {SHARE_PARSING_FAILED} if the state is not that of a signature with these options
 */
export function restoreSigning(state: Uint8Array, options: SigningOptions): Session<SigningResult> {
  const setup = openFrostSigning(options)
  return restoreSession('frost', state, (reader) => SigningMachine.decode(setup, reader))
}
