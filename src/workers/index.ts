import { openPool, type Pool } from './pool.ts'
import { assertObject } from '../util/arguments.ts'

export type { Pool } from './pool.ts'
export type {
  PackedSet,
  PackedShares,
  RecombineJob,
  PackedTerms,
  ReshareContinuation,
  ReshareOpening,
  ReshareOutcome,
  ReshareStep,
  ReshareTurn,
  SplitJob,
  SplitResult,
  VerifyJob,
} from './types.ts'

/**
 * Opens a pool of worker threads of Node for large sharings and for many reshares at once.
 *
 * @param options.size the most threads at a time, 0 to 64; with 0, jobs are done on the calling thread
 * @throws {TypeError} if there is no size
 * @throws {RangeError} for another size
 */
export function createPool(options: { readonly size: number }): Pool {
  const { size } = assertObject(options, 'createPool')
  return openPool(size, new URL('./worker.js', import.meta.url))
}
