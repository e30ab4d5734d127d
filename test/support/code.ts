import { expect } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'

/** An error of this code. */
export const code = (value: ErrorCode) => expect.objectContaining({ code: value }) as Error
