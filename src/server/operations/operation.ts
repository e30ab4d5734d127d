import type * as v from 'valibot'
import type { OperationRequest } from '../../wire/operations.ts'
import type { SetLimits } from '../../wire/set-limits.ts'
import type { CalledOperation, Caller } from '../access/caller.ts'
import { callerFields, type PolicyRequest } from '../access/policy.ts'
import type { RatedKind } from '../access/rate-limits.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext, ServerLimits } from '../context.ts'
import type { TakenPreprocessing } from '../sets/preprocessings.ts'
import type { RoundHandler, RoundInput } from './round.ts'

/** The server's definition of one kind of operation, besides its entry in `WIRE_OPERATIONS`. */
export interface ServerOperation<Request extends OperationRequest> {
  /** The schema of its request, without the opening proof. */
  readonly schema: (limits: ServerLimits) => v.GenericSchema<unknown, Request>
  /** The fields of the request that the policy gets, besides the caller, the action, the wallet and the set. */
  readonly policyFields: (request: Request) => Partial<PolicyRequest>
  /** Checks further conditions before the policy is asked. Throws if one is not met. */
  readonly checkStart?: (context: ServerContext, caller: Caller, request: Request) => Promise<void>
  /** Whether it needs the app's authorization, which is judged and counted when it arrives, and never stored. */
  readonly isAuthorized?: true
  /**
   * The subjects that a failed check is counted against and whose lockout refuses the operation: the named set, the
   * device that sends it, the client. Empty if failures are not counted.
   */
  readonly failuresCountAgainst: readonly FailureSubject[]
  /** What its start counts as, by the rates. Default: one of its kind. */
  readonly countsAs?: (request: Request) => { readonly kind: RatedKind; readonly count: number }
  /** The events that are logged when it begins. Default: none. */
  readonly startEvents?: (key: CalledOperation, request: Request) => readonly AuditEvent[]
  /** Whether its decision is kept for ever. Otherwise it is deleted with the operation, `responseMs` after its expiry. */
  readonly keepsDecision: boolean
  /** Whether its rounds run in the transaction that stores their responses, which may ban the client. Default: no. */
  readonly inTransaction?: true | ((request: Request) => boolean)
  /**
   * Takes what a round uses up out of the database, in a statement of its own before the round's transaction: it is gone
   * whether or not the round succeeds.
   */
  readonly consume?: (
    context: ServerContext,
    input: RoundInput<Request>,
  ) => Promise<readonly TakenPreprocessing[] | undefined>
  /** Runs one of its rounds. */
  readonly handle: RoundHandler<Request>
}

export type FailureSubject = 'set' | 'device' | 'client'

/**
 * The policy's view of a request.
 *
 * @param fields `policyFields` of its kind, and of the set that it names
 */
export function requestForPolicy(
  caller: Caller,
  request: OperationRequest,
  fields: Partial<PolicyRequest>,
): PolicyRequest {
  const { kind: action, walletId } = request
  return { ...callerFields(caller), action, walletId, ...('setId' in request && { setId: request.setId }), ...fields }
}

/** The policy's fields of the limits that a request asks for. */
export function newLimits({ scope, expiresAt }: SetLimits): Partial<PolicyRequest> {
  return {
    ...(scope !== undefined && { newScope: scope }),
    ...(expiresAt !== undefined && { newExpiresAt: expiresAt }),
  }
}
