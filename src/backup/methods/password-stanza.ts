import { hkdf } from '../../symmetric/hkdf.ts'
import { utf8 } from '../../util/bytes.ts'
import type { Argon2Cost } from './argon2.ts'
import { corrupt } from '../failures.ts'
import { WRAPPED_FILE_KEY_LENGTH } from '../age-keys/file-key.ts'
import { decodeArgument, encodeArgument } from '../stanza.ts'
import type { AgeStanza } from '../types.ts'

export const PASSWORD_STANZA = 'reshare/v1/argon2id'

/** RFC 9106 §4, second recommended option, with one lane: a file that asks for less is refused. */
export const MINIMUM_COST: Argon2Cost = { memoryKiB: 65536, passes: 3 }
/** A file that asks for more would only keep its reader busy. */
export const MAXIMUM_COST: Argon2Cost = { memoryKiB: 262144, passes: 8 }
/** RFC 9106 §3.1: at least 8 KiB for one lane, one pass. */
const LEAST_COST: Argon2Cost = { memoryKiB: 8, passes: 1 }

export const SALT_LENGTH = 16
const TEST_MARK = 'insecure-test-cost'
const COST = /^m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=1$/

/** What a password stanza says about its key. */
export interface PasswordParameters {
  /** 16 random bytes */
  readonly salt: Uint8Array
  readonly cost: Argon2Cost
  /** Whether the cost is a test's, below the minimum. */
  readonly test: boolean
}

/** Whether each part of a cost is within bounds. */
export function costIsWithin(
  cost: Argon2Cost,
  least: Argon2Cost = LEAST_COST,
  most: Argon2Cost = MAXIMUM_COST,
): boolean {
  return (['memoryKiB', 'passes'] as const).every(
    (name) => Number.isInteger(cost[name]) && cost[name] >= least[name] && cost[name] <= most[name],
  )
}

/** `-> reshare/v1/argon2id <salt> m=65536,t=3,p=1`, with a mark behind where the cost is a test's. */
export function encodePasswordArguments({ salt, cost, test }: PasswordParameters): string[] {
  const { memoryKiB, passes } = cost
  const mark = test ? [TEST_MARK] : []
  return [PASSWORD_STANZA, encodeArgument(salt), `m=${memoryKiB},t=${passes},p=1`, ...mark]
}

/**
 * Reads a password stanza.
 *
 * @param allowTest whether a cost below the minimum may pass, if the stanza is marked
 * @throws {BACKUP_CORRUPT} if it is malformed or its cost is out of bounds
 */
export function decodePasswordStanza({ args, body }: AgeStanza, allowTest: boolean): PasswordParameters {
  const [, saltText = '', costText = '', mark] = args
  const salt = decodeSalt(saltText)
  const [, memory, passes] = COST.exec(costText) ?? []
  const marked = mark === TEST_MARK
  // A longer body could be made to open under several keys at once.
  const wellFormed = salt?.length === SALT_LENGTH && body.length === WRAPPED_FILE_KEY_LENGTH
  if (!wellFormed || memory === undefined || args.length !== (marked ? 4 : 3)) {
    throw corrupt('its password stanza is malformed')
  }
  const cost = { memoryKiB: Number(memory), passes: Number(passes) }
  if (marked && !allowTest) throw corrupt('it was sealed by a test')
  if (!costIsWithin(cost, marked ? LEAST_COST : MINIMUM_COST)) throw corrupt('its password cost is out of bounds')
  return { salt, cost, test: marked }
}

function decodeSalt(text: string): Uint8Array | undefined {
  try {
    return decodeArgument(text)
  } catch {
    return undefined
  }
}

/** The key that wraps: HKDF-SHA-256 of the Argon2id tag, so that the tag may serve nothing else. */
export function wrapKey(tag: Uint8Array): Uint8Array {
  return hkdf(tag, undefined, utf8(PASSWORD_STANZA), 32)
}
