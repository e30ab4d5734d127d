/** serialization_failure and deadlock_detected: the transaction changed nothing and may run again. */
const RETRY_STATES: ReadonlySet<unknown> = new Set(['40001', '40P01'])

const ATTEMPTS = 12

/** Runs a transaction again, at most 12 times in all, while the database rolls it back for its conflicts with others. */
export async function retryConflicts<T>(runTransaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runTransaction()
    } catch (error) {
      if (attempt === ATTEMPTS || !RETRY_STATES.has(sqlState(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.min(2 ** attempt, 200)))
    }
  }
}

/** The five-character SQLSTATE of an error of either database, if it has one. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
