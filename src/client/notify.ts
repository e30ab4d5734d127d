/** Where the errors of the app's callbacks go: a client, or a part of it. */
export interface ErrorSink {
  /** Never throws. */
  readonly onError: (error: unknown) => void
}

/**
 * Calls a callback of the app without waiting for it. What it throws, or rejects with, goes to `onError` and has no
 * other effect.
 */
export function notify({ onError }: ErrorSink, call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(onError)
  } catch (error) {
    onError(error)
  }
}
