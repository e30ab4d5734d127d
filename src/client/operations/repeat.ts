import type { Failure } from '../../wire/error-body.ts'
import type { Deadline } from '../deadline.ts'
import type { Client } from '../types.ts'

/** The longest wait before the second attempt; doubles with each further one. */
const FIRST_DELAY_MS = 250

/** The longest wait before any attempt, but for one that an answer asks for. */
const MAX_DELAY_MS = 10_000

/** What one attempt at something came to. */
export type Attempt<T> = { readonly value: T } | Failure

/**
 * Repeats what fails of something that passes, within the deadline: so an action outlives a server that restarts, or a
 * process that has died in the middle of a round.
 *
 * Where the next attempt would come too late, what the last one failed with is what the caller hears.
 *
 * @throws {MpcError} what an attempt failed with that does not pass, or the last one that time was left for
 * @throws {ABORTED | TIMEOUT} once the time is over
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

/** Between half and all of the growing delay, so that clients do not return in step. */
function backoff({ random }: Client, retry: number): number {
  const most = Math.min(FIRST_DELAY_MS * 2 ** retry, MAX_DELAY_MS)
  return most * (0.5 + (random(1)[0] as number) / 512)
}
