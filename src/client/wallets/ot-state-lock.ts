import type { Deadline } from '../deadline.ts'

/** The last turn of each set in this process, by the set's id. */
const turns = new Map<string, Promise<unknown>>()

/**
 * Runs `work` when nothing else of this process, or of another tab of this origin, works with the set's ECDSA setup:
 * checks of oblivious transfers go one at a time (docs/ecdsa.md#the-ban-rule).
 *
 * Without the Web Locks API only this process takes turns; the row in the store tells the others of a cheat.
 *
 * @throws {ABORTED | TIMEOUT} if the time is over before its turn comes
 */
export async function withOtStateLock<T>(deadline: Deadline, setId: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(setId)
  let end = () => {}
  const turn = new Promise<void>((resolve) => (end = resolve))
  // Whoever comes next waits for this turn, even if it was given up before it came.
  const ended = Promise.all([before, turn])
  turns.set(setId, ended)
  try {
    if (before !== undefined) await deadline.race(before)
    return await amongTabs(deadline, setId, work)
  } finally {
    end()
    if (turns.get(setId) === ended) turns.delete(setId)
  }
}

async function amongTabs<T>(deadline: Deadline, setId: string, work: () => Promise<T>): Promise<T> {
  // Older browsers and runtimes, and pages that are not served securely, have none.
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
  if (locks === undefined) return work()
  return locks.request(`reshare/ot/${setId}`, { signal: deadline.signal }, work)
}
