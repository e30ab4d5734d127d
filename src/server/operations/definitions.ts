import type { OperationKind, OperationRequest, RequestOf } from '../../wire/operations.ts'
import type { RatedKind } from '../access/rate-limits.ts'
import { preprocessOperation } from './ecdsa/preprocess.ts'
import { setupOperation } from './ecdsa/setup.ts'
import { exportOperation } from './export.ts'
import {
  backupOperation,
  generateOperation,
  importOperation,
  recoverOperation,
  refreshOperation,
} from './make-sets/definitions.ts'
import { joinOperation } from './make-sets/join.ts'
import type { ServerOperation } from './operation.ts'
import type { SetRequest } from './round.ts'
import { proveOperation } from './prove.ts'
import { signAllOperation } from './sign-all.ts'
import { signOperation } from './sign.ts'

/** The server's definitions of all kinds of operations. `WIRE_OPERATIONS` has the part that clients know, too. */
export const SERVER_OPERATIONS = {
  generate: generateOperation,
  import: importOperation,
  backup: backupOperation,
  recover: recoverOperation,
  refresh: refreshOperation,
  join: joinOperation,
  sign: signOperation,
  signAll: signAllOperation,
  prove: proveOperation,
  export: exportOperation,
  setup: setupOperation,
  preprocess: preprocessOperation,
} satisfies { readonly [Kind in OperationKind]: ServerOperation<RequestOf<Kind>> }

/** The kinds of operations. */
export const OPERATION_KINDS = Object.keys(SERVER_OPERATIONS) as readonly OperationKind[]

/** The definition of a kind. */
export function definitionOf<Request extends OperationRequest>({
  kind,
}: Pick<Request, 'kind'>): ServerOperation<Request> {
  return SERVER_OPERATIONS[kind] as unknown as ServerOperation<Request>
}

/** Whether the rounds of an operation run in the transaction that stores their responses. */
export function runsInTransaction(request: OperationRequest): request is SetRequest {
  const { inTransaction = false } = definitionOf(request)
  return inTransaction === true || (inTransaction !== false && inTransaction(request))
}

/** The requests of operations that need an authorization. */
export type AuthorizedRequest = Extract<OperationRequest, { readonly authorization: string }>

export function isAuthorized(request: OperationRequest): request is AuthorizedRequest {
  return definitionOf(request).isAuthorized === true
}

/** What an operation counts as, by the rate of which kind. */
export function countsAs(request: OperationRequest): { readonly kind: RatedKind; readonly count: number } {
  const counted = definitionOf<OperationRequest>(request).countsAs?.(request)
  return counted ?? { kind: request.kind as RatedKind, count: 1 }
}
