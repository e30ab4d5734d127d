import type { Decision } from '../../wire/operations.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { OperationKey } from '../access/caller.ts'

/** @returns undefined while the operation is not decided */
export async function findDecision(db: Queryable, key: OperationKey): Promise<Decision['decision'] | undefined> {
  const [row] = await db.query(`select decision from reshare_decisions where client_id = $1 and operation_id = $2`, [
    key.clientId,
    key.operationId,
  ])
  return row?.['decision'] as Decision['decision'] | undefined
}
