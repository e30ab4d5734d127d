import type { Group, Scalar } from '../curve/group.ts'
import { MpcError } from '../errors.ts'
import { partyId } from '../types.ts'
import { abytes, wipe } from '../util/bytes.ts'
import { CodecError, Reader, Writer } from '../util/codec.ts'
import { parsing } from './parsing.ts'
import { decodeShareSetRecord, encodeShareSetRecord, findParty, type GroupOf, isConsistent } from './record.ts'
import type { KeyShare } from './types.ts'

const VERSION = 1
const RECORD_MAX_LENGTH = 1 << 14

/**
 * Checks that a share is the one that its record speaks of: s_i·G = Y_i and Σ λ_l·Y_l = pk.
 *
 * @throws {SHARE_PARSING_FAILED} if it is not
 */
export function validateKeyShare(group: Group, share: KeyShare): void {
  if (!isConsistent(group, share.record)) {
    throw new MpcError('SHARE_PARSING_FAILED', 'the verifying shares do not share the public key')
  }
  validateSecretShare(group, share)
}

function validateSecretShare(group: Group, { record, id, secretShare }: KeyShare): void {
  const party = findParty(record, id)
  if (party === undefined) throw new MpcError('SHARE_PARSING_FAILED', `the set has no party ${id}`)
  if (!group.equalPoints(group.multiplyBase(secretShare), party.verifyingShare)) {
    throw new MpcError('SHARE_PARSING_FAILED', 'the secret share does not match its verifying share')
  }
}

/**
 * s_i of a share that is to be used.
 *
 * @throws {TypeError} if the share was wiped: no share is zero
 */
export function secretOf({ secretShare }: KeyShare): Scalar {
  let bits = 0
  for (const byte of secretShare) bits |= byte
  if (bits === 0) throw new TypeError('the share was wiped')
  return secretShare
}

/** A key share as secret bytes: `version u8 | id u8 | s_i[32] | length u32 | record`. The caller wipes them. @throws {TypeError} if it was wiped */
export function encodeKeyShare(group: Group, share: KeyShare): Uint8Array {
  return new Writer()
    .u8(VERSION)
    .u8(share.id)
    .bytes(secretOf(share))
    .prefixed(encodeShareSetRecord(group, share.record))
    .finish()
}

/**
 * Reads and validates a key share.
 *
 * @param bytes what {@link encodeKeyShare} gave; they stay the caller's to wipe
 * @throws {SHARE_PARSING_FAILED} for anything but exactly one share that matches its record
 */
export function decodeKeyShare(groupOf: GroupOf, bytes: Uint8Array): KeyShare {
  abytes(bytes, undefined, 'share')
  return parsing('key share', () => {
    const reader = new Reader(bytes)
    const version = reader.u8()
    if (version !== VERSION) throw new CodecError(`share version ${version} is not supported`)
    const id = reader.u8()
    if (id === 0) throw new CodecError('party ids count from 1')
    const scalar = reader.bytes(32)
    try {
      const record = decodeShareSetRecord(groupOf, reader.prefixed(RECORD_MAX_LENGTH))
      reader.end()
      const group = groupOf(record.curve)
      const share: KeyShare = { record, id: partyId(id), secretShare: group.decodeScalar(scalar) }
      try {
        validateSecretShare(group, share)
      } catch (error) {
        wipeKeyShare(share)
        throw error
      }
      return share
    } finally {
      wipe(scalar)
    }
  })
}

/** Wipes the secret of a share that is no longer needed. */
export function wipeKeyShare(share: KeyShare): void {
  wipe(share.secretShare)
}
