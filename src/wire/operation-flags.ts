import type { OperationRequest } from './operations.ts'

/**
 * What an operation asks for beyond its sets, as the `flags` that both sides hash into the context of a reshare:
 * retire | rotate << 1 | dry run << 2. Whoever changes the header on its way makes the sessions drop each other's
 * messages, so that the server does what the client asked for or nothing.
 */
export function operationFlags(request: OperationRequest): number {
  if (request.kind !== 'recover') return 0
  const retire = request.existingSets === 'retire'
  const rotate = request.rotateBackup !== null
  return Number(retire) | (Number(rotate) << 1) | (Number(request.dryRun) << 2)
}
