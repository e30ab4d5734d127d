import { isWellFormed } from '../../util/text.ts'

/** An amount that a policy allows only as part of a sum over some time. */
export interface Reservation {
  /** Names the sum: each client has one of each name, across all servers. At most 200 UTF-16 code units. */
  readonly counter: string
  /** What is added to the sum, at least 0. */
  readonly amount: bigint
  /** What the sum may be at most, this amount included. */
  readonly most: bigint
  /** How long the amount counts, in milliseconds, from the time at which it is signed; before that it counts, too. */
  readonly periodMs: number
}

/** The longest period: ten years. */
const LONGEST_MS = 10 * 366 * 24 * 3_600_000

/** @throws {TypeError} unless they are reservations, each of another counter */
export function readReservations(value: unknown): readonly Reservation[] {
  if (!Array.isArray(value)) throw new TypeError('reserve must be a list')
  const read = Array.from(value as readonly unknown[], readReservation)
  if (new Set(read.map(({ counter }) => counter)).size !== read.length) {
    throw new TypeError('reserve names a counter twice')
  }
  return read
}

function readReservation(value: unknown): Reservation {
  const { counter, amount, most, periodMs } = (value ?? {}) as Partial<Reservation>
  const isName = typeof counter === 'string' && counter !== '' && counter.length <= 200 && isWellFormed(counter)
  if (!isName || counter.includes('\0')) throw new TypeError('a reservation must have a counter')
  if (typeof amount !== 'bigint' || amount < 0n || typeof most !== 'bigint' || most < 0n) {
    throw new TypeError('amount and most of a reservation must be bigint, from 0')
  }
  if (!Number.isSafeInteger(periodMs) || (periodMs as number) < 1 || (periodMs as number) > LONGEST_MS) {
    throw new TypeError('periodMs of a reservation must be a number of milliseconds, at most ten years')
  }
  return { counter, amount, most, periodMs: periodMs as number }
}
