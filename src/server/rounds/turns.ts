import { Unavailable } from '../../service/http.ts'
import { within } from '../../util/within.ts'

/** How many of one name go at once: one that holds its row, and one that is there when it lets go. */
const WIDTH = 2

/** Queues of this process, for what would wait in the database one after the other, each with a connection to itself. */
export interface Turns {
  /**
   * Works once few others of this name do, in the order of the calls. Nothing is held meanwhile. Not to be called within
   * the work of another turn: two could wait for each other.
   *
   * @param name of what the work will hold in the database
   * @throws {Unavailable} if its turn does not come in time; nothing was done
   */
  take<T>(name: string, work: () => Promise<T>): Promise<T>
}

interface Queue {
  running: number
  /** In the order in which they came. */
  readonly waiting: Set<() => void>
}

/** @param waitMs how long one waits for its turn */
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
  /** Gives its place to the next one, if there is one. */
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

/** What uses a set: it holds the count of its kind, the setup, or the set itself. */
export function turnOfSet(setId: string): string {
  return `set ${setId}`
}

/** What a client begins: it holds the lock of the client. */
export function turnOfClient(clientId: string): string {
  return `client ${clientId}`
}
