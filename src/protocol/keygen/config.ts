import { PURPOSE_CODES, ROLE_CODES } from '../../key-share/codes.ts'
import type { Purpose } from '../../types.ts'
import { abytes } from '../../util/bytes.ts'
import { assertAscendingIds, assertThreshold } from '../session/participants.ts'
import type { KeygenOptions, NewParty } from './types.ts'

/** The terms of a key generation, after they were checked. */
export interface KeygenConfig {
  /** 16 bytes */
  readonly walletId: Uint8Array
  readonly purpose: Purpose
  /** t */
  readonly threshold: number
  /** n parties by ascending id. */
  readonly parties: readonly NewParty[]
  /** This party's participant number, from 1. */
  readonly self: number
}

/**
 * Checks the options of a key generation, and copies them.
 *
 * @throws {TypeError | RangeError} for a wallet id that is not 16 bytes, ids that do not ascend within 1..255, a
 *   threshold outside 2..n, an unknown purpose or role, or a `self` that is not among the parties
 */
export function checkKeygenOptions(options: KeygenOptions): KeygenConfig {
  const { walletId, purpose, threshold, parties, self } = options
  if (!Object.hasOwn(PURPOSE_CODES, purpose)) throw new TypeError(`unknown purpose ${purpose}`)
  assertAscendingIds(parties.map(({ id }) => id))
  for (const { role } of parties) if (!Object.hasOwn(ROLE_CODES, role)) throw new TypeError(`unknown role ${role}`)
  assertThreshold(threshold, parties.length)
  const index = parties.findIndex(({ id }) => id === self)
  if (index < 0) throw new RangeError(`party ${self} is not among the parties`)
  return {
    walletId: abytes(walletId, 16, 'walletId').slice(),
    purpose,
    threshold,
    parties: parties.map(({ id, role }) => ({ id, role })),
    self: index + 1,
  }
}
