import { expect } from 'vitest'

/** What `onError` is told of something that failed, and names, and is left for later. */
export function leftForLater(named: string, cause: unknown): Error {
  return expect.objectContaining({ message: expect.stringContaining(named) as string, cause }) as Error
}
