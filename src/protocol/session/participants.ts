import type { PartyId } from '../../types.ts'

/** @throws {RangeError} unless the ids are integers from 1 to 255 in strictly ascending order */
export function assertAscendingIds(ids: readonly PartyId[]): void {
  ids.forEach(assertId)
  if (ids.some((id, i) => id <= (ids[i - 1] ?? 0))) throw new RangeError('party ids must ascend')
}

/** @throws {RangeError} unless the ids are distinct integers from 1 to 255 */
export function assertDistinctIds(ids: readonly PartyId[]): void {
  ids.forEach(assertId)
  if (new Set(ids).size !== ids.length) throw new RangeError('a party id stands twice')
}

/** Ids from 1 to 255 that are distinct are also distinct, and not zero, modulo the group order. */
function assertId(id: PartyId): void {
  if (!Number.isInteger(id) || id < 1 || id > 255) throw new RangeError(`party id must be 1..255, got ${id}`)
}

/** @throws {RangeError} unless 2 ≤ threshold ≤ count: with threshold 1 every share would be the key */
export function assertThreshold(threshold: number, count: number): void {
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > count) {
    throw new RangeError(`threshold must be 2..${count}, got ${threshold}`)
  }
}
