import { MpcError } from '../errors.ts'
import { restoreError } from '../util/error-description.ts'
import { type Answer, doJob, type JobName, type Jobs, type Request } from './jobs.ts'
import type { DescribedOutcome } from './reshare-jobs.ts'
import { startThreads, type Thread, type Threads } from './threads.ts'
import { copyOf } from './transfer.ts'
import type { RecombineJob, ReshareOutcome, ReshareTurn, SplitJob, SplitResult, VerifyJob } from './types.ts'

/** Maximum number of turns in one job. If a thread fails, no more turns than these fail with it. */
const TURNS_TOGETHER = 16

/**
 * Runs jobs on threads. All bytes of a job are copied at once, and the caller keeps its own. The copies are wiped when the
 * job is over.
 *
 * A job rejects with ABORTED if the pool is closed, and with WORKER_FAILED if its thread ends or cannot be started. `reshare`
 * reports these errors for each turn.
 */
export interface Pool {
  /** Maximum number of threads. */
  readonly size: number
  /**
   * Splits a secret, with a Feldman commitment.
   *
   * @throws {SHARE_PARSING_FAILED} unless `secret` is a canonical scalar
   */
  split(job: SplitJob): Promise<SplitResult>
  /**
   * Finds wrong shares: those that are not on the polynomial that was committed to.
   *
   * @returns their ids
   * @throws {SHARE_PARSING_FAILED} unless shares and commitment are canonical
   */
  verify(job: VerifyJob): Promise<number[]>
  /**
   * Recombines shares. A wrong share is not noticed: verify the shares first, or check the result.
   *
   * @returns the secret, 32 bytes
   * @throws {SHARE_PARSING_FAILED} unless the shares are canonical
   */
  recombine(job: RecombineJob): Promise<Uint8Array>
  /**
   * Runs one step of each of many reshares, distributed over the threads. A turn that fails does not affect the others. A
   * turn that fails with WORKER_FAILED may be repeated, since it has sent nothing.
   *
   * @returns the outcomes, in the order of `turns`
   */
  reshare(turns: readonly ReshareTurn[]): Promise<ReshareOutcome[]>
  /** Rejects waiting jobs, waits for running jobs, and ends the threads. */
  close(): Promise<void>
}

/** A pool whose threads `open` starts, each with the program worker.js. */
export function openPool(size: number, open: () => Thread): Pool {
  if (!Number.isInteger(size) || size < 0 || size > 64) throw new RangeError(`size must be 0..64, got ${size}`)
  const threads = size === 0 ? CALLING_THREAD : startThreads(size, open)
  let closed: Promise<void> | undefined

  const run = async <Name extends JobName>(name: Name, job: Jobs[Name]['job']): Promise<Jobs[Name]['result']> => {
    if (closed !== undefined) throw new MpcError('ABORTED', 'the pool is closed')
    const answer = await threads.run(copyOf({ name, job }) as Request)
    if ('error' in answer) throw restoreError(answer.error, jobFailed)
    return answer.result
  }

  const reshareSome = async (turns: readonly ReshareTurn[]): Promise<ReshareOutcome[]> => {
    try {
      return (await run('reshare', turns)).map(restoreOutcome)
    } catch (error) {
      return turns.map(() => ({ error: error as Error }))
    }
  }

  return {
    size,
    split: (job) => run('split', job),
    verify: (job) => run('verify', job),
    recombine: (job) => run('recombine', job),
    reshare: async (turns) => {
      const together = Math.min(TURNS_TOGETHER, Math.ceil(turns.length / Math.max(1, 2 * size)))
      const pieces: (readonly ReshareTurn[])[] = []
      for (let i = 0; i < turns.length; i += together) pieces.push(turns.slice(i, i + together))
      return (await Promise.all(pieces.map(reshareSome))).flat()
    },
    close: () => (closed ??= threads.close()),
  }
}

function restoreOutcome(outcome: DescribedOutcome): ReshareOutcome {
  return 'error' in outcome ? { error: restoreError(outcome.error, jobFailed) } : outcome
}

/** Runs every job at once on the calling thread. Used in place of threads. */
const CALLING_THREAD: Threads = {
  run: async (request): Promise<Answer> => doJob(request),
  close: async () => undefined,
}

function jobFailed(): MpcError {
  return new MpcError('WORKER_FAILED', 'a job failed in an unexpected way', { retryable: false })
}
