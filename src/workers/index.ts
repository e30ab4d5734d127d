import { Worker } from 'node:worker_threads'
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
 * Opens a pool of worker threads of Node.js, for large sharings and for many reshares at once.
 *
 * @param options.size maximum number of threads, 0 to 64. With 0, jobs run on the calling thread.
 * @throws {TypeError} if `options` is not an object
 * @throws {RangeError} for any other size
 *
 * @example
 * const pool = createPool({ size: 2 })
 * const outcomes = await pool.reshare(turns)
 * await pool.close()
 */
export function createPool(options: { readonly size: number }): Pool {
  const { size } = assertObject(options, 'createPool')
  // Written like this, so that bundlers see a program of its own.
  return openPool(size, () => new Worker(new URL('./worker.js', import.meta.url)))
}
