import type { MpcError } from '../errors.ts'
import type { ProgressReporter } from './progress.ts'
import type { Client } from './types.ts'

/** The longest wait before the first repetition; doubles with each further one. */
const FIRST_DELAY_MS = 1000

/** The longest wait for an approval before any repetition. */
const MAX_DELAY_MS = 10_000

/** The longest wait for a time: it may be cancelled meanwhile. */
const MAX_TIME_MS = 60_000

/** The waits of one action for approvals. */
export interface ApprovalWait {
  /**
   * Reports what a request waits for, unless that was just done.
   *
   * @returns how long to wait before the request is repeated
   * @throws {APPROVAL_REQUIRED} the error itself, if the action has waited long enough, or would by then
   */
  delayOf(error: MpcError): number
  /** Reports that the request goes on. */
  goOn(): void
}

/** @param options how long the action waits in total, and what reports it */
export function createApprovalWait(
  { random }: Pick<Client, 'random'>,
  options: { readonly waitForApprovalMs: number; readonly progress: ProgressReporter | undefined },
): ApprovalWait {
  const { waitForApprovalMs, progress } = options
  let reported: string | undefined
  let waitedMs = 0
  let attempt = 0
  return {
    delayOf(error) {
      const { approval, retryAfterMs } = error
      if (approval === undefined) throw error
      if (reported !== approval.approvalId) progress?.waiting(approval)
      reported = approval.approvalId
      // Waits are added up, not measured: the clock of a device may be set, or stand still while it is asleep.
      const leftMs = waitForApprovalMs - waitedMs
      if (leftMs <= 0 || (retryAfterMs !== undefined && retryAfterMs > leftMs)) throw error
      const wantedMs = retryAfterMs === undefined ? backoff(random, attempt++) : Math.min(retryAfterMs, MAX_TIME_MS)
      const delayMs = Math.ceil(Math.min(wantedMs, leftMs))
      waitedMs += delayMs
      return delayMs
    },
    goOn() {
      reported = undefined
      progress?.goOn()
    },
  }
}

/** Between half and all of the growing delay, so that clients do not repeat in step. */
function backoff(random: Client['random'], attempt: number): number {
  const most = Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt, 10), MAX_DELAY_MS)
  return most * (0.5 + (random(1)[0] as number) / 512)
}
