import { MpcError } from '../errors.ts'
import { restoreError } from './errors.ts'
import { type Answer, doJob, type JobName, type Jobs, type Request } from './jobs.ts'
import type { DescribedOutcome } from './reshare-jobs.ts'
import { startThreads, type Threads } from './threads.ts'
import { copyOf } from './transfer.ts'
import type { RecombineJob, ReshareOutcome, ReshareTurn, SplitJob, SplitResult, VerifyJob } from './types.ts'

/** So many turns of a reshare travel together at most: a thread that fails takes no more with it. */
const TURNS_TOGETHER = 16

/**
 * Does jobs on threads. All bytes given to it are copied at once and stay the caller's; the copies are wiped when the
 * job is over.
 */
export interface Pool {
  /** The number of threads. */
  readonly size: number
  /**
   * Splits a secret, with a Feldman commitment.
   *
   * @throws {SHARE_PARSING_FAILED} unless `secret` is a canonical scalar
   */
  split(job: SplitJob): Promise<SplitResult>
  /**
   * The ids of the shares that are not those committed to.
   *
   * @throws {SHARE_PARSING_FAILED} unless shares and commitment are canonical
   */
  verify(job: VerifyJob): Promise<number[]>
  /**
   * The secret behind the shares, 32 bytes; like `recombine`, it does not notice a wrong share.
   *
   * @throws {SHARE_PARSING_FAILED} unless the shares are canonical
   */
  recombine(job: RecombineJob): Promise<Uint8Array>
  /**
   * Plays one step of each of many reshares, spread over the threads. A turn that fails leaves the others alone; one
   * that fails with WORKER_FAILED has sent nothing and may be repeated.
   */
  reshare(turns: readonly ReshareTurn[]): Promise<ReshareOutcome[]>
  /** Refuses the jobs that wait, lets those that run come to their end, and ends the threads. */
  close(): Promise<void>
}

/** A pool whose threads run `program`. */
export function openPool(size: number, program: URL): Pool {
  if (!Number.isInteger(size) || size < 0 || size > 64) throw new RangeError(`size must be 0..64, got ${size}`)
  const threads = size === 0 ? CALLING_THREAD : startThreads(size, program)
  let closed: Promise<void> | undefined

  const run = async <Name extends JobName>(name: Name, job: Jobs[Name]['job']): Promise<Jobs[Name]['result']> => {
    if (closed !== undefined) throw new MpcError('ABORTED', 'the pool is closed')
    const answer = await threads.run(copyOf({ name, job }) as Request)
    if ('error' in answer) throw restoreError(answer.error)
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
  return 'error' in outcome ? { error: restoreError(outcome.error) } : outcome
}

/** In place of threads: every job is done at once, on the thread that asks. */
const CALLING_THREAD: Threads = {
  run: async (request): Promise<Answer> => doJob(request),
  close: async () => undefined,
}
