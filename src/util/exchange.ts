import { isMpcError, MpcError } from '../errors.ts'

/** The error for a signal that the caller aborted. */
export function abortedBy(signal: AbortSignal): MpcError {
  return new MpcError('ABORTED', 'the request was aborted', { cause: signal.reason })
}

/**
 * Waits for `work`, but only until the signal is aborted.
 *
 * @throws {ABORTED} if the signal is aborted first
 */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortedBy(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
    work.catch(() => undefined)
  }
}

/**
 * Sends a request and reads its response. It stops when the caller's signal is aborted or the time is over, even if
 * `exchange` ignores its signal.
 *
 * @param timeoutMs no limit if undefined
 * @param exchange gets a signal of this runtime, since the caller's may be a polyfill or from another realm
 * @throws {NETWORK_ERROR} if it fails
 * @throws {MpcError} what `exchange` throws as one
 * @throws {TIMEOUT} if the time is over
 * @throws {ABORTED} if the caller's signal is aborted
 */
export async function exchangeOnce<T>(
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  exchange: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController()
  const stop = () => end.abort()
  signal?.addEventListener('abort', stop)
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs)
  try {
    if (signal?.aborted) throw abortedBy(signal)
    return await untilAborted(end.signal, exchange(end.signal))
  } catch (cause) {
    if (signal?.aborted) throw abortedBy(signal)
    if (end.signal.aborted) throw new MpcError('TIMEOUT', `no response within ${timeoutMs} ms`, { cause })
    if (isMpcError(cause)) throw cause
    throw new MpcError('NETWORK_ERROR', 'no response came from the server', { cause })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}
