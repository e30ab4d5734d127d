import type { Client } from './types.ts'

/**
 * Calls a callback of the app's, and does not wait for it: what it throws, or rejects with, changes nothing of what becomes
 * of a wallet, and is told.
 */
export function notify({ onError }: Pick<Client, 'onError'>, call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(onError)
  } catch (error) {
    onError(error)
  }
}
