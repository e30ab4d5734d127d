/** The latest time that a clock may return, in milliseconds since 1970. Later sums could exceed the range of `Date`. */
const LAST = Date.UTC(200_000, 0)

/**
 * Wraps a caller's clock, so that every value that it returns is checked.
 *
 * @param now returns milliseconds since 1970
 * @returns a clock of whole milliseconds. It throws a `TypeError` if `now` returns anything else.
 * @throws {TypeError} if it is not a function
 */
export function checkClock(now: () => number): () => number {
  if (typeof now !== 'function') throw new TypeError('now must be a function')
  return () => {
    const time: unknown = now()
    if (typeof time === 'number' && time >= 0 && time <= LAST) return Math.floor(time)
    throw new TypeError('now must give milliseconds since 1970')
  }
}
