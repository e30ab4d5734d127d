import type { Deadline } from '../deadline.ts'

/** The last task of each set's queue in this process, by set id. */
const queues = new Map<string, Promise<unknown>>()

/**
 * Runs `work` while nothing else in this process, or in another tab of this origin, uses the set's ECDSA setup:
 * oblivious transfers are checked one at a time (docs/ecdsa.md#the-ban-rule).
 *
 * Without the Web Locks API the lock covers only this process; others learn of a cheat from the row in the store.
 *
 * @throws {ABORTED | TIMEOUT} if the deadline passes before the lock is acquired
 */
export async function withOtStateLock<T>(deadline: Deadline, setId: string, work: () => Promise<T>): Promise<T> {
  const previous = queues.get(setId)
  let end = () => {}
  const task = new Promise<void>((resolve) => (end = resolve))
  // The next task waits for this one, even if this one gives up while waiting.
  const ended = Promise.all([previous, task])
  queues.set(setId, ended)
  try {
    if (previous !== undefined) await deadline.race(previous)
    return await amongTabs(deadline, setId, work)
  } finally {
    end()
    if (queues.get(setId) === ended) queues.delete(setId)
  }
}

async function amongTabs<T>(deadline: Deadline, setId: string, work: () => Promise<T>): Promise<T> {
  // Older browsers and runtimes, and insecure contexts, do not have it.
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
  if (locks === undefined) return work()
  return locks.request(`reshare/ot/${setId}`, { signal: deadline.signal }, work)
}
