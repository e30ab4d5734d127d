import { wipe } from '../util/bytes.ts'
import { describeError, type ErrorDescription } from '../util/error-description.ts'
import { type DescribedOutcome, runReshares } from './reshare-jobs.ts'
import { recombineSecret, splitSecret, verifyShares } from './sharing-jobs.ts'
import { bytesIn } from './transfer.ts'
import type { RecombineJob, ReshareTurn, SplitJob, SplitResult, VerifyJob } from './types.ts'

/** The jobs of a worker, and their results. */
export interface Jobs {
  readonly split: { readonly job: SplitJob; readonly result: SplitResult }
  readonly verify: { readonly job: VerifyJob; readonly result: number[] }
  readonly recombine: { readonly job: RecombineJob; readonly result: Uint8Array }
  readonly reshare: { readonly job: readonly ReshareTurn[]; readonly result: DescribedOutcome[] }
}

/** The name of a job. */
export type JobName = keyof Jobs

/** A job, as it is sent to a worker. */
export type Request = { readonly [Name in JobName]: { readonly name: Name; readonly job: Jobs[Name]['job'] } }[JobName]

/** The result of a job, or its error. */
export type Answer = { readonly result: Jobs[JobName]['result'] } | { readonly error: ErrorDescription }

/** What worker.js says once it takes jobs. */
export const READY = 'reshare worker'

/** Runs a job, and wipes all bytes of the request. */
export function doJob(request: Request): Answer {
  try {
    return { result: resultOf(request) }
  } catch (error) {
    return { error: describeError(error) }
  } finally {
    wipe(...bytesIn(request))
  }
}

function resultOf(request: Request): Jobs[JobName]['result'] {
  switch (request.name) {
    case 'split':
      return splitSecret(request.job)
    case 'verify':
      return verifyShares(request.job)
    case 'recombine':
      return recombineSecret(request.job)
    case 'reshare':
      return runReshares(request.job)
  }
}
