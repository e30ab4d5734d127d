import type { OperationRequest } from './operations.ts'

/**
 * The options of an operation as the `flags` that both sides hash into the context of a reshare: retire | rotate << 1 |
 * dry run << 2. If the header is changed in transit, the sessions reject each other's messages, so the server does what
 * the client requested or nothing.
 */
export function operationFlags(request: OperationRequest): number {
  if (request.kind !== 'recover') return 0
  const retire = request.existingSets === 'retire'
  const rotate = request.rotateBackup !== null
  return Number(retire) | (Number(rotate) << 1) | (Number(request.dryRun) << 2)
}
