import type { Decision } from '../../wire/operations.ts'
import type { Statement } from '../../service/database/combined.ts'
import { readColumn } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import type { OperationKey } from '../access/caller.ts'

/** The decision of an operation; no row while it is not decided. */
export function decisionQuery({ clientId, operationId }: OperationKey): Statement {
  return {
    sql: 'select decision from reshare_decisions where client_id = $1 and operation_id = $2',
    parameters: [clientId, operationId],
  }
}

/** @returns undefined while the operation is not decided */
export async function findDecision(db: Queryable, key: OperationKey): Promise<Decision['decision'] | undefined> {
  const { sql, parameters } = decisionQuery(key)
  const [row] = await db.query(sql, parameters)
  return row && readColumn(row, 'decision', tables.reshare_decisions.decision)
}
