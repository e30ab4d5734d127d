/** What time it is for an emulated service. */
export interface ServiceClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Moves the time on by so many milliseconds. */
  advance(ms: number): void
}

/** The time of this machine, and what it was moved on by. */
export function systemClock(): ServiceClock {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    advance(ms) {
      ahead += ms
    },
  }
}

/**
 * A time that stands still until it is moved on, so that a test has the same times whenever it runs.
 *
 * @param start milliseconds since 1970. Default: the beginning of 2026.
 */
export function stoppedClock(start: number = Date.UTC(2026, 0)): ServiceClock {
  let time = start
  return {
    now: () => time,
    advance(ms) {
      time += ms
    },
  }
}
