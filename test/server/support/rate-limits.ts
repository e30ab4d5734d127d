import { expect } from 'vitest'
import type { ServerContext } from '../../../src/server/context.ts'
import type { Subject } from '../../../src/service/rate-counts.ts'
import { SET } from './requests.ts'
import { START, type Tables } from './tables.ts'

export const HOUR = 60 * 60_000
export const LOCK_OUT = { failures: 2, withinMs: HOUR, lockedMs: 3 * HOUR }
/** The columns of a set that can be used. */
export const ACTIVE = { state: 'ACTIVE', committed_at: new Date(START) }

/** The context of the tables with other limits, and what else a test changes. */
export function withLimits(
  { context }: Tables,
  limits: Partial<ServerContext['limits']>,
  changes: Partial<ServerContext> = {},
): ServerContext {
  return { ...context, limits: { ...context.limits, ...limits }, ...changes }
}

/** What an error has that says how long to wait. */
export const limitedFor = (retryAfterMs: number, message: string) => ({
  code: 'RATE_LIMITED',
  retryAfterMs,
  message: expect.stringContaining(message) as string,
})

export const ofSet = (clientId: string, setId = SET): Subject => ({ clientId, scope: `set ${setId}` })

/** How many failures of a client are counted, by their subject. */
export async function failureCounts({ database }: Tables, clientId: string): Promise<Record<string, unknown>> {
  const rows = await database.query(
    `select subject, count from reshare_rates where client_id = $1 and kind = 'failure' order by subject`,
    [clientId],
  )
  return Object.fromEntries(rows.map((row) => [row['subject'], row['count']]))
}

/** How many failures of one subject are counted. */
export const failuresOf = async (tables: Tables, { clientId, scope }: Subject): Promise<unknown> =>
  (await failureCounts(tables, clientId))[scope]
