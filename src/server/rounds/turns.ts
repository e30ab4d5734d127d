import { Unavailable } from '../../service/http.ts'
import { within } from '../../util/within.ts'

/** How many turns of one name run at once: one that holds the row, and one that waits for it in the database. */
const WIDTH = 2

/** Queues of this process for work that would wait for the same row of the database, each with a connection of its own. */
export interface Turns {
  /**
   * Runs the work when few others of this name are running, in the order of the calls. Never call it within the work of
   * another turn: the two could deadlock.
   *
   * @param name of what the work locks in the database
   * @throws {Unavailable} if its turn does not come in time; nothing was done
   */
  take<T>(name: string, work: () => Promise<T>): Promise<T>
}

interface Queue {
  running: number
  /** In the order of their calls. */
  readonly waiting: Set<() => void>
}

/** @param waitMs how long a caller waits for its turn */
export function createTurns(waitMs: number): Turns {
  const queues = new Map<string, Queue>()

  const enter = async (queue: Queue): Promise<void> => {
    if (queue.running < WIDTH) {
      queue.running += 1
      return
    }
    const called = (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        queue.waiting.add(resolve)
        signal.addEventListener('abort', () => queue.waiting.delete(resolve), { once: true })
      })
    await within(waitMs, called, () => new Unavailable('the turn of this request has not come in time'))
  }
  /** Starts the next turn in the queue, if there is one. */
  const leave = (name: string, queue: Queue): void => {
    const [next] = queue.waiting
    if (next !== undefined) {
      queue.waiting.delete(next)
      next()
      return
    }
    queue.running -= 1
    if (queue.running === 0) queues.delete(name)
  }

  return {
    async take(name, work) {
      const queue = queues.get(name) ?? { running: 0, waiting: new Set() }
      queues.set(name, queue)
      await enter(queue)
      try {
        return await work()
      } finally {
        leave(name, queue)
      }
    },
  }
}

/** The turn of an operation that uses a set: it locks the count of its kind, the setup, or the set itself. */
export function turnOfSet(setId: string): string {
  return `set ${setId}`
}
