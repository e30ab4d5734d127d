import { abytes, equalBytes, isBytes } from './bytes.ts'

export const MASTER_KEY_LENGTH = 32

/** A master key and the id that what it seals carries. */
export interface MasterKey {
  /** 1 to 255; never given to another key. A key that stands alone has id 1. */
  readonly id: number
  /** 32 bytes */
  readonly key: Uint8Array
}

/** One master key of 32 bytes, or several while one takes the place of another: all open, `current` seals. */
export type MasterKeys =
  | Uint8Array
  | {
      /** Seals, and opens. */
      readonly current: MasterKey
      /** Those that open only: keys that go, and before that one that comes. */
      readonly previous?: readonly MasterKey[]
    }

/** How far the change of the master key has come. */
export interface Rotation {
  /** How many values this call has sealed again. */
  readonly resealed: number
  /** How many values are still sealed by other keys than the current one: these must be kept until it is 0. */
  readonly remaining: number
}

/**
 * The keys by their ids, the current one first; copies.
 *
 * @throws {TypeError | RangeError} for a key that is none, or an id or key that comes twice
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
