/** The last task of each item's queue in this process, by adapter. */
const queues = new WeakMap<object, Map<string, Promise<unknown>>>()

/** Runs `work` after all earlier work on the same item of the same adapter, by whatever store of this process. */
export async function inTurn<T>(adapter: object, item: string, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(adapter) ?? new Map<string, Promise<unknown>>()
  queues.set(adapter, queue)
  const before = queue.get(item)
  const task = (async () => {
    await before
    return work()
  })()
  const ended = task.catch(() => undefined)
  queue.set(item, ended)
  try {
    return await task
  } finally {
    if (queue.get(item) === ended) queue.delete(item)
  }
}
