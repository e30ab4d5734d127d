import type * as v from 'valibot'
import type { OperationRequest } from '../../wire/operations.ts'
import type { CalledOperation, Caller } from '../access/caller.ts'
import { callerFields, type PolicyRequest } from '../access/policy.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext, ServerLimits } from '../context.ts'
import type { TakenPreprocessing } from '../sets/preprocessings.ts'
import type { RoundHandler, RoundInput } from './round.ts'

/** What the server has to know of one kind of operation, besides its entry in `WIRE_OPERATIONS`. */
export interface ServerOperation<Request extends OperationRequest> {
  /** The schema of its request, without the proof that some operations begin with. */
  readonly schema: (limits: ServerLimits) => v.GenericSchema<unknown, Request>
  /** What the policy gets of the request, besides the caller, the action, the wallet and the set. */
  readonly policyFields: (request: Request) => Partial<PolicyRequest>
  /** Conditions of its own, checked before the policy is asked. Throws if one is not met. */
  readonly checkStart?: (context: ServerContext, caller: Caller, request: Request) => Promise<void>
  /** Whether it begins only with the app's authorization, which is judged and counted on arrival and never stored. */
  readonly isAuthorized?: true
  /**
   * What a failed check counts against, and what a lockout keeps from beginning it: the named set, the device that asks,
   * the client. Empty if failures are not counted.
   */
  readonly failuresCountAgainst: readonly FailureSubject[]
  /** The events that the log gets when it begins. Default: none. */
  readonly startEvents?: (key: CalledOperation, request: Request) => readonly AuditEvent[]
  /** Whether its decision is kept for ever; otherwise it is deleted with the operation, `responseMs` after that expires. */
  readonly keepsDecision: boolean
  /** Whether its rounds run in the transaction that stores their responses, which may ban the client. Default: no. */
  readonly inTransaction?: true | ((request: Request) => boolean)
  /**
   * Takes out of the database what a round in a transaction uses up, by a statement of its own before that: it is gone
   * whatever becomes of the round.
   */
  readonly consume?: (context: ServerContext, input: RoundInput<Request>) => Promise<TakenPreprocessing | undefined>
  /** Runs one of its rounds. */
  readonly handle: RoundHandler<Request>
}

export type FailureSubject = 'set' | 'device' | 'client'

/** The policy's view of a request. @param fields `policyFields` of its kind */
export function requestForPolicy(
  caller: Caller,
  request: OperationRequest,
  fields: Partial<PolicyRequest>,
): PolicyRequest {
  const { kind: action, walletId } = request
  return { ...callerFields(caller), action, walletId, ...('setId' in request && { setId: request.setId }), ...fields }
}
