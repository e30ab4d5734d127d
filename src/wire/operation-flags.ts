import type { OperationRequest } from './operations.ts'
import { limitsBinding } from './limits-binding.ts'

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

/** The limits that a request asks for, as an option of a reshare: `limitsBinding`. */
export function bindsLimits(request: OperationRequest): { readonly binding?: Uint8Array } {
  const binding = request.kind === 'recover' || request.kind === 'join' ? limitsBinding(request) : undefined
  return binding === undefined ? {} : { binding }
}
