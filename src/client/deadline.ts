import { MpcError, isMpcError } from '../errors.ts'
import { errorName } from '../util/brand.ts'
import { timeout } from './arguments.ts'
import type { ActionOptions, Client } from './types.ts'

/** The end of an action's time: by its caller's signal or by its time-out. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Milliseconds since 1970, by the client's clock. */
  readonly endsAt: number
  /** @throws {ABORTED | TIMEOUT} once the time is over */
  check(): void
  /**
   * What `work` gives, or the end of the time, whichever comes first.
   *
   * @throws {ABORTED | TIMEOUT} once the time is over
   */
  race<T>(work: Promise<T>): Promise<T>
}

/**
 * Runs an action under its deadline.
 *
 * @throws {TypeError | RangeError} if `signal` or `timeoutMs` is wrong
 * @throws {ABORTED} if the caller's signal is or gets aborted
 * @throws {TIMEOUT} if `timeoutMs` pass
 */
export async function withDeadline<T>(
  client: Client,
  { signal, timeoutMs = client.timeoutMs }: ActionOptions,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  if (signal !== undefined && !isAbortSignal(signal)) throw new TypeError('signal must be an AbortSignal')
  timeout(timeoutMs)
  const controller = new AbortController()
  const deadline = createDeadline(controller.signal, client.now() + timeoutMs)
  const abort = () => controller.abort(new MpcError('ABORTED', 'the caller aborted', { cause: signal?.reason }))
  const timer = setTimeout(() => {
    controller.abort(new MpcError('TIMEOUT', `not finished after ${timeoutMs} ms`))
  }, timeoutMs)
  signal?.addEventListener('abort', abort)
  try {
    if (signal?.aborted) abort()
    deadline.check()
    return await work(deadline)
  } catch (error) {
    // A transport or a method that saw the signal reports it in its own words.
    throw controller.signal.aborted && isCancellation(error) ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

function createDeadline(signal: AbortSignal, endsAt: number): Deadline {
  return {
    signal,
    endsAt,
    check() {
      if (signal.aborted) throw signal.reason
    },
    race(work) {
      return new Promise((resolve, reject) => {
        const stop = () => reject(signal.reason)
        if (signal.aborted) stop()
        signal.addEventListener('abort', stop)
        work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
      })
    },
  }
}

/** Of any realm, or a polyfill's. */
function isAbortSignal(value: AbortSignal): boolean {
  return (
    typeof value?.aborted === 'boolean' &&
    typeof value.addEventListener === 'function' &&
    typeof value.removeEventListener === 'function'
  )
}

function isCancellation(error: unknown): boolean {
  if (isMpcError(error)) return error.code === 'ABORTED' || error.code === 'TIMEOUT'
  return errorName(error) === 'AbortError'
}
