import type { Client } from './types.ts'

/**
 * Calls a callback of the app without waiting for it. What it throws, or rejects with, goes to `onError` and has no
 * other effect.
 */
export function notify({ onError }: Pick<Client, 'onError'>, call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(onError)
  } catch (error) {
    onError(error)
  }
}
