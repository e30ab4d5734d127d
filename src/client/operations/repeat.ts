import type { Failure } from '../../wire/error-body.ts'
import type { Deadline } from '../deadline.ts'
import type { Client } from '../types.ts'

/** The longest wait before the second attempt; doubles with each further one. */
const FIRST_DELAY_MS = 250

/** The longest wait before any attempt, apart from one that a response asks for. */
const MAX_DELAY_MS = 10_000

/** The outcome of one attempt. */
export type Attempt<T> = { readonly value: T } | Failure

/**
 * Repeats an attempt while it fails transiently, within the deadline. So an action survives a server restart, or a
 * process that dies in the middle of a round.
 *
 * If the next attempt would come after the deadline, the error of the last one is thrown.
 *
 * @throws {MpcError} the first error that is not transient, or the error of the last attempt
 * @throws {ABORTED | TIMEOUT} once the deadline has passed
 */
export async function repeatWhileTransient<T>(
  client: Client,
  deadline: Deadline,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  for (let retry = 0; ; retry++) {
    const outcome = await attempt()
    if ('value' in outcome) return outcome.value
    const { error, transient } = outcome
    const delayMs = backoff(client, retry) + (error.retryAfterMs ?? 0)
    if (!transient || !client.repeats || client.now() + delayMs >= deadline.endsAt) throw error
    await deadline.race(client.wait(delayMs, deadline.signal))
    deadline.check()
  }
}

/** Between half and all of the growing delay, so that clients do not retry in step. */
function backoff({ random }: Client, retry: number): number {
  const most = Math.min(FIRST_DELAY_MS * 2 ** retry, MAX_DELAY_MS)
  return most * (0.5 + (random(1)[0] as number) / 512)
}
