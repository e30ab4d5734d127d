import { abytes, equalBytes, isBytes } from './bytes.ts'

/** Length in bytes of a master key. */
export const MASTER_KEY_LENGTH = 32

/** A master key and its id. Every value that it seals starts with the id. */
export interface MasterKey {
  /** 1 to 255. Never use an id for a second key. A key without an id has id 1. */
  readonly id: number
  /** 32 bytes */
  readonly key: Uint8Array
}

/** One master key of 32 bytes, or several during a change of the key. */
export type MasterKeys =
  | Uint8Array
  | {
      /** The key that seals. It opens too. */
      readonly current: MasterKey
      /** Keys that only open: old keys, and a new key before it becomes the current one. */
      readonly previous?: readonly MasterKey[]
    }

/** The progress of a change of the master key. */
export interface Rotation {
  /** How many values this call has sealed again. */
  readonly resealed: number
  /** How many values are still sealed with another key than the current one. Keep the other keys until it is 0. */
  readonly remaining: number
}

/**
 * Checks and copies master keys.
 *
 * @returns the current key first
 * @throws {TypeError | RangeError} for an invalid key or id, or for an id or key that is repeated
 */
export function readMasterKeys(keys: MasterKeys): readonly [MasterKey, ...MasterKey[]] {
  if (isBytes(keys) || typeof keys !== 'object') return [copyKey({ id: 1, key: keys })]
  const [current, ...previous] = [keys.current, ...(keys.previous ?? [])].map(copyKey) as [MasterKey, ...MasterKey[]]
  const all = [current, ...previous]
  for (const [i, one] of all.entries()) {
    for (const other of all.slice(i + 1)) {
      if (one.id === other.id) throw new RangeError(`two master keys have the id ${one.id}`)
      if (equalBytes(one.key, other.key)) throw new RangeError('a master key comes twice')
    }
  }
  return [current, ...previous]
}

function copyKey({ id, key }: MasterKey): MasterKey {
  if (!Number.isInteger(id) || id < 1 || id > 255) throw new RangeError('the id of a master key must be 1 to 255')
  return { id, key: abytes(key, MASTER_KEY_LENGTH, 'masterKey').slice() }
}
