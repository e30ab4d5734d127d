/** A timer that is to wait longer does not wait at all. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * What `work` gives, or an error once `ms` milliseconds have passed, whichever comes first. Whoever works may never end and
 * never look at the signal: what it gives later is dropped.
 *
 * @param work gets a signal that is aborted when the time is over
 * @param late makes the error
 */
export async function within<T>(
  ms: number,
  work: (signal: AbortSignal) => T | Promise<T>,
  late: () => Error,
): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const error = late()
        // First, so that this is the error, whatever the signal makes of the work.
        reject(error)
        controller.abort(error)
      },
      Math.min(ms, TIMER_MAX_MS),
    )
  })
  try {
    return await Promise.race([(async () => work(controller.signal))(), over])
  } finally {
    clearTimeout(timer)
  }
}
