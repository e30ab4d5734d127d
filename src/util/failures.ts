import { MpcError, type ErrorCode, isMpcError } from '../errors.ts'

/** @throws {ABORTED} if the caller aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MpcError('ABORTED', 'the operation was aborted', { cause: signal.reason })
}

/** Gives whatever foreign code throws a code of ours, and leaves ours as they are. */
export async function withCode<T>(code: ErrorCode, message: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw isMpcError(cause) ? cause : new MpcError(code, message, { cause })
  }
}
