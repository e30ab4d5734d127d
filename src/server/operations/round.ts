import type { SessionMessage } from '../../wire/round-body.ts'
import type {
  BackupRequest,
  GenerateRequest,
  OperationRequest,
  OperationResult,
  RecoverRequest,
  RefreshRequest,
} from '../../wire/operations.ts'
import type { ProtocolError } from '../../errors.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { Caller, OperationKey } from '../access/caller.ts'

/** The operations that make new share sets: one by key generation, all others by reshare. */
export type MakeRequest = GenerateRequest | BackupRequest | RecoverRequest | RefreshRequest

/** The operations that use a set. */
export type SetRequest = Extract<OperationRequest, { readonly setId: string }>

/** The input of one round of an operation. */
export interface RoundInput<Request extends OperationRequest = OperationRequest> extends OperationKey, Caller {
  readonly request: Request
  readonly round: number
  readonly messages: readonly SessionMessage[]
  /** The database's epoch when the operation started. */
  readonly epoch: number
  /** The state after the previous round, opened; undefined in the first. Secret, wiped by the caller. */
  readonly state: Uint8Array | undefined
}

/** The output of a round. It has no effect until it is committed. */
export interface RoundOutput {
  readonly messages: readonly SessionMessage[]
  /** The state for the next round; secret, wiped by the caller. */
  readonly state?: Uint8Array
  /** Further writes in the transaction that stores the response. May run several times. */
  readonly writes?: (tx: Queryable) => Promise<void>
  /** Present in the last round only. */
  readonly completion?: Completion
}

/** The client was caught cheating: all that follows from it is written in the transaction that says so. */
export interface Banned {
  readonly caught: ProtocolError
}

/**
 * Plays a round in the transaction that stores its answer. It may run several times, until the transaction commits, and
 * asks the database through `tx` alone: an embedded one has a single connection.
 */
export type RoundInTransaction = (tx: Queryable) => Promise<RoundOutput | Banned>

/** The end of an operation, within the transaction that stores its last response. */
export interface Completion {
  readonly decision: 'COMMIT' | 'ABORT'
  /** The writes that go with the decision. It may run several times, until its transaction commits. */
  apply(tx: Queryable): Promise<OperationResult>
  /** Work after the decision is durable; a sweep does it if this does not. */
  afterCommit?(): Promise<void>
}
