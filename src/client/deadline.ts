import { MpcError, isMpcError } from '../errors.ts'
import { errorName } from '../util/brand.ts'
import { createApprovalWait } from './approval-wait.ts'
import { approvalWaitArgument, timeout } from './arguments.ts'
import { clientArgument } from './client-argument.ts'
import type { ProgressReporter } from './progress.ts'
import { storeUntil } from './store-until.ts'
import type { ActionOptions, Client, Deadline } from './types.ts'

export type { Deadline } from './types.ts'

/** A timer may be late by so much, as on a device that was asleep, before a wait counts as failed. */
const WAIT_MARGIN_MS = 60_000

/**
 * Runs an action under its deadline.
 *
 * @param work gets the client that the action is to use, whose store calls end at the deadline too
 * @throws {TypeError | RangeError} if `signal` or `timeoutMs` is wrong
 * @throws {ABORTED} if the caller's signal is aborted
 * @throws {TIMEOUT} if `timeoutMs` pass
 */
export async function withDeadline<T, C extends Client>(
  client: C,
  options: DeadlineOptions,
  work: (deadline: Deadline, client: C) => Promise<T>,
): Promise<T> {
  clientArgument(client)
  const { signal, timeoutMs = client.timeoutMs, waitForApprovalMs = client.waitForApprovalMs, progress } = options
  if (signal !== undefined && !isSignal(signal)) throw new TypeError('signal must be an AbortSignal')
  timeout(timeoutMs)
  approvalWaitArgument(waitForApprovalMs)
  const end = createEnd(client, { timeoutMs, waitForApprovalMs, progress })
  const abort = () => end.end(new MpcError('ABORTED', 'the caller aborted', { cause: signal?.reason }))
  signal?.addEventListener('abort', abort)
  try {
    if (signal?.aborted) abort()
    end.check()
    return await work(end, { ...client, storage: storeUntil(client.store, end) })
  } catch (error) {
    // A transport or backup method that saw the signal may throw its own error.
    throw end.reason !== undefined && isCancellation(error) ? end.reason : error
  } finally {
    end.stop()
    signal?.removeEventListener('abort', abort)
  }
}

/** The options of an action, and what reports how far it is. */
export interface DeadlineOptions extends ActionOptions {
  /** Default: nothing is reported while the action waits for an approval. */
  readonly progress?: ProgressReporter
}

interface Ends {
  readonly timeoutMs: number
  readonly waitForApprovalMs: number
  readonly progress: ProgressReporter | undefined
}

/** A deadline with the means to end it. */
interface End extends Deadline {
  /** Why it ended, once it has: not every engine's signal carries a reason. */
  readonly reason: MpcError | undefined
  end(reason: MpcError): void
  /** Clears its timer. */
  stop(): void
}

function createEnd(client: Client, { timeoutMs, waitForApprovalMs, progress }: Ends): End {
  const { now } = client
  const controller = new AbortController()
  const { signal } = controller
  /** What waits: an action may wait for hundreds of calls, and Node warns of as many listeners of one signal. */
  const waiting = new Set<(reason: MpcError) => void>()
  let reason: MpcError | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let endsAt = 0
  let runsUntil = 0
  const end = (why: MpcError) => {
    reason ??= why
    controller.abort(reason)
    for (const stop of waiting) stop(reason)
  }
  const run = (leftMs: number, limitMs: number) => {
    clearTimeout(timer)
    endsAt = now() + leftMs
    runsUntil = monotonic() + leftMs
    timer = setTimeout(() => end(new MpcError('TIMEOUT', `not finished after ${limitMs} ms`)), leftMs)
  }
  const race = <T>(work: T | PromiseLike<T>) =>
    new Promise<T>((resolve, reject) => {
      waiting.add(reject)
      if (reason !== undefined) reject(reason)
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => waiting.delete(reject))
    })
  run(timeoutMs, timeoutMs)
  const apart: Deadline['apart'] = async (limitMs, work) => {
    const leftMs = Math.max(0, Math.ceil(runsUntil - monotonic()))
    run(limitMs, limitMs)
    try {
      return await race(work())
    } finally {
      run(leftMs, timeoutMs)
    }
  }
  const approvals = createApprovalWait(client, { waitForApprovalMs, progress })
  return {
    signal,
    apart,
    goOn: () => approvals.goOn(),
    end,
    race,
    stop: () => clearTimeout(timer),
    get reason() {
      return reason
    },
    get endsAt() {
      return endsAt
    },
    check() {
      if (reason !== undefined) throw reason
    },
    async awaitApproval(error) {
      const delayMs = approvals.delayOf(error)
      await apart(delayMs + WAIT_MARGIN_MS, () => client.wait(delayMs, signal))
      if (reason !== undefined) throw reason
    },
  }
}

/** Milliseconds of a clock that setting the device's time does not change. */
function monotonic(): number {
  return globalThis.performance.now()
}

/** Also true for a signal of another realm, or of a polyfill. */
function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  )
}

function isCancellation(error: unknown): boolean {
  if (isMpcError(error, 'ABORTED', 'TIMEOUT')) return true
  const name = errorName(error)
  return name === 'AbortError' || name === 'TimeoutError'
}
