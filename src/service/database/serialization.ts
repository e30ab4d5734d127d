import { Unavailable } from '../http.ts'
import { systemRandom } from '../../util/random.ts'

/** serialization_failure and deadlock_detected: the transaction changed nothing and may run again. */
const RETRY_STATES: ReadonlySet<unknown> = new Set(['40001', '40P01'])

const ATTEMPTS = 12

/**
 * Runs a transaction, and repeats it while the database rolls it back for conflicts with others, at most 12 times in
 * all.
 *
 * @throws {Unavailable} if it is rolled back every time
 */
export async function retryConflicts<T>(runTransaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runTransaction()
    } catch (error) {
      if (!RETRY_STATES.has(sqlState(error))) throw error
      if (attempt === ATTEMPTS) throw new Unavailable('too many conflicts in the database', { cause: error })
      await new Promise((resolve) => setTimeout(resolve, pauseMs(attempt)))
    }
  }
}

/** Grows, with jitter: transactions that conflicted once would otherwise conflict again. */
function pauseMs(attempt: number): number {
  return Math.min(2 ** attempt, 200) * (0.5 + (systemRandom(1)[0] as number) / 256)
}

/**
 * The five-character SQLSTATE of an error of either database, if it has one; system errors have codes of other forms.
 */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}
