import { expect } from 'vitest'

/** Any error with this code. */
export const errorOf = (code: string): Error => expect.objectContaining({ code }) as Error
