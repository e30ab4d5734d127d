/** The last of the milliseconds that a clock may show: dates of later ones, and of some time after them, are none. */
const LAST = Date.UTC(200_000, 0)

/**
 * A clock as a caller has given it, whose every answer is one.
 *
 * @param now milliseconds since 1970
 * @returns the same, whole; throws a TypeError for an answer that is none
 * @throws {TypeError} if it is no function
 */
export function checkClock(now: () => number): () => number {
  if (typeof now !== 'function') throw new TypeError('now must be a function')
  return () => {
    const time: unknown = now()
    if (typeof time === 'number' && time >= 0 && time <= LAST) return Math.floor(time)
    throw new TypeError('now must give milliseconds since 1970')
  }
}
