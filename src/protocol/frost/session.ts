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

/** The longest message that a signing session takes: 2^19 bytes. Sign the hash of a longer one. */
export const MESSAGE_MAX_LENGTH = 1 << 19

/** What all signers of a message agree on beforehand, and who this one is. */
export interface SigningOptions {
  /** What the signature is for: `ed25519` (RFC 8032), `bip340`, or `secp256k1` (RFC 9591 §6.5). */
  readonly scheme: Suite
  readonly group: Group
  /** This party's share of a signing set, validated. It stays the caller's. */
  readonly share: KeyShare
  /** At least `threshold` parties of the set by ascending id, this one among them. Place + 1 is the participant number. */
  readonly signers: readonly PartyId[]
  /** The one signer that learns the signature, from shares sent to it alone. Without one, all send theirs to all. */
  readonly aggregator?: PartyId
  /** What is signed, hashed by nobody but the scheme itself. */
  readonly message: Uint8Array
  readonly random: RandomSource
}

/**
 * A FROST signature (RFC 9591) as a session of two rounds: nonce commitments, then signature shares.
 *
 * With an aggregator, the others are done once their share is out, and their result has no signature. For a client and
 * a server that makes one request and one answer, the client aggregating.
 *
 * @throws {TypeError | RangeError} for a share, signers or a message that do not fit together
 */
export function createSigning(options: SigningOptions): Session<SigningResult> {
  return createSession(new SigningMachine(openFrostSigning(options)))
}

/** Checks the options against each other. */
function openFrostSigning(options: SigningOptions): SigningSetup {
  const { scheme, group, share, signers, aggregator, message, random } = assertObject(options, 'signing')
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
    random,
  }
}

/**
 * Goes on with a signature that was exported, with the options that it was created with: the state holds nothing of them,
 * and of the share nothing at all.
 *
 * Its nonces are good for one signature share: who keeps such states hands each out once (compare-and-set) and never
 * restores one from a copy of the database.
 *
 * @throws {TypeError | RangeError} for options that do not fit together
 * @throws {SHARE_PARSING_FAILED} for anything but a state of a signature with these options
 */
export function restoreSigning(state: Uint8Array, options: SigningOptions): Session<SigningResult> {
  const setup = openFrostSigning(options)
  return restoreSession('frost', state, (reader) => SigningMachine.decode(setup, reader))
}
