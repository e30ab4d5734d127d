import type { ServerClient } from '../../support/server-client.ts'
import type { World } from './world.ts'

/** How many answers, sets and decisions an operation has left. */
export async function operationTraces(
  { database }: World,
  { clientId }: ServerClient,
  operationId: string,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const table of ['operations', 'responses', 'decisions', 'sets']) {
    const [row] = await database.query(
      `select count(*)::int as n from reshare_${table} where client_id = $1 and operation_id = $2`,
      [clientId, operationId],
    )
    found[table] = row?.['n'] as number
  }
  return found
}
