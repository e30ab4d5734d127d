import type { RandomSource } from '../../util/random.ts'
import type { Delivery } from './post.ts'
import type { AttemptResult } from './queue.ts'

const FIRST_DELAY_MS = 5_000

/** No attempt is put off by more. */
export const LONGEST_DELAY_MS = 12 * 60 * 60_000

/**
 * How long an event waits after a failed attempt: 5 seconds, then twice as long each time, up to 12 hours; of that a
 * random part between one half and all, so that attempts that failed together do not come together again.
 *
 * @param earlier how many attempts had failed before
 */
export function retryDelayMs(earlier: number, random: RandomSource): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** earlier, LONGEST_DELAY_MS)
  return Math.round(full * (0.5 + (random(1)[0] as number) / 510))
}

/** What is stored of an attempt. The last one that an event has makes it dead, so that later ones can be delivered. */
export function attemptResult(
  event: { readonly attempts: number },
  delivery: Delivery,
  { attempts, at }: { readonly attempts: number; readonly at: Date },
): AttemptResult {
  if (delivery.delivered) return { outcome: 'delivered', failure: null, at }
  const isLast = event.attempts + 1 >= attempts
  return { outcome: isLast && !delivery.gone ? 'dead' : null, failure: delivery.failure, at }
}
