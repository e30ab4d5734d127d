/** The longest delay of a timer. With a longer one, it fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Runs `work`, and rejects after `ms` milliseconds if it has not finished. Its later result is ignored, even if `work`
 * ignores the signal and never ends.
 *
 * @param ms at most 2^31 − 1 are waited
 * @param work gets a signal that is aborted when the time is over
 * @param late makes the error for that case
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
        // Before the abort, so that this error wins over one that `work` throws because of the signal.
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
