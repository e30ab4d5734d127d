import { MpcError, ProtocolError } from '../../../src/errors.ts'
import { BadRequest } from '../../../src/service/http.ts'

/** Throws it. */
export function raise(error: unknown): never {
  throw error
}

/** What never comes. */
export const never = () => new Promise<never>(() => undefined)

/** How a hook may fail, whatever it is asked. */
export const FAILURES: [string, () => never][] = [
  ['throws', () => raise(new Error('down'))],
  ['throws an error with a code', () => raise(new MpcError('AUTH_FAILED', 'from the hook'))],
  ['throws a bad request', () => raise(new BadRequest('from the hook'))],
  ['throws nothing', () => raise(undefined)],
  ['rejects', () => Promise.reject(new Error('down')) as never],
  [
    'rejects with a check that failed',
    () => Promise.reject(new ProtocolError('POP', 1, [1], 'from the hook')) as never,
  ],
  ['never answers', () => never() as never],
  ['gives a thenable that throws', () => ({ then: () => raise(new Error('down')) }) as never],
  ['gives what throws when it is looked at', () => new Proxy({}, { get: () => raise(new Error('down')) }) as never],
]
