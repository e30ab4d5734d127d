import type { Client } from '../types.ts'

/** Makes a step, at once or after the event loop has had a turn. */
type Turns = <T>(step: () => T | Promise<T>) => Promise<T>

/**
 * For steps that follow each other without a request in between: where arithmetic is slow, the event loop gets a turn before
 * every step but the first, so that an app can draw, and receives an abort, between them.
 */
export function createTurns(client: Pick<Client, 'group'>): Turns {
  let isFirst = true
  return async (step) => {
    if (!isFirst && client.group('secp256k1').isSlow) await new Promise<void>((resolve) => setTimeout(resolve, 0))
    isFirst = false
    return step()
  }
}
